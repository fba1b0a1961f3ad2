import xterm from "@xterm/headless";
import fc from "fast-check";
import { expect, it } from "vitest";
import { layout, line, type ScreenRow, type StyledSpan } from "../../src/tui/widgets/text.ts";
import { paint } from "../../src/tui/widgets/paint.ts";

const COLUMNS = 24;
const ROWS = 6;

const span: fc.Arbitrary<StyledSpan> = fc.record(
  {
    // Few texts, so that rows are alike in part; wide ones, one that joins what is before it, and what styles would do.
    text: fc.constantFrom(
      "",
      "a",
      "ab",
      "abcdefgh",
      " ",
      "漢字",
      "👩",
      "é",
      "\u0301",
      "│",
      "\u001b[31mred",
      "a\u00adb",
      "\u3164",
      "12345678901",
    ),
    color: fc.constantFrom("red", "cyan"),
    bold: fc.boolean(),
    dimColor: fc.boolean(),
    inverse: fc.boolean(),
  },
  { requiredKeys: ["text"] },
);
const frames = fc.array(
  fc.array(
    fc.array(span, { maxLength: 5 }).map((spans) => layout([line(...spans)], COLUMNS, (text) => text)[0] as ScreenRow),
    { minLength: ROWS, maxLength: ROWS },
  ),
  { minLength: 1, maxLength: 6 },
);

/** What stands in each cell, and how. */
async function shown(bytes: string): Promise<string[]> {
  const screen = new xterm.Terminal({ cols: COLUMNS, rows: ROWS, allowProposedApi: true });
  try {
    await new Promise<void>((done) => screen.write(`\u001b[?7l${bytes}`, done));
    const { active } = screen.buffer;
    return Array.from({ length: ROWS }, (_, y) =>
      Array.from({ length: COLUMNS }, (_cell, x) => {
        const cell = active.getLine(active.viewportY + y)?.getCell(x);
        const flags = [cell?.isBold(), cell?.isDim(), cell?.isInverse()].map(Boolean).map(Number).join("");
        return `${cell?.getChars() || (cell?.getWidth() === 0 ? "" : " ")}:${cell?.getFgColor()}:${flags}`;
      }).join(" "),
    );
  } finally {
    screen.dispose();
  }
}

it("shows the same after any frames before as on an empty screen", async () => {
  await fc.assert(
    fc.asyncProperty(frames, async (all) => {
      const steps = all.map((frame, at) => paint(all[at - 1] ?? [], frame, true));
      expect(await shown(steps.join(""))).toEqual(await shown(paint([], all.at(-1) ?? [], true)));
    }),
    { numRuns: 100 },
  );
});

it("writes nothing for a frame that looks the same, and only the part of a row that does not", () => {
  const made = (...spans: readonly (StyledSpan | string)[]): ScreenRow =>
    layout([line(...spans)], COLUMNS, (text) => text)[0] as ScreenRow;
  const before = [made("one ", { text: "two", color: "red" }), made("three")];
  expect(paint(before, [made("one ", { text: "two", color: "red" }), made("three")], true)).toBe("");
  expect(paint(before, [made("one ", { text: "four", color: "blue", bold: true }), made("three")], true)).toBe(
    "\u001b[1;5H\u001b[K\u001b[0;1;34mfour\u001b[0m",
  );
  expect(paint(before, [made("one "), made("three")], true)).toBe("\u001b[1;5H\u001b[K");
});

it("sets no style at all where colours are not wanted", () => {
  const [row] = layout([line({ text: "a", color: "red", bold: true, inverse: true })], COLUMNS, (text) => text);
  expect(paint([], [row as ScreenRow], false)).toBe("\u001b[1;1H\u001b[Ka");
});
