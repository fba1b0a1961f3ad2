import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import type { Migration } from "../../src/contract/migration.ts";
import type { Provider } from "../../src/contract/provider.ts";
import { movedValues } from "../../src/core/undo-values.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { fingerprint, fingerprintKey } from "../../src/model/fingerprint.ts";
import { Secret } from "../../src/model/secret.ts";
import { planOf, runId } from "./fixtures.ts";
import type { ApplyTools } from "../../src/core/apply-tools.ts";

const key = fingerprintKey(randomBytes(32));
const fresh = (): Secret => Secret.of(randomBytes(18).toString("base64url"));
const [moved, newer] = [fresh(), fresh()];

/** Looks for one moved value: in its place, in the store now, and among the store's earlier versions. */
async function look(place: Secret | null, stored: Secret | null, earlier: Provider["earlier"] | null) {
  const known: Secret[] = [];
  const plan = planOf(runId());
  const steps = plan.steps.map((step) =>
    step.kind === "put" ? { ...step, move: { ...step.move, fingerprint: fingerprint(moved, key) } } : step,
  );
  const provider = {
    get: async () => (stored === null ? null : { value: stored, version: "1" }),
    ...(earlier && { earlier }),
  };
  const tools = {
    ...{
      key,
      state: "",
      breakLock: false,
      redact: (text: string) => text,
      quote: async (text: string) => text,
      know: (value: Secret) => known.push(value),
    },
    migration: { read: async () => place } as unknown as Migration,
    provider: provider as unknown as Provider,
  } as unknown as ApplyTools;
  const found = await movedValues(steps, tools, plan);
  return { found, known };
}

const among =
  (...values: readonly Secret[]): NonNullable<Provider["earlier"]> =>
  async (_key, matches) =>
    values.find(matches) ?? null;
const never: NonNullable<Provider["earlier"]> = async () => Promise.reject(new Error("asked for an earlier version"));

test.each<[what: string, args: Parameters<typeof look>, isEarlier: boolean]>([
  ["in its place", [moved, null, never], false],
  ["in the store, whatever its place has now", [newer, moved, never], false],
  ["among the versions before the current one", [null, newer, among(fresh(), moved)], true],
  ["among the versions of an entry that was deleted", [null, null, among(moved)], true],
])("a value is found %s, and is known to every output from then on", async (_what, args, isEarlier) => {
  const { found, known } = await look(...args);
  expect([...found.values.values()].map((one) => one.equals(moved))).toEqual([true]);
  expect(known.map((one) => one.equals(moved))).toEqual([true]);
  expect(found.earlier).toHaveLength(isEarlier ? 1 : 0);
});

const denied = new UnsprawlError("denied", "the store does not allow listing", "add this statement: …");
test.each<[what: string, args: Parameters<typeof look>, message: RegExp, hint: RegExp]>([
  ["keeps none", [null, newer, null], /the store has another value at web A by now and keeps no earlier/, /^keep the/],
  ["has lost that one", [null, newer, among(newer)], /no earlier version that it still has is/, /^keep the/],
  ["is empty", [null, null, null], /the store has nothing at web A by now/, /write A into here/],
  [
    "does not let them be read",
    [null, newer, async () => Promise.reject(denied)],
    /its earlier versions cannot be read: the store does not allow listing/,
    /^add this statement: …; or keep the newer value/,
  ],
])("a store that %s is a refusal that says what to do", async (_what, args, message, hint) => {
  const error = (await look(...args).catch((one: unknown) => one)) as UnsprawlError;
  expect(error.code).toBe("refused");
  expect(error.message).toMatch(message);
  expect(error.message).toMatch(/nothing was changed$/);
  expect(error.hint).toMatch(hint);
  for (const value of [moved, newer]) expect(`${error.message} ${error.hint}`).not.toContain(String(value.expose()));
});

test("a store that does not answer is no refusal", async () => {
  const away = new UnsprawlError("unreachable", "no answer", "start it");
  await expect(look(null, newer, async () => Promise.reject(away))).rejects.toBe(away);
});
