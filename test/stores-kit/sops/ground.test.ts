import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Provider } from "../../../src/contract/provider.ts";
import { Secret } from "../../../src/model/secret.ts";
import { openSpec } from "../../conformance/spec.ts";
import { random } from "../../support/canary.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "unsprawl-ground-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const open = (): Promise<Provider> =>
  openSpec({
    ...{ provider: "local", config: { file: "store/{project/}{subject}.sops.yaml" }, dir },
    env: { HOME: dir, SOPS_AGE_KEY_FILE: join(dir, "keys.txt") },
  });
const names = { subject: "web", project: "shop", name: "A" };

test.each<[what: string, make: () => void]>([
  ["was never made", () => undefined],
  ["is empty", () => mkdirSync(join(dir, "store"))],
  ["is behind a link", () => (mkdirSync(join(dir, "disk")), symlinkSync("disk", join(dir, "store")))],
])("in a folder that %s nothing is there, and something can be put", async (_what, make) => {
  make();
  const store = await open();
  expect([await store.get(store.key(names)), await store.list("")]).toEqual([null, []]);
  await store.put(store.key(names), Secret.of(random(20)), null, { runId: "r", subject: "web" });
  expect(await store.list("")).toEqual([store.key(names)]);
});

test.each<[what: string, make: () => void]>([
  ["a link to a disk that is not mounted", () => symlinkSync("disk", join(dir, "store"))],
  ["a file", () => writeFileSync(join(dir, "store"), "")],
  ["a link in a project's place", () => (mkdirSync(join(dir, "store")), symlinkSync("gone", join(dir, "store/shop")))],
])("%s is no empty store", async (_what, make) => {
  make();
  const store = await open();
  const key = store.key(names);
  const refused = { code: "unreachable", hint: expect.stringContaining(join(dir, "store")) as string };
  await expect(store.get(key)).rejects.toMatchObject(refused);
  await expect(store.put(key, Secret.of(random(20)), null, { runId: "r", subject: "web" })).rejects.toMatchObject(
    refused,
  );
  await expect(store.remove(key, () => true)).rejects.toMatchObject(refused);
});
