import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Work } from "../../src/contract/migration.ts";
import type { Provider } from "../../src/contract/provider.ts";
import { lastRotations } from "../../src/core/moved.ts";
import { createJournal } from "../../src/core/journal/journal.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { fingerprint, fingerprintKey } from "../../src/model/fingerprint.ts";
import type { Plan, RotatedConsumer, RotateStep, StoreTarget } from "../../src/model/plan.ts";
import { Secret } from "../../src/model/secret.ts";
import { renew } from "../../src/rotate/consumers.ts";
import { rotation } from "../../src/rotate/perform.ts";
import { planRotation } from "../../src/rotate/plan.ts";
import { proofText } from "../../src/rotate/proof-text.ts";
import type { RotateTools } from "../../src/rotate/types.ts";
import { planOf } from "../core/fixtures.ts";

// A rotation with nothing real around it: what happens when a part of it fails.

const key = fingerprintKey(randomBytes(32));
const made = (): Secret => Secret.of(randomBytes(16).toString("hex"));
const [moved, other, rotated] = ["20261125-000000-0001", "20261125-000000-0002", "20261125-000001-0003"];
const entry = { path: "web", field: "A" };

let state: string;
let stores: Map<string, Map<string, Secret>>;
let restarted: string[];
let health: string | undefined;

beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), "unsprawl-rotation-"));
  stores = new Map();
  restarted = [];
  health = undefined;
});
afterEach(() => rmSync(state, { recursive: true, force: true }));

const valuesOf = ({ name }: StoreTarget): Map<string, Secret> => {
  const own = stores.get(name) ?? new Map<string, Secret>();
  stores.set(name, own);
  return own;
};

function storeAt(target: StoreTarget): Provider {
  const values = valuesOf(target);
  const provider: Pick<Provider, "target" | "get" | "put" | "remove"> = {
    target,
    get: async (at) => {
      const value = values.get(JSON.stringify(at));
      return value === undefined ? null : { value, version: "1" };
    },
    put: async (at, value) => {
      values.set(JSON.stringify(at), value);
      return { version: "1" };
    },
    remove: async (at) => values.delete(JSON.stringify(at)),
  };
  return provider as Provider;
}

/** Two containers of one value; the first one does not stay up once it is restarted. */
function engine(): Engine {
  const docOf = (name: string) => ({
    ...{ Id: name, Name: `/${name}`, Config: { Env: [] }, HostConfig: {} },
    State: {
      Running: !(name === "first" && restarted.includes(name)),
      Pid: 1,
      StartedAt: "2026-11-25T00:00:00Z",
      ...(health !== undefined && { Health: { Status: health } }),
    },
  });
  return {
    connection: { via: "unix", address: "unix:///x" },
    info: async () => ({ ID: "ENGINE" }),
    containers: async () => ["first", "second"].map((Id) => ({ Id })),
    container: async (id: string) => docOf(id),
    call: async (_: string, act: () => Promise<unknown>) => act(),
    docker: async () => ({
      getContainer: (id: string) => ({
        restart: async () => restarted.push(id),
        start: async () => restarted.push(id),
      }),
    }),
  } as unknown as Engine;
}

function tools(held: readonly string[] = []): RotateTools {
  const sight = { holds: async () => restarted.includes("second"), started: async () => false };
  return {
    installation: () => ({ state, key }),
    engine: async () => engine(),
    sight: async () => sight,
    storeOf: async (target: StoreTarget) => storeAt(target),
    detector: async () => ({ part: () => null }),
    supplies: async () => ({ index: { read: () => [] } }),
    holders: async () => [{ name: "first", project: "", references: held }],
    rotator: async () => ({ server: null, make: made }),
    targetOf: async () => null,
    ...{ env: {}, know: () => undefined },
  } as unknown as RotateTools;
}

