import { expect, test } from "vitest";
import { Recreation } from "../../../migrations/compose/engine/recreate.ts";
import type { ComposeCli } from "../../../migrations/compose/engine/cli.ts";
import type { RunChange } from "../../../src/contract/delivery.ts";
import type { Work } from "../../../src/contract/migration.ts";
import type { Engine } from "../../../src/engine/engine.ts";
import type { ContainerDoc } from "../../../src/engine/types.ts";
import type { Rewrite } from "../../../src/files/rewritten.ts";
import { fingerprintKey } from "../../../src/model/fingerprint.ts";
import type { Json } from "../../../src/model/json.ts";
import type { Step } from "../../../src/model/plan.ts";
import type { ComposeTools } from "../../../migrations/compose/tools.ts";

// An engine and a Compose in memory: the engine's own configuration changes between the old container and the new one.

const CALL = { name: "shop", dir: "/srv/shop", files: ["/srv/shop/compose.yaml"], envFiles: [], profiles: [] };
const LABELS = {
  "com.docker.compose.project": "shop",
  "com.docker.compose.service": "web",
  "com.docker.compose.container-number": "1",
  "com.docker.compose.config-hash": "1",
  "com.docker.compose.project.config_files": CALL.files.join(),
  "com.docker.compose.project.working_dir": CALL.dir,
};
const CHANGE: RunChange = {
  ...{ unset: ["PW"], set: [], mounts: [], entrypointPrefix: null, healthcheckPrefix: null, runtime: null },
};
const REWRITE = {
  id: "rewrite:u",
  kind: "rewrite",
  unit: "u",
  moves: [],
  files: [],
  target: CALL,
} as unknown as Rewrite;
const STEPS = [{ id: "recreate:u/web", kind: "recreate", unit: "u", moves: [{ name: "PW" }] }] as unknown as Step[];

/** A project of one service; `next` is what Compose creates, of what the engine's defaults are now. */
function stage(): {
  next: (fresh: ContainerDoc) => ContainerDoc;
  log: { readonly [option: string]: string };
  readonly web: () => ContainerDoc;
  readonly names: () => string[];
  readonly said: string[];
  forth(): Promise<void>;
  back(): Promise<void>;
} {
  const docs = new Map<string, ContainerDoc>();
  let made = 0;
  const add = (name: string, config: ContainerDoc["Config"], host: object): ContainerDoc => {
    const Id = String(++made).repeat(64).slice(0, 64);
    const HostConfig = { LogConfig: { Type: "json-file", Config: self.log }, ...host };
    const State = { Status: "created", Running: false, Paused: false };
    const doc: ContainerDoc = { Id, Name: `/${name}`, Image: "sha256:1", State, Config: config, HostConfig };
    docs.set(Id, doc);
    return doc;
  };
  const start = (doc: ContainerDoc): void =>
    void docs.set(doc.Id, { ...doc, State: { ...doc.State, Status: "running", Running: true } });
  const byName = (name: string): ContainerDoc | null =>
    docs.get(name) ?? [...docs.values()].find(({ Name }) => Name === `/${name}`) ?? null;
  const journal = new Map<string, { readonly [key: string]: Json }>();
  const note = (step: string, data = {}): void => void journal.set(step, data);
  const engine = {
    containers: async () =>
      [...docs.values()].map(({ Id, Name, Config }) => ({ Id, Names: [Name], Labels: Config.Labels ?? {} })),
    container: async (id: string) => byName(id),
    image: async () => ({ Id: "sha256:1", Config: {} }),
    volumes: async () => [],
    call: async (_what: string, act: () => Promise<unknown>) => act(),
    docker: async () => ({
      listNetworks: async () => [],
      createContainer: async ({ name }: { name: string }) => ({ id: add(name, {}, {}).Id }),
      getContainer: (id: string) => ({
        start: async () => start(docs.get(id) as ContainerDoc),
        remove: async () => void docs.delete(id),
      }),
    }),
  } as unknown as Engine;
  const compose: ComposeCli = {
    config: async () => ({ services: { web: {} } }),
    foresee: async () => null,
    counted: async () => new Set(),
    async up() {
      const old = byName("shop-web-1") as ContainerDoc;
      docs.delete(old.Id);
      const fresh = self.next(add("shop-web-1", old.Config, {}));
      docs.set(fresh.Id, fresh);
    },
  };
  const tools = {
    ...{ open: async () => engine, key: fingerprintKey(Buffer.alloc(32, 7)) },
    // Nothing runs here that could be looked at.
    sight: async () => ({ programs: async () => ({ programs: new Map(), inScript: false }) }),
  } as unknown as ComposeTools;
  const said: string[] = [];
  const work = {
    ...{ plan: { id: "r", steps: STEPS }, signal: new AbortController().signal, values: new Map() },
    record: { intent: note, done: note, undone: note, last: (step: string) => journal.get(step) ?? null },
    say: (text: string) => void said.push(text),
    phase: () => undefined,
  } as unknown as Work;
  const run = new Recreation(tools, async () => compose, REWRITE, work);
  const self = {
    next: (fresh: ContainerDoc): ContainerDoc => fresh,
    log: {},
    ...{
      web: () => byName("shop-web-1") as ContainerDoc,
      names: () => [...docs.values()].map(({ Name }) => Name),
      said,
    },
    forth: () => run.forth(async () => CHANGE),
    back: () => run.back(STEPS),
  };
  start(add("shop-web-1", { Env: ["PW=x", "A=1"], Labels: LABELS }, {}));
  return self;
}

