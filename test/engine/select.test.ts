import { expect, test } from "vitest";
import { nameSelector } from "../../src/engine/select.ts";

const ID = "0123456789abcdef".repeat(4);

test.each<[what: string, names: readonly string[], id: string, chosen: boolean]>([
  ["", ["web"], ID, true],
  ["*", ["team/web"], ID, true],
  ["web", ["web"], ID, true],
  ["web", ["web-1"], ID, false],
  ["web*", ["web-1"], ID, true],
  ["web-?", ["web-1"], ID, true],
  ["web-{1,2}", ["web-2"], ID, true],
  ["web-[12]", ["web-3"], ID, false],
  ["*-db", ["one", "two-db"], ID, true],
  [".hidden*", [".hidden-1"], ID, true],
  ["*", [".hidden"], ID, true],
  ["team/*", ["team/api:1"], ID, true],
  ["*api*", ["registry.example:5000/team/api:1"], ID, true],
  [ID, ["web"], ID, true],
  [ID.slice(0, 12), ["web"], ID, true],
  [ID.slice(0, 11), ["web"], ID, false],
  [`sha256:${ID}`, [], `sha256:${ID}`, true],
  [ID.slice(0, 12), [], `sha256:${ID}`, true],
  [ID.slice(1, 13), ["web"], ID, false],
  // A name with a glob's characters in it is meant as it stands.
  ["we[b", ["we[b"], ID, true],
  ["!web", ["other"], ID, true],
  ["WEB", ["web"], ID, false],
])("%j on %j, %s: %s", (what, names, id, chosen) => {
  expect(nameSelector(what)(names, id)).toBe(chosen);
});