function moveIn(id: string, store = "here", reference = "ref+sops://x#/A", unit = "web"): Plan {
  const base = planOf(id, [unit]);
  const steps = base.steps.map((step) => (step.kind === "put" ? { ...step, move: { ...step.move, reference } } : step));
  const plan = { ...base, steps, store: { ...base.store, name: store } };
  const journal = createJournal({ state, key }, plan);
  journal.record.intent(`unit:${unit}`);
  journal.record.done(`unit:${unit}`);
  journal.close();
  return plan;
}

const kept = (what: string): string => JSON.stringify({ path: "web", field: `A.${what}-${rotated}` });

function done(old: Secret, next: Secret): { readonly step: RotateStep; readonly work: Work } {
  const { store } = moveIn(moved);
  const reference = "ref+sops://x#/A";
  const consumer = { references: [reference], isRunning: true };
  const step: RotateStep = {
    ...{
      id: "rotate:web/A",
      kind: "rotate",
      unit: "web/A",
      name: "A",
      rotator: "application",
      target: { pair: null, login: "", previous: null },
    },
    ...{ checkedBy: "the application", login: { kind: "owner" }, server: null, usesHostNetwork: false },
    ...{ overlap: "application", graceMs: 0, healthTimeoutMs: 0 },
    entries: [{ name: "A", key: entry, reference, fingerprint: fingerprint(old, key) }],
    consumers: ["first", "second"].map((container) => ({ ...consumer, container })),
  };
  const values = valuesOf(store);
  values.set(JSON.stringify(entry), next).set(kept("before"), old).set(kept("next"), next);
  const nothing = (): void => undefined;
  const record = { intent: nothing, done: nothing, undone: nothing, last: () => null };
  const plan = { ...planOf(rotated), store, steps: [step] };
  const work = { plan, record, signal: new AbortController().signal, say: nothing, phase: nothing };
  return { step, work: work as unknown as Work };
}

describe("a rotation", () => {
  it("is put back in every container, also after one that does not get well; what it kept stays for the next try", async () => {
    const { step, work } = done(made(), made());
    await expect(rotation(tools()).undo([step], work)).rejects.toThrow("first did not stay up");
    expect(restarted).toEqual(["first", "second"]);
    expect([...valuesOf(work.plan.store).keys()]).toContain(kept("before"));
  });

  it("is not said to be put back if its new value was taken away: what it kept stays", async () => {
    const { step, work } = done(made(), made());
    valuesOf(work.plan.store).delete(kept("next"));
    await expect(rotation(tools()).undo([step], work)).rejects.toThrow("somebody has written A in the store since");
    expect([...valuesOf(work.plan.store).keys()]).toContain(kept("before"));
  });

  it("is not scrubbed while the store has lost its value: what was kept is the last copy", async () => {
    const { step, work } = done(made(), made());
    valuesOf(work.plan.store).delete(JSON.stringify(entry));
    await expect(rotation(tools()).scrub([step], work)).rejects.toThrow("may be its last copy: nothing was deleted");
    expect([...valuesOf(work.plan.store).keys()]).toContain(kept("next"));
  });
});

describe("when a value was last rotated", () => {
  it("is known by its run, unless that was rolled back", () => {
    const { work } = done(made(), made());
    const unit = work.plan.steps[0]?.unit ?? "";
    const journal = createJournal({ state, key }, work.plan);
    journal.record.intent(`unit:${unit}`);
    const last = (): string | undefined => lastRotations({ state, key }).get("ref+sops://x#/A");
    expect(last()).toBeUndefined();
    journal.record.done(`unit:${unit}`);
    expect(Date.parse(last() ?? "")).toBeGreaterThan(Date.parse(work.plan.createdAt));
    journal.record.undone(`unit:${unit}`);
    journal.close();
    expect(last()).toBeUndefined();
  });
});