const withEnv = (doc: ContainerDoc, Env: string[], host = {}): ContainerDoc => ({
  ...doc,
  Config: { ...doc.Config, Env },
  HostConfig: { ...doc.HostConfig, ...host },
});

test("the engine's log options changed since the container was created: it moves, and it comes back", async () => {
  const at = stage();
  const old = at.web().Id;
  at.log = { "max-size": "1m" };
  at.next = (fresh) => withEnv(fresh, ["A=1"]);
  await at.forth();
  expect(at.web().State.Running).toBe(true);
  expect(at.web().Id).not.toBe(old);
  expect(at.said.join()).toContain("HostConfig.LogConfig");
  at.log = { "max-size": "9m" };
  at.next = (fresh) => withEnv(fresh, ["PW=x", "A=1"]);
  await at.back();
  expect(at.web().State.Running).toBe(true);
  expect(at.web().Config.Env).toContain("PW=x");
  // Nothing is left of the container that was created to learn the engine's defaults.
  expect(at.names()).toEqual(["/shop-web-1"]);
});

test("on the way forth any other difference keeps the container from starting", async () => {
  const at = stage();
  at.next = (fresh) => withEnv(fresh, ["A=2"]);
  await expect(at.forth()).rejects.toMatchObject({ code: "refused" });
  expect(at.web().State.Running).toBe(false);
});

test("on the way back only rights do: a harmless difference is noted", async () => {
  const at = stage();
  at.next = (fresh) => withEnv(fresh, ["A=1"]);
  await at.forth();
  at.next = (fresh) => withEnv(fresh, ["PW=x", "A=2"], { ShmSize: 1 });
  await at.back();
  expect(at.web().State.Running).toBe(true);
  expect(at.said.join()).toContain("has a different Config.Env, HostConfig.ShmSize than before");

  // What was moved has to come back: it is up, but that is not as before.
  at.next = (fresh) => withEnv(fresh, ["A=1"]);
  await expect(at.back()).rejects.toMatchObject({ code: "changed" });
  expect(at.web().State.Running).toBe(true);

  at.next = (fresh) => withEnv(fresh, ["PW=x", "A=1"], { Privileged: true });
  await expect(at.back()).rejects.toMatchObject({ code: "refused" });
  expect(at.web().State.Running).toBe(false);
});
