import { expect, it } from "vitest";
import { groupHits } from "../../src/tui/groups.ts";
import { NO_HISTORY } from "../../src/tui/history.ts";
import { evidence } from "../../src/tui/screens/evidence.ts";
import { finding, scanned } from "./sample.ts";

it("says how to rotate the kind, once the scan has told it", () => {
  const { scan } = scanned([finding("DB_PASSWORD")]);
  const group = groupHits(scan.hits)[0];
  if (!group) throw new Error("no group");
  const said = (rotation?: { text: string; url: string | null }): string =>
    evidence(group, rotation, NO_HISTORY)
      .map(({ spans }) => spans.map((span) => (typeof span === "string" ? span : span.text)).join(""))
      .join("\n");
  expect(said({ text: "Change it.", url: "https://docs.invalid/" })).toContain(
    "rotate  Change it.\n        https://docs.invalid/",
  );
  expect(said({ text: "Change it.", url: null })).toMatch(/rotate {2}Change it\.$/m);
  expect(said()).not.toContain("rotate");
});
