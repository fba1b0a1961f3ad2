import fc from "fast-check";
import { expect, test } from "vitest";
import { jsonText, printable } from "../../../src/kit/text/escape.ts";

/** What could move a cursor, colour, ring, reorder or hide: by Unicode's own properties, not by a list of ours. */
const DANGEROUS = /\p{Cc}|\p{Bidi_Control}|\p{Cs}|\p{Zl}|\p{Zp}|[\u200b-\u200d\u2060\ufeff]/u;

const SEEDS = [
  "\u001b[2J",
  "\u001b]8;;http://x\u0007",
  "\u009b31m",
  "\u202e",
  "\u2066",
  "\u061c",
  "\u200b",
  "\ufeff",
  "\ud800",
  "\r\n",
  "\u0000",
  "\u007f",
  "\u2028",
];
const untrusted = fc
  .array(fc.oneof(fc.constantFrom(...SEEDS), fc.string({ unit: "binary" }), fc.string({ unit: "grapheme" })), {
    maxLength: 12,
  })
  .map((parts) => parts.join(""));

test("nothing dangerous survives", () => {
  fc.assert(fc.property(untrusted, (text) => !DANGEROUS.test(printable(text))));
});

test("escaping twice changes nothing more", () => {
  fc.assert(fc.property(untrusted, (text) => printable(printable(text)) === printable(text)));
});

test("what is not dangerous stays as it is, each character", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(...Array.from("aZ0 ~\\äß密🔑é中")) }),
      (text) => printable(text) === text,
    ),
  );
});

test.each([
  ["\u001b[31mred", "\\e[31mred"],
  ["a\nb\tc\rd", "a\\nb\\tc\\rd"],
  ["a\u202eb", "a\\u{202e}b"],
  ["\u0007", "\\u{7}"],
  ["x\ud83dy", "x\\u{d83d}y"],
  ["👩‍👩‍👧", "👩\\u{200d}👩\\u{200d}👧"],
  ["a ##vso[task.prependpath]x", "a \\u{23}#vso[task.prependpath]x"],
  ["###[stop-commands]x", "#\\u{23}#[stop-commands]x"],
  ["##teamcity[x", "\\u{23}#teamcity[x"],
  ["  ::add-mask::x", "  \\u{3a}:add-mask::x"],
  ["::save-state name=a::b", "\\u{3a}:save-state name=a::b"],
  ["## head, # and [a] or ::1 at fe80::ffff, std::x::y", "## head, # and [a] or ::1 at fe80::ffff, std::x::y"],
])("%j is shown as %s", (text, shown) => {
  expect(printable(text)).toBe(shown);
});

test("JSON holds no command to a pipeline either, and parses to the same", () => {
  const value = { name: "##vso[task.prependpath]x", "##[a]": ["::add-mask::x"] };
  expect(jsonText(value)).not.toMatch(/##\w*\[/);
  expect(JSON.parse(jsonText(value))).toEqual(value);
});
