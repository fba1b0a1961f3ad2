import * as library from "@alcalzone/ansi-tokenize";
import fc from "fast-check";
import stringWidth from "string-width";
import { expect, test } from "vitest";
import * as standIn from "../../src/build/stand-ins/ansi-tokenize.ts";
import { standInFor } from "../../src/build/stand-ins/index.ts";
import width from "../../src/build/stand-ins/string-width.ts";
import { isNarrow } from "../../src/kit/text/width.ts";

const ESC = "\u001b";
/** What screens consist of, and what attackers put into names: of both in any order. */
const drawn = ["DB_PASSWORD", " ", "─", "┼", "▸", "✓", "…", "•", "é", "\n", "shop-1/api:latest", "©", "▰▱"];
const styles = ["0", "1", "2", "22", "7", "31", "1;36", "38;5;1", "48;2;1;2;3", "", ";", "12345", "1;", "99999;1"];
const hostile = [
  "日本",
  "👩‍👩‍👧",
  "🇩🇪",
  "1\u20e3",
  "✌\ufe0f",
  "e\u0301",
  "\u0301",
  "\u200d",
  "\u200b",
  "\ufe0f",
  "한",
  "ｱﾞ",
  "\r\n",
  "\t",
  "\u0000",
  "\u009b31m",
  ESC,
  `${ESC}]8;;https://example.com\u0007`,
  `${ESC}[2K`,
  `${ESC}${ESC}[1m[31m`,
  "\ud83d",
];
const sgr = fc.constantFrom(...styles).map((codes) => `${ESC}[${codes}m`);
const ours = fc.array(fc.oneof(fc.constantFrom(...drawn), sgr), { maxLength: 30 });
const any = fc.array(
  fc.oneof(fc.constantFrom(...drawn), sgr, fc.constantFrom(...hostile), fc.string({ unit: "binary", maxLength: 4 })),
  { maxLength: 20 },
);
const texts = fc.oneof(ours, any).map((pieces) => pieces.join(""));

test("what Ink is given instead of two libraries returns what they return, for any text", () => {
  fc.assert(
    fc.property(texts, fc.option(fc.nat(10), { nil: undefined }), (text, end) => {
      expect(width(text)).toBe(stringWidth(text));
      expect(width(text, { countAnsiEscapeCodes: true })).toBe(stringWidth(text, { countAnsiEscapeCodes: true }));
      const tokens = library.tokenize(text, end);
      expect(standIn.tokenize(text, end)).toEqual(tokens);
      const chars = library.styledCharsFromTokens(tokens);
      expect(standIn.styledCharsFromTokens(tokens)).toEqual(chars);
      expect(standIn.styledCharsToString(standIn.styledCharsFromTokens(tokens))).toBe(
        library.styledCharsToString(chars),
      );
    }),
    { numRuns: 1000 },
  );
});

test("each narrow character takes one column, and is one", () => {
  const narrow = Array.from({ length: 0x10000 }, (_, code) => String.fromCharCode(code)).filter(isNarrow);
  expect(narrow.length).toBeGreaterThan(500);
  for (const one of narrow) {
    expect(stringWidth(one)).toBe(1);
    expect(library.tokenize(one)).toEqual([{ type: "char", value: one, fullWidth: false }]);
  }
  const all = narrow.join("");
  expect(stringWidth(all)).toBe(all.length);
  expect(library.tokenize(all)).toHaveLength(all.length);
});

test("libraries get the stand-ins, and these the libraries", () => {
  const ink = "/x/node_modules/ink/build/output.js";
  expect(standInFor("string-width", ink)).toMatch(/stand-ins\/string-width\.ts$/);
  expect(standInFor("@alcalzone/ansi-tokenize", ink)).toMatch(/stand-ins\/ansi-tokenize\.ts$/);
  expect(standInFor("react", ink)).toBeNull();
  expect(standInFor("string-width", standInFor("string-width", ink) ?? "")).toBeNull();
});
