import { expect, test } from "vitest";
import { detector, kit } from "../../../src/detect/index.ts";

const make = kit(11);
const spotted = (text: string): (string | null)[] =>
  detector.text(Buffer.from(text), "src/lib/client.min.js.map").spotted.map(({ verdict }) => verdict.rule);

test.each([
  ["facebook-token", "EAAE", `EAAG${make.base62(160)}`],
  ["square-access-token", "EAAA", `EAAA${make.urlsafe(60)}`],
  ["asana-token", "1/1", `1/1${make.digits(15)}:${make.hex(32)}`],
])("%s is found among a thousand texts that begin as it does", (rule, begins, token) => {
  const noise = `,${begins}`.repeat(1000);
  expect(spotted(`{"mappings":"${noise}"}\n{"a":"${token}"}\n{"mappings":"${noise}"}`)).toEqual([rule]);
  expect(spotted(`${noise};${token};${noise}`)).toEqual([rule]);
});
