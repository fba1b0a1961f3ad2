import fc from "fast-check";
import { expect, test } from "vitest";
import { lineOf } from "../../../src/kit/text/lines.ts";

test("the line of every place, whichever text was asked about before", () => {
  const text = fc.array(fc.constantFrom("a", "\n", "\r\n", "é"), { maxLength: 20 }).map((parts) => parts.join(""));
  fc.assert(
    fc.property(text, text, fc.nat(40), (one, other, at) => {
      for (const asked of [one, other, one]) expect(lineOf(asked, at)).toBe(asked.slice(0, at).split("\n").length);
    }),
  );
});
