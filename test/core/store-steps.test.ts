import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { Recorder } from "../../src/contract/migration.ts";
import type { Provider } from "../../src/contract/provider.ts";
import { putValue, undoPut } from "../../src/core/store-steps.ts";
import { fingerprint, fingerprintKey } from "../../src/model/fingerprint.ts";
import type { Json } from "../../src/model/json.ts";
import type { Plan, PutStep } from "../../src/model/plan.ts";
import { Secret } from "../../src/model/secret.ts";
import { openSpec } from "../conformance/spec.ts";
import { random } from "../support/canary.ts";

// Two users have locks and journals of their own, and may write to one store at the same moment.

const dir = mkdtempSync(join(tmpdir(), "unsprawl-two-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const key = fingerprintKey(Buffer.alloc(32, 7));

/** What a run records of its steps. */
function recorder(): Recorder {
  const newest = new Map<string, { readonly [key: string]: Json }>();
  const take = (step: string, data: { readonly [key: string]: Json } = {}): void => void newest.set(step, data);
  return { intent: take, done: take, undone: take, last: (step) => newest.get(step) ?? null };
}

/** What both steps take, and the values that they tell the redaction of. */
function toolsOf(provider: Provider): Parameters<typeof undoPut>[0] & { readonly known: readonly string[] } {
  const known: string[] = [];
  return { provider, key, known, know: (value) => void known.push(value.exposeText()) };
}

async function raced(
  others: Secret,
  own: Secret,
): Promise<{ readonly error: unknown; readonly left: string | undefined }> {
  const store: Provider = await openSpec({
    provider: "local",
    config: { file: `${random(8)}.sops.yaml` },
    env: { HOME: dir, SOPS_AGE_KEY_FILE: join(dir, "age/keys.txt") },
    dir,
  });
  const at = store.key({ subject: "shop", project: "", name: "DB_PASSWORD" });
  const move = { name: "DB_PASSWORD", key: at, fingerprint: fingerprint(own, key) } as PutStep["move"];
  const step: PutStep = {
    id: "put:shop/DB_PASSWORD",
    kind: "put",
    unit: "shop",
    move,
    found: "absent",
    overwrite: false,
  };
  const late: Provider = {
    ...store,
    put: async (...call) => {
      await store.put(at, others, null, { runId: "other", subject: "shop" });
      return store.put(...call);
    },
  };
  const [plan, record] = [{ id: "own" } as Plan, recorder()];
  const error: unknown = await putValue(toolsOf(late), step, own, plan, record).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  await undoPut(toolsOf(store), step, plan, record, false);
  return { error, left: (await store.get(at))?.value.exposeText() };
}

test("a run that comes second with the same value found it there, and leaves it when it is undone", async () => {
  const value = random(18);
  expect(await raced(Secret.of(value), Secret.of(value))).toEqual({ error: null, left: value });
});

test("with another value it fails, and leaves the first one", async () => {
  const first = random(18);
  const { error, left } = await raced(Secret.of(first), Secret.of(random(18)));
  expect(error).toMatchObject({ code: "conflict" });
  expect(left).toBe(first);
});

test("a value that the plan found in the store, and that is gone with what the plan knew of its readers, is not put", async () => {
  const store = await openSpec({
    ...{ provider: "local", config: { file: `${random(8)}.sops.yaml` }, dir },
    env: { HOME: dir, SOPS_AGE_KEY_FILE: join(dir, "age/keys.txt") },
  });
  const [at, value] = [store.key({ subject: "shop", project: "", name: "DB_PASSWORD" }), Secret.of(random(18))];
  const move = { name: "DB_PASSWORD", key: at, fingerprint: fingerprint(value, key) } as PutStep["move"];
  const step: PutStep = { ...{ id: "put:shop", kind: "put", unit: "shop", move }, found: "same", overwrite: false };
  await expect(putValue(toolsOf(store), step, value, { id: "own" } as Plan, recorder())).rejects.toMatchObject({
    code: "changed",
  });
  expect(await store.get(at)).toBe(null);
});

test("a value that is replaced in a file that gets a new data key is put, and the earlier one kept beside it, known to the redaction", async () => {
  const config = { file: `${random(8)}.sops.yaml` };
  const open = (state: string): Promise<Provider> =>
    openSpec({
      ...{ provider: "local", config, dir },
      env: { HOME: dir, SOPS_AGE_KEY_FILE: join(dir, "age/keys.txt"), XDG_STATE_HOME: join(dir, state) },
    });
  const [first, second] = [await open("one"), await open("two")];
  const [at, old, value] = [first.key({ subject: "shop", project: "", name: "A" }), random(18), Secret.of(random(18))];
  await first.put(at, Secret.of(old), null, { runId: "first", subject: "shop" });
  const move = { name: "A", key: at, fingerprint: fingerprint(value, key) } as PutStep["move"];
  const step: PutStep = { ...{ id: "put:shop", kind: "put", unit: "shop", move }, found: "other", overwrite: true };
  const [plan, record, tools, later] = [{ id: "own" } as Plan, recorder(), toolsOf(second), toolsOf(second)];
  await putValue(tools, step, value, plan, record);
  expect(tools.known).toEqual([old]);
  expect((await second.get(at))?.value.equals(value)).toBe(true);
  expect((await second.get({ ...at, field: `${at.field}.before-own` }))?.value.exposeText()).toBe(old);
  await undoPut(later, step, plan, record, false);
  expect(later.known).toEqual([old]);
  expect((await second.get(at))?.value.exposeText()).toBe(old);
});
