import { expect, test } from "vitest";
import { parseDuration } from "../../../src/kit/text/duration.ts";

test.each([
  ["0", 0],
  ["5", 5000],
  ["300ms", 300],
  ["1.5s", 1500],
  ["2m", 120_000],
  ["1h", 3_600_000],
  ["0.5ms", 1],
])("%s is %i milliseconds", (text, ms) => {
  expect(parseDuration(text, "--grace")).toBe(ms);
});

test.each([
  "",
  " ",
  "5 s",
  "s",
  "-1s",
  "1d",
  "1e3",
  "0x10",
  "1s1",
  "5S",
  "½s",
  "１s",
  "Infinity",
  "1,5s",
  "\u001b[31m",
])("%j is none, and the flag is named", (text) => {
  expect(() => parseDuration(text, "--grace")).toThrow(
    expect.objectContaining({ code: "usage", message: expect.stringContaining("--grace") as string }) as Error,
  );
});
