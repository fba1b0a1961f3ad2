import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Provider } from "../../src/contract/provider.ts";
import type { StoreKey } from "../../src/model/plan.ts";
import { Secret } from "../../src/model/secret.ts";
import { newIdentity } from "../../src/stores-kit/sops/index.ts";
import { openSpec } from "../conformance/spec.ts";

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "unsprawl-local-keys-"));
});
afterEach(() => [dir, `${dir}-state`].forEach((one) => rmSync(one, { recursive: true, force: true })));

const KEYS = "age/keys.txt";

async function open(env: { readonly [name: string]: string } = {}): Promise<Provider> {
  const config = { file: "s/{subject}.sops.yaml" };
  const home = { HOME: dir, SOPS_AGE_KEY_FILE: join(dir, KEYS), XDG_STATE_HOME: `${dir}-state` };
  return openSpec({ provider: "local", config, env: { ...home, ...env }, dir });
}

async function put(store: Provider, subject: string): Promise<StoreKey> {
  const key = store.key({ subject, project: "", name: "A" });
  await store.put(key, Secret.of("x"), null, { runId: "r", subject });
  return key;
}

it("a key that the first write creates, and the same key once it is there", async () => {
  const store = await open();
  const place = store.key({ subject: "api", project: "", name: "A" });
  expect(await store.keyFiles?.([place])).toEqual([{ file: join(dir, KEYS), id: null, isThere: false }]);
  expect(readdirSync(dir)).toEqual([]);
  await put(store, "api");
  const id = expect.stringMatching(/^age1[0-9a-z]+$/) as string;
  expect(await store.keyFiles?.([place])).toEqual([{ file: join(dir, KEYS), id, isThere: true }]);
  // A runtime's credential of this host is no second copy.
  await store.issueReader();
  expect(await store.keyFiles?.([place])).toEqual([{ file: join(dir, KEYS), id, isThere: true }]);
});

it("not a key of this machine alone: another recipient opens the file too", async () => {
  const { recipient } = await newIdentity();
  const store = await open({ SOPS_AGE_RECIPIENTS: recipient });
  const key = await put(store, "api");
  expect(await store.keyFiles?.([key, store.key({ subject: "new", project: "", name: "A" })])).toEqual([]);
});

it("a key that is given by a variable is named so", async () => {
  const { identity, recipient } = await newIdentity();
  const store = await open({ SOPS_AGE_KEY: identity });
  const key = await put(store, "api");
  expect(await store.keyFiles?.([key])).toEqual([{ file: "SOPS_AGE_KEY", id: recipient, isThere: true }]);
});

it("a key that is gone: its files name it, and the check fails instead of trying with a new one", async () => {
  const key = await put(await open(), "api");
  await put(await open(), "web");
  rmSync(join(dir, "age"), { recursive: true });
  const store = await open();
  expect(await store.keyFiles?.([key])).toEqual([
    { file: join(dir, KEYS), id: expect.stringMatching(/^age1/) as string, isThere: false },
  ]);
  const [reach, authenticate, ...rest] = await store.check();
  expect([reach?.ok, authenticate?.ok, rest]).toEqual([true, false, []]);
  expect(authenticate?.text).toBe(
    `no age key in ${join(dir, KEYS)}, and nothing else here opens ${join(dir, "s/api.sops.yaml")} and 1 more`,
  );
  expect(authenticate?.hint).toContain(`restore ${join(dir, KEYS)} from its backup`);
  expect(readdirSync(dir, { recursive: true, encoding: "utf8" }).toSorted()).toEqual([
    "s",
    "s/api.sops.yaml",
    "s/web.sops.yaml",
  ]);
});
