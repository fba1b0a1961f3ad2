import { expect, test } from "vitest";
import { selectedHits } from "../../src/cli/only.ts";
import type { UnsprawlError } from "../../src/model/error.ts";
import type { ScanHit } from "../../src/core/scan-hit.ts";

const hits = ["DB_PASSWORD", "API_TOKEN", "SMTP_PASSWORD"].map((name) => ({ finding: { name } }) as ScanHit);
const chosen = (...globs: string[]): string[] => selectedHits(hits, globs).map(({ finding }) => finding.name);

test("--only takes names and globs; without it everything moves", () => {
  expect(chosen()).toEqual(["DB_PASSWORD", "API_TOKEN", "SMTP_PASSWORD"]);
  expect(chosen("API_TOKEN")).toEqual(["API_TOKEN"]);
  expect(chosen("*PASSWORD", "API_*")).toEqual(["DB_PASSWORD", "API_TOKEN", "SMTP_PASSWORD"]);
});

test.each<[what: string, globs: string[], from: readonly ScanHit[], hint: string]>([
  ["a misspelt name names the nearest", ["DB_PASWORD"], hits, "did you mean DB_PASSWORD?"],
  ["a second one that matches nothing counts too", ["API_TOKEN", "SMTP_PASSWROD"], hits, "did you mean SMTP_PASSWORD?"],
  ["a glob too", ["APP_TOKEN*"], hits, "did you mean API_TOKEN?"],
  ["where none is near, what was found is listed", ["X"], hits, "found: API_TOKEN, DB_PASSWORD, SMTP_PASSWORD"],
  ["where nothing was found, that is said", ["X"], [], "nothing was found here: unsprawl scan shows what was scanned"],
])("a name that matches nothing is a usage error: %s", (_what, globs, from, hint) => {
  expect(() => selectedHits(from, globs)).toThrow(
    expect.objectContaining({ code: "usage", exit: 2, hint }) as UnsprawlError,
  );
});
