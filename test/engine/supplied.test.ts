import { expect, test } from "vitest";
import type { Supplies } from "../../src/contract/supplies.ts";
import { folderValues } from "../../src/engine/supplied.ts";
import type { Consumer } from "../../src/model/consumer.ts";
import { Secret } from "../../src/model/secret.ts";

// A second migration takes over what the first one delivers, and not what a label alone says.

const folder = "/run/unsprawl/units/web/secrets";
const consumer = (reference: string): Consumer => ({
  ...{ id: "container:web", delivery: "file", folder, owner: { uid: 0, gid: 0 }, script: false, onChange: null },
  ...{ stores: [], values: [{ name: "DB_PASSWORD", reference, store: null }] },
});
const own = consumer("ref+vault://secret/apps/web#/DB_PASSWORD");
const labelled = consumer("ref+vault://secret/apps/payroll#/DB_PASSWORD");
const supplies = (known: readonly Consumer[]): Supplies => ({
  index: { read: () => known, add: async () => undefined, remove: async () => undefined },
  mayHold: () => true,
  write: () => [],
  read: () => Secret.of("x"),
  remove: () => undefined,
});

test("a value that this host's index has is taken over", () => {
  const all = folderValues(own, [{ consumer: own, target: "" }], new Map(), supplies([own]));
  expect([...all.keys()]).toEqual(["DB_PASSWORD"]);
});

test.each([
  ["another reference", [own]],
  ["an index that is lost", []],
] as const)("a label counts for nothing beside %s", (_, known) => {
  expect(() => folderValues(labelled, [{ consumer: labelled, target: "" }], new Map(), supplies(known))).toThrow(
    /container:web has ref\+vault:\/\/secret\/apps\/payroll#\/DB_PASSWORD by its label alone/,
  );
});
