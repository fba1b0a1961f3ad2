import fc from "fast-check";
import stringWidth from "string-width";
import { expect, it } from "vitest";
import { columns } from "../../src/kit/text/width.ts";
import type { TuiState } from "../../src/tui/state.ts";
import { DEEP } from "../support/deep.ts";
import { layout, line, type ScreenRow } from "../../src/tui/widgets/text.ts";
import { drawn } from "./drawn.tsx";
import { everyScreen, finding, scanned } from "./sample.ts";

const plain = (row: ScreenRow): string => row.spans.map(({ text }) => text).join("");
const same = (text: string): string => text;

const CONTROL = /[\u0000-\u001f\u007f-\u009f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069]/;

const outside = fc.oneof(
  fc.string({ unit: "binary", maxLength: 60 }),
  fc.string({ unit: "grapheme", maxLength: 60 }),
  fc.constantFrom(
    "\u001b[31mred\u001b]8;;http://x\u0007",
    "a\r\nb\tc",
    "漢字かな交じり文".repeat(6),
    "👩‍👩‍👧‍👦🇩🇪é",
    "\u202eevil\u2066",
    "x".repeat(300),
  ),
);

const SCREENS = everyScreen("", 1).length;

it("fills the terminal exactly, whatever its size and whatever the names", () => {
  fc.assert(
    fc.property(
      outside,
      fc.integer({ min: 40, max: 220 }),
      fc.integer({ min: 10, max: 70 }),
      fc.integer({ min: 0, max: 90 }),
      fc.nat(SCREENS - 1),
      (text, columns, rows, many, at) => {
        const texts = drawn(everyScreen(text, many)[at] as TuiState, { columns, rows });
        expect(texts).toHaveLength(rows);
        // One assertion a frame: one a row takes longer than drawing does.
        expect(texts.filter((row) => stringWidth(row) > columns)).toEqual([]);
        expect(texts.filter((row) => CONTROL.test(row))).toEqual([]);
      },
    ),
    { numRuns: (DEEP ? 20 : 5) * SCREENS },
  );
});

it("says so, within the rows, when the terminal is too small", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 39 }),
      fc.integer({ min: 1, max: 9 }),
      fc.nat(SCREENS - 1),
      (columns, rows, at) => {
        const texts = drawn(everyScreen("name", 20)[at] as TuiState, { columns, rows });
        expect(texts.length).toBeLessThanOrEqual(rows);
        for (const row of texts) expect(stringWidth(row)).toBeLessThanOrEqual(columns);
      },
    ),
  );
});

it("takes known values out of everything that is drawn", () => {
  // Longer than any column: a part of it must not be left over where text is cut.
  const value = "hunter2".repeat(30);
  const guard = (text: string): string => text.replaceAll(value, "[secret]");
  for (const state of everyScreen(value, 5)) {
    for (const columns of [40, 60, 120]) {
      const text = drawn(state, { columns, rows: 40 }, { guard }).join("\n");
      expect(text).not.toContain("hunter2");
    }
  }
});

it("keeps the chosen secret in sight in a long list, and draws no more than fits", () => {
  const findings = Array.from({ length: 5000 }, (_, at) => finding(`NAME_${String(at).padStart(4, "0")}`));
  const state = { ...scanned(findings), selected: "NAME_3210" };
  let texts = 0;
  const guard = (text: string): string => {
    texts++;
    return text;
  };
  const text = drawn(state, { columns: 120, rows: 40 }, { guard });
  expect(text.some((row) => row.startsWith("▸") && row.includes("NAME_3210"))).toBe(true);
  // Every text that is drawn passes the guard: some ten a row, and none of the rows out of sight.
  expect(texts).toBeLessThan(40 * 20);
});

it("groups by secret, the worst first, and filters by what a person knows", () => {
  const state = scanned([
    finding("A", { fingerprint: "1", severity: "low" }, "web"),
    finding("B", { fingerprint: "2", severity: "critical" }, "db"),
    finding("B2", { fingerprint: "2", severity: "critical" }, "worker"),
  ]);
  const shown = (filter: string): string[] =>
    drawn({ ...state, filter }, { columns: 80, rows: 12 })
      .filter((row) => row.includes("+ new"))
      .map((row) => row.slice(3).replace(/\s+/g, " "));
  expect(shown("")).toEqual(["■ B db +1 •••••••• + new", "· A web •••••••• + new"]);
  expect(shown("worker")).toEqual([expect.stringMatching(/^■ B/)]);
  expect(shown("!worker")).toEqual([expect.stringMatching(/^· A/)]);
  expect(shown("CRIT")).toHaveLength(1);
});

it("counts columns as string-width does", () => {
  const wrong: string[] = [];
  for (let code = 0x20; code < 0x3000; code++) {
    const char = String.fromCodePoint(code);
    if (columns(char) !== stringWidth(char)) wrong.push(char);
  }
  expect(wrong).toEqual([]);
  fc.assert(
    fc.property(outside, (text) => {
      expect(columns(text)).toBe(stringWidth(text));
    }),
  );
});

it("shows what shows nothing: whether that takes a column is told differently by terminals", () => {
  const [row] = layout([line("a\u00adb\u3164c")], 40, same);
  expect(plain(row as ScreenRow)).toBe("a\\u{ad}b\\u{3164}c");
});
