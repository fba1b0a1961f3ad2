import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { chainedLine } from "../../../src/core/journal/chain.ts";
import { keyedDigest } from "../../../src/model/fingerprint.ts";
import type { Plan } from "../../../src/model/plan.ts";
import type { Receipt } from "../../../src/model/receipt.ts";
import { composeCli } from "../../services/compose.ts";
import { APP, BUSYBOX, FILE_ENV } from "../../services/images.ts";
import { workerEngine, type WorkerEngine } from "../../services/worker-engine.ts";
import { assemblyOf } from "../../support/in-process.ts";
import { twelveSecrets } from "../../support/secrets.ts";
import { expectServed } from "../../support/served.ts";
import { makeWorld, type World } from "../../support/world.ts";

// A project that an earlier version moved: its files mount a folder of the run, no index and no label knows of it. Here
// a run of today is put into that form, journal, files and containers.

const { DB_PASSWORD = "", API_TOKEN = "" } = twelveSecrets();
const quoted = (value: string): string => JSON.stringify(value.replaceAll("$", "$$$$"));
const COMMAND = JSON.stringify(APP.map((word) => word.replaceAll("$", "$$$$")));
const service = (image: string, more: string): string => `    image: ${image}\n    network_mode: none\n${more}`;
const COMPOSE = `name: shop
services:
  db:
${service(FILE_ENV, `    environment: { DB_PASSWORD: ${quoted(DB_PASSWORD)} }`)}
  web:
${service(BUSYBOX, `    command: ${COMMAND}\n    environment: { API_TOKEN: ${quoted(API_TOKEN)} }`)}
`;

let engine: WorkerEngine;
let world: World;
let program: string;
let dir: string;
let run: string;

beforeAll(async () => {
  [engine, program] = await Promise.all([workerEngine(), composeCli()]);
  world = makeWorld(engine.host);
  dir = join(world.dir, "project");
  mkdirSync(dir);
  writeFileSync(join(dir, "compose.yaml"), COMPOSE);
  compose("up", "-d");
  const moved = await world.unsprawl(["migrate", "docker:shop-*", "--to", "local", "--yes", "--grace", "100ms"]);
  expect(moved.code, moved.stdout + moved.stderr).toBe(0);
  run = /Plan (\S+):/.exec(moved.stdout)?.[1] ?? "";
});

afterAll(async () => {
  await engine?.clean();
  world?.remove();
});

function compose(...args: string[]): void {
  execFileSync(program, args, { cwd: dir, env: world.env, stdio: "pipe" });
}

/** Puts the run's journal into the earlier form, with the file as it would have been written; no index is left. */
function makeEarlier(text: string | null): void {
  const state = join(world.dir, "state/unsprawl");
  const file = join(state, "runs", `${run}.jsonl`);
  const key = assemblyOf(world).key();
  const asEarlier = (plan: Plan): Plan => ({
    ...plan,
    steps: plan.steps.map((step) => {
      if (step.kind !== "rewrite") return step;
      const { form: _form, ...target } = step.target;
      const files = step.files.filter(({ before }) => before !== null);
      const after = text === null ? {} : { after: keyedDigest(text, key) };
      return { ...step, target, files: files.map((one) => ({ ...one, ...after })) };
    }),
  });
  let link = run;
  let journal = "";
  for (const line of readFileSync(file, "utf8").trimEnd().split("\n")) {
    const { mac: _mac, ...receipt } = JSON.parse(line) as Receipt & { mac: string };
    const data = receipt.data as { readonly plan?: Plan } | undefined;
    const earlier = data?.plan === undefined ? receipt : { ...receipt, data: { ...data, plan: asEarlier(data.plan) } };
    const next = chainedLine(earlier, link, key);
    journal += next.line;
    link = next.link;
  }
  writeFileSync(file, journal);
  rmSync(join(state, "consumers.json"), { force: true });
}

function emptyMemory(): void {
  for (const name of readdirSync(world.memory)) rmSync(join(world.memory, name), { recursive: true, force: true });
}

/** The folder of a service's values. */
function folderOf(name: string, kind: "secrets" | "shim"): string {
  const found = readdirSync(join(world.memory, "units")).find((one) => one.startsWith(`shop_${name}-`));
  return join(world.memory, "units", found ?? "none", kind);
}

async function expectServing(): Promise<void> {
  await expectServed(engine.docker, "shop-db-1", { DB_PASSWORD });
  await expectServed(engine.docker, "shop-web-1", { API_TOKEN });
}

it("is rendered after a reboot, seen by doctor, and rolled back", async () => {
  compose("down", "-t", "1");
  rmSync(join(dir, "unsprawl-entrypoint.sh"));
  emptyMemory();
  makeEarlier(null);
  expect(await world.unsprawl(["render", "--all"])).toMatchObject({ code: 0, stdout: "compose/shop: 2 files\n" });
  expect(readdirSync(folderOf("db", "secrets"))).toEqual(["DB_PASSWORD"]);
  expect(readdirSync(folderOf("web", "shim")).sort()).toEqual(["API_TOKEN", "entrypoint"]);

  const mount = (source: string, target: string): string =>
    `    volumes:\n      - type: bind\n        source: ${source}\n        target: ${target}\n        read_only: true`;
  const text = `name: shop
services:
  db:
${service(FILE_ENV, `    environment: { DB_PASSWORD_FILE: "/run/secrets/DB_PASSWORD" }\n${mount(folderOf("db", "secrets"), "/run/secrets")}`)}
  web:
${service(BUSYBOX, `    command: ${COMMAND}\n${mount(folderOf("web", "shim"), "/run/unsprawl")}`)}
    entrypoint: ["/bin/sh","/run/unsprawl/entrypoint"]
`;
  writeFileSync(join(dir, "compose.yaml"), text);
  makeEarlier(text);
  compose("up", "-d");
  await expectServing();
  const told = await world.unsprawl(["doctor"]);
  expect(told.stdout).toContain(
    "shop-db-1, shop-web-1: moved by an earlier version: after a reboot their files are not written by the agent",
  );

  compose("stop", "-t", "1");
  emptyMemory();
  expect(await world.unsprawl(["render", run])).toMatchObject({ code: 0, stdout: "compose/shop: 2 files\n" });
  compose("start");
  await expectServing();

  const back = await world.unsprawl(["rollback", run]);
  expect(back.code, back.stdout + back.stderr).toBe(0);
  expect(readFileSync(join(dir, "compose.yaml"), "utf8")).toBe(COMPOSE);
  await expectServing();
  expect(readdirSync(join(world.memory, "units"))).toEqual([]);
});
