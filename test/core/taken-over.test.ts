import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import type { Provider } from "../../src/contract/provider.ts";
import { mustBeOwnValue, type KnownRuns } from "../../src/core/journal/taken-over.ts";
import type { RunRecords } from "../../src/core/journal/uses.ts";
import { supplyAll } from "../../src/core/supply.ts";
import type { Consumer } from "../../src/model/consumer.ts";
import { fingerprint, fingerprintKey } from "../../src/model/fingerprint.ts";
import type { Receipt } from "../../src/model/receipt.ts";
import { Secret } from "../../src/model/secret.ts";
import { planOf, runId } from "./fixtures.ts";

const key = fingerprintKey(randomBytes(32));
const [first, second, other] = [1, 2, 3].map(() => Secret.of(randomBytes(12).toString("hex")));
if (first === undefined || second === undefined || other === undefined) throw new Error("three values");
const REFERENCE = "ref+sops://x#/A";

/** A run that put this value at the one place, for this unit, at this minute. */
function ran(unit: string, value: Secret, minute: number, before: string, end: Receipt["state"] = "done"): RunRecords {
  const at = new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString();
  const [step] = planOf("x", ["web"]).steps;
  if (step?.kind !== "put") throw new Error("a put step");
  const put = { ...step, unit, move: { ...step.move, fingerprint: fingerprint(value, key) } };
  return {
    plan: { ...planOf(runId(), []), steps: [put] },
    receipts: [
      { at, step: `unit:${unit}`, state: "intent", data: {} },
      { at, step: put.id, state: "done", data: { before } },
      { at, step: `unit:${unit}`, state: end, data: {} },
    ],
  };
}

function given(value: Secret, unit: string, runs: readonly RunRecords[], more: Partial<KnownRuns> = {}): string | null {
  const known = { runs, key, ...more };
  try {
    mustBeOwnValue({ name: "A", reference: REFERENCE, store: planOf("x").store, value }, { unit, engine: null }, known);
    return null;
  } catch (error) {
    return (error as { code: string; message: string }).message;
  }
}

const web = ran("web", first, 1, "absent");
const taken = [web, ran("compose/shop", second, 2, "other")];

test("a value that a later run of another unit put there is refused, and the run is named", () => {
  expect(given(second, "web", taken)).toBe(
    `A: ${REFERENCE} has been replaced by the value of compose/shop (run ${taken[1]?.plan.id})`,
  );
  // Also once that one was changed: it is the other unit's entry.
  expect(given(other, "web", taken)).not.toBe(null);
  expect(given(second, "compose/shop", taken)).toBe(null);
  // Without the key, values cannot be told apart.
  expect(given(first, "web", taken, { key: null })).not.toBe(null);
});

test.each<[what: string, value: Secret, runs: readonly RunRecords[]]>([
  ["what the run moved", first, [web]],
  ["a value that a person or rotate changed", other, [web]],
  ["the old value, put back by hand", first, taken],
  ["a value that the other unit found there: they share it", other, [web, ran("compose/shop", first, 2, "same")]],
  ["what the unit itself put there later", second, [web, ran("web", second, 2, "other")]],
  ["an entry that the unit took back", first, [...taken, ran("web", first, 3, "other")]],
  ["an entry that another unit had before", first, [ran("db", second, 0, "absent"), web]],
  ["an entry of a run that was rolled back", other, [web, ran("db", second, 2, "other", "undone")]],
  ["an entry that no run of this host moved", other, [ran("db", second, 2, "absent")]],
  ["anything, without journals", other, []],
])("%s is given", (_what, value, runs) => {
  expect(given(value, "web", runs)).toBe(null);
});

test("a consumer is not given it: a container, or a service of a project; the others get theirs", async () => {
  const runs = [web, ran("kind/shop", first, 1, "absent"), ran("db", second, 2, "other")];
  const store = planOf("x").store;
  const provider = {
    target: store,
    parse: () => ({ path: "web", field: "A" }),
    get: async () => ({ value: second, version: "1" }),
  } as Partial<Provider> as Provider;
  const consumers = ["container:web", "kind:shop/api", "container:db", "container:new"].map((id): Consumer => ({
    id,
    delivery: "file",
    folder: `/run/${id}`,
    owner: { uid: 0, gid: 0 },
    values: [{ name: "A", reference: REFERENCE, store: store.name }],
    script: false,
    onChange: null,
    stores: [store],
  }));
  const supplied = await supplyAll(consumers, {
    store: async () => provider,
    storeOf: async () => provider,
    resolve: async () => new Map(),
    know: () => undefined,
    known: () => ({ runs, key }),
    write: () => ["A"],
  });
  expect(supplied.map(({ consumer, error }) => [consumer.id, error?.code ?? null])).toEqual([
    ["container:web", "conflict"],
    ["kind:shop/api", "conflict"],
    ["container:db", null],
    ["container:new", null],
  ]);
});
