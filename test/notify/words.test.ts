import { expect, test } from "vitest";
import { changeCounts, changeLines, changeSentence } from "../../src/model/change-words.ts";
import { batchJson } from "../../src/notify/batch.ts";
import { change, changes } from "./changes.ts";

const GRADE = `high severity, high confidence; id ${change(1).finding.id}; next: unsprawl plan docker:api`;

test("a change in words", () => {
  expect(changeSentence(change(1, { name: "DB_PASSWORD" }))).toBe(
    `new: DB_PASSWORD in container api on web1, since 2026-11-20 10:00 UTC; ${GRADE} --to STORE`,
  );
  expect(changeSentence(change(1, { name: "DB_PASSWORD", kind: "regressed", run: "20261101-101010-abcd" }))).toBe(
    "regressed: DB_PASSWORD in container api on web1, since 2026-11-20 10:00 UTC, which run 20261101-101010-abcd had moved; " +
      `${GRADE} --to STORE`,
  );
  expect(changeSentence(change(1, { name: "K", kind: "back" }))).toBe(
    `back: K in container api on web1, since 2026-11-20 10:00 UTC; ${GRADE} --to STORE`,
  );
  // Of what is gone there is nothing to do, and of what is no container only a scan is known to go.
  expect(changeSentence(change(1, { kind: "gone" }))).toMatch(/; id [0-9a-f]{12}$/);
  const { finding, ...rest } = change(1);
  const location = { ...finding.location, source: "compose:/srv/my app", subject: "service" as const };
  expect(changeSentence({ ...rest, finding: { ...finding, location } })).toMatch(
    /; next: unsprawl scan 'compose:\/srv\/my app'$/,
  );
  expect(
    changeSentence({
      ...{ id: "a", kind: "agent", at: "2026-11-25T10:00:00.000Z", host: "web1", event: "failed", severity: "high" },
      ...{ subject: "web", names: [], text: "container:web: no value; next: unsprawl doctor", next: "unsprawl doctor" },
    }),
  ).toBe("agent: container:web: no value; next: unsprawl doctor, on web1, 2026-11-25 10:00 UTC; high severity");
});

test("programs get the command too", () => {
  const { changes: sent } = JSON.parse(batchJson([change(1), change(2, { kind: "gone" })])) as {
    readonly changes: readonly { readonly next: string | null }[];
  };
  expect(sent.map(({ next }) => next)).toEqual(["unsprawl plan docker:api --to STORE", null]);
});

test("counts, and no more lines than there is room for", () => {
  const some = [change(1), change(2, { kind: "regressed" }), change(3), change(4, { kind: "gone" })];
  expect(changeCounts(some)).toBe("2 new, 1 regressed, 1 gone");
  expect(changeCounts([])).toBe("");
  expect(changeLines(changes(3), { lines: 2, characters: 1000 }).at(-1)).toBe("and 1 more");
  expect(changeLines(changes(3), { lines: 3, characters: 1000 })).toHaveLength(3);
  // One is shown, however long it is.
  expect(changeLines(changes(3), { lines: 3, characters: 1 })).toHaveLength(2);
});

test("what others named is harmless and short", () => {
  const evil = changeSentence(change(1, { name: "\u001b[2J\u202e", subject: "x\ny", host: "h".repeat(500) }));
  expect(evil).toMatch(
    /^new: \\e\[2J\\u\{202e\} in container x\\ny on h{119}…, since .*; next: unsprawl plan docker:"\$\(printf 'x\\012y'\)" --to STORE$/,
  );
  const long = changeSentence(change(1, { subject: "x".repeat(1000) }));
  expect(long).toMatch(/in container x{119}… on .*; next: unsprawl scan$/);
});
