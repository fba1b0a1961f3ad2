import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { composeCli } from "../services/compose.ts";
import { APP, BUSYBOX } from "../services/images.ts";
import { startOpenBao, type OpenBao } from "../services/openbao.ts";
import { workerEngine, type WorkerEngine } from "../services/worker-engine.ts";
import { random } from "../support/canary.ts";
import { makeWorld, type World } from "../support/world.ts";

// A value changes in OpenBao after its migration: each rollback puts the value back as it was moved.

let engine: WorkerEngine;
let bao: OpenBao;
let world: World;
let program: string;

beforeAll(async () => {
  [engine, bao, program] = await Promise.all([workerEngine(), startOpenBao(), composeCli()]);
  world = makeWorld(engine.host, { VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token });
});
afterAll(async () => {
  await engine?.clean();
  await bao?.stop();
  world?.remove();
});

async function migrate(source: string, ...more: string[]): Promise<string> {
  const args = ["migrate", source, "--to", "vault", "--grace", "100ms", "--fail-on", "never", "--yes", ...more];
  const { code, stdout, stderr } = await world.unsprawl(args);
  expect(code, stdout + stderr).toBe(0);
  return /Plan (\S+):/.exec(stdout)?.[1] ?? "";
}

/** Replaces a stored value twice; returns how what is stored there can be read. */
async function changeTwice(path: string, newer: string): Promise<() => Promise<unknown>> {
  const at = `secret/data/apps/${path}`;
  const stored = async (): Promise<unknown> => ((await bao.api("GET", at))["data"] as { data: unknown }).data;
  const all = (await stored()) as { readonly [name: string]: string };
  expect(all["DB_PASSWORD"]).toHaveLength(24);
  for (const DB_PASSWORD of [random(24), newer]) await bao.api("POST", at, { data: { ...all, DB_PASSWORD } });
  return stored;
}

async function rollBack(run: string): Promise<void> {
  const { code, stdout, stderr } = await world.unsprawl(["rollback", run]);
  expect(code, stdout + stderr).toBe(0);
  expect(stdout).toContain("DB_PASSWORD is back as it was moved; the store has a newer value, which stays there");
}

/** The variable in a container's configuration. */
const configured = (name: string): string =>
  engine
    .docker("inspect", "--format", "{{range .Config.Env}}{{println .}}{{end}}", name)
    .split("\n")
    .find((entry) => entry.startsWith("DB_PASSWORD="))
    ?.slice("DB_PASSWORD=".length) ?? "";

it("of a container", async () => {
  const [value, newer] = [random(24), random(24)];
  world.plant({ "container value": value, "container newer": newer });
  engine.docker("run", "-d", "--name", "changed", "--network", "none", "-e", `DB_PASSWORD=${value}`, BUSYBOX, ...APP);
  const run = await migrate("docker:changed", "--deliver", "shim");
  const stored = await changeTwice("changed", newer);
  expect(configured("changed")).toBe("");
  await rollBack(run);
  expect(configured("changed")).toBe(value);
  expect(await stored()).toEqual({ DB_PASSWORD: newer });
});

it("of a run line in a script", async () => {
  const [value, newer] = [random(24), random(24)];
  world.plant({ "script value": value, "script newer": newer });
  const file = join(world.dir, "changed-script.sh");
  const text = `#!/bin/sh\ndocker run -d --name changed-script \\\n  -e DB_PASSWORD='${value}' ${BUSYBOX} sleep 9\n`;
  writeFileSync(file, text, { mode: 0o750 });
  const run = await migrate(`script:${file}`, "--deliver", "shim");
  const stored = await changeTwice("changed-script", newer);
  expect(readFileSync(file, "utf8")).not.toContain(value);
  await rollBack(run);
  expect(readFileSync(file, "utf8")).toBe(text);
  expect(await stored()).toEqual({ DB_PASSWORD: newer });
});

it("of a Compose project, of which another value has not changed", async () => {
  const [value, token, newer] = [random(24), random(24), random(24)];
  world.plant({ "project value": value, "project token": token, "project newer": newer });
  const dir = join(world.dir, "project");
  mkdirSync(dir);
  const service = {
    ...{ image: BUSYBOX, network_mode: "none", stop_grace_period: "1s" },
    command: APP.map((word) => word.replaceAll("$", "$$$$")),
    environment: { DB_PASSWORD: value, API_TOKEN: token },
  };
  const text = JSON.stringify({ name: "changes", services: { web: service } });
  writeFileSync(join(dir, "compose.yaml"), text);
  execFileSync(program, ["up", "-d"], { cwd: dir, env: world.env, stdio: "pipe" });
  const run = await migrate("docker:changes-*", "--deliver", "shim");
  const stored = await changeTwice("changes/web", newer);
  expect(configured("changes-web-1")).toBe("");
  await rollBack(run);
  expect(readFileSync(join(dir, "compose.yaml"), "utf8")).toBe(text);
  expect(configured("changes-web-1")).toBe(value);
  expect(await stored()).toEqual({ DB_PASSWORD: newer });
});