describe("a rotation of a container that is not well", () => {
  it("is not begun: its undo would not end either; but a given value may be what it lacks", async () => {
    const value = made();
    const { step, work } = done(value, value);
    const at = tools(["ref+sops://x#/A"]);
    const planned = { ...step, consumers: step.consumers.slice(0, 1) };
    await rotation(at).unchanged(planned, work.plan);
    health = "unhealthy";
    await expect(rotation(at).unchanged(planned, work.plan)).rejects.toThrow("first is not well");
    await rotation(at).unchanged({ ...planned, isGiven: true }, work.plan);
  });
});

describe("a secret in two stores", () => {
  const asked = {
    of: [moved],
    only: [],
    mayMiss: false,
    graceMs: 0,
    healthTimeoutMs: 0,
    signal: new AbortController().signal,
  };

  it("is not rotated in one of them while a container gets it from the other", async () => {
    const value = made();
    for (const { store } of [moveIn(moved), moveIn(other, "there", "ref+sops://y#/A")])
      valuesOf(store).set(JSON.stringify(entry), value);
    const reasons = async (held: readonly string[]): Promise<readonly string[]> =>
      (await planRotation(asked, tools(held))).left.map(({ reason }) => reason);
    expect(await reasons(["ref+sops://y#/A"])).toEqual([
      expect.stringContaining("would be locked out: ref+sops://y#/A"),
    ]);
    expect(await reasons([])).toEqual(["nothing here knows where it is checked"]);
  });
});

describe("a value of two subjects", () => {
  const asked = { only: [], mayMiss: false, graceMs: 0, healthTimeoutMs: 0, signal: new AbortController().signal };

  it("is no secret of both, where each may have come to it: a person names them", async () => {
    const { store } = moveIn(moved);
    moveIn(other, "here", "ref+sops://x#/B", "api");
    const reasons = async (value: Secret, of: readonly string[]): Promise<readonly string[]> => {
      for (const path of ["web", "api"]) valuesOf(store).set(JSON.stringify({ path, field: "A" }), value);
      return (await planRotation({ ...asked, of }, tools())).left.map(({ reason, hint }) => `${reason}; ${hint}`);
    };
    const short = Secret.of(randomBytes(4).toString("hex"));
    const unknown = [expect.stringContaining("nothing here knows where it is checked")];
    expect(await reasons(made(), [])).toEqual(unknown);
    expect(await reasons(short, ["docker:web"])).toEqual([
      expect.stringMatching(
        /docker:web and docker:api have the same short value.+unsprawl rotate docker:web docker:api;/,
      ),
    ]);
    expect(await reasons(short, ["docker:web", "docker:api"])).toEqual(unknown);
  });
});

describe("a consumer that was removed meanwhile", () => {
  it("is not said to have the value at its next start", async () => {
    const { step, work } = done(made(), made());
    const [consumer] = step.consumers;
    const nobody = { ...engine(), container: async () => null };
    const sight = await tools().sight(nobody);
    const none = { old: new Map<string, Secret>(), values: new Map<string, Secret>(), isStarted: false };
    const how = await renew({ engine: nobody, sight }, consumer as RotatedConsumer, step, none, work);
    expect(proofText({ seen: [], restarted: [], stopped: [], gone: [], [how]: ["first"] }, false)).toBe(
      "proven: first removed meanwhile",
    );
  });
});

describe("what is asked for", () => {
  const asked = { mayMiss: false, graceMs: 0, healthTimeoutMs: 0, signal: new AbortController().signal };

  it("is refused as a whole if a part of it means nothing", async () => {
    valuesOf(moveIn(moved).store).set(JSON.stringify(entry), made());
    const left = async (of: readonly string[], only: readonly string[]): Promise<unknown> =>
      (await planRotation({ ...asked, of, only }, tools())).left.length;
    expect([await left(["docker:web"], ["A"]), await left([], [])]).toEqual([1, 1]);
    await expect(left([], ["A", "AA"])).rejects.toThrow("meant by AA");
    await expect(left(["docker:web", "docker:wed"], [])).rejects.toThrow("meant by docker:wed");
  });
});
