import { expect, test } from "vitest";
import { findKeywords } from "../../../src/detect/text/find.ts";
import { watched, type Watch } from "../../../src/detect/text/watch.ts";

const isFound = (text: string, watch: Watch, at: number): boolean => {
  let found = false;
  findKeywords(Buffer.from(text, "latin1"), (one, start) => {
    if (
      start === at &&
      one.kind === watch.kind &&
      one.rule === watch.rule &&
      Buffer.from(one.bytes).equals(watch.bytes)
    )
      found = true;
  });
  return found;
};

test("each keyword is found wherever it stands: at the beginning, at the end, at even and odd places", () => {
  const missed = watched().flatMap((watch) => {
    const word = Buffer.from(watch.bytes).toString("latin1");
    // Behind a prefix the rest of a token has to follow.
    const tail = watch.starts ? "4".repeat(12) : "";
    const texts = ["", " ", "x = ", "{\n  "].flatMap((lead) => [
      [lead, lead + word + tail] as const,
      [lead, `${lead}${word}${tail}\n`] as const,
      [lead, `${lead}${word}${tail} and`] as const,
    ]);
    return texts.filter(([lead, text]) => !isFound(text, watch, lead.length)).map(([, text]) => text);
  });
  expect(missed).toEqual([]);
});

test("names are found in capitals, a vendor's prefix only as it is written", () => {
  const [name, prefix] = ["pass", "ghp_"].map((word) =>
    watched().find(({ bytes }) => Buffer.from(bytes).toString() === word),
  ) as [Watch, Watch];
  expect(isFound(`DB_PASSWORD=x`, name, 3)).toBe(true);
  expect([isFound(`= ghp_${"4".repeat(12)}`, prefix, 2), isFound(`= GHP_${"4".repeat(12)}`, prefix, 2)]).toEqual([
    true,
    false,
  ]);
});
