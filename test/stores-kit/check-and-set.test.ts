import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { checkReplace as checkInVault, versionOf as versionInVault } from "../../providers/vault/kv.ts";
import { Secret } from "../../src/model/secret.ts";
import { checkMatch, checkReplace, versionOf } from "../../src/stores-kit/check-and-set.ts";
import { openSpec } from "../conformance/spec.ts";
import { random } from "../support/canary.ts";

// The check before each write exists three times, since stores tell versions apart in three ways.

const dir = mkdtempSync(join(tmpdir(), "unsprawl-cas-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const at = { path: "shop", field: "DB_PASSWORD" };
const [first, second] = [Secret.of(random(20)), Secret.of(random(20))];
const env = { HOME: dir, SOPS_AGE_KEY_FILE: join(dir, "age/keys.txt") };

/** Whether a write may replace what a store has (null: nothing), with the version of this value (null: create only). */
type Ask = (there: Secret | null, replace: Secret | null) => Promise<void>;

const KINDS: readonly (readonly [store: string, ask: Ask])[] = [
  [
    "with one value at a path",
    async (there, replace) =>
      checkReplace(
        there && { value: there, version: versionOf("1", there) },
        replace && versionOf("1", replace),
        at,
        "it",
      ),
  ],
  ["of Vault", async (there, replace) => checkInVault(there, 0, replace && versionInVault(0, replace), at)],
  [
    "of SOPS files",
    async (there, replace) => {
      const store = await openSpec({ provider: "local", config: { file: `${random(8)}.sops.yaml` }, env, dir });
      const key = store.key({ subject: "shop", project: "", name: "DB_PASSWORD" });
      const origin = { runId: "r", subject: "shop" };
      const versions = new Map<Secret, string>();
      // What was there before may be gone, or another value by now.
      for (const value of [replace, there]) {
        const now = await store.get(key);
        if (now !== null && (value === null || !now.value.equals(value))) await store.remove(key, () => true);
        if (value !== null && (await store.get(key)) === null)
          versions.set(value, (await store.put(key, value, null, origin)).version);
      }
      await store.put(key, Secret.of("new"), replace && (versions.get(replace) ?? null), origin);
    },
  ],
];

describe.each(KINDS)("a store %s", (_store, ask) => {
  test.each<[what: string, there: Secret | null, replace: Secret | null, isRefused: boolean]>([
    ["creates where nothing is", null, null, false],
    ["does not create where a value is", first, null, true],
    ["replaces the value that was read", first, first, false],
    ["does not replace another one", second, first, true],
    ["does not replace one that is gone", null, first, true],
  ])("%s", async (_what, there, replace, isRefused) => {
    const asked = ask(there, replace);
    if (isRefused) await expect(asked).rejects.toMatchObject({ code: "conflict" });
    else await asked;
  });
});

test("a sibling's write, which moves the version and not the value, keeps nobody from writing", () => {
  const there = { value: first, version: versionOf("2", first) };
  expect(() => checkReplace(there, versionOf("1", first), at, "it")).not.toThrow();
  expect(() => checkInVault(first, 2, versionInVault(1, first), at)).not.toThrow();
});

test("a removal takes only the value that is meant", () => {
  expect(() => checkMatch(first, (value) => value.equals(first), at, "it")).not.toThrow();
  expect(() => checkMatch(second, (value) => value.equals(first), at, "it")).toThrow(
    expect.objectContaining({ code: "conflict" }) as Error,
  );
});
