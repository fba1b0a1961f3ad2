import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { change, migrated } from "../agent/stage.ts";
import { BUSYBOX } from "../services/images.ts";
import { startOpenBao, type OpenBao } from "../services/openbao.ts";
import { workerEngine, type WorkerEngine } from "../services/worker-engine.ts";
import { random } from "../support/canary.ts";
import { makeWorld, type World } from "../support/world.ts";

/**
 * The agent reads every secret of this host's applications and is root. A tenant writes the labels of his own container and
 * the Compose file that they name: they choose no other's secret, no folder, no other's process, and read no file of root's.
 */

let engine: WorkerEngine;
let bao: OpenBao;
let world: World;

const PAYROLL = "ref+vault://secret/apps/payroll#/API_TOKEN";
const TENANT = "tenant";

beforeAll(async () => {
  [engine, bao] = await Promise.all([workerEngine(), startOpenBao()]);
  world = makeWorld(engine.host, { VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token });
  await migrated(engine, world, { name: "payroll", image: BUSYBOX, deliver: "shim", more: ["--stop-timeout", "1"] });
  expect((await pass()).code).toBe(0);
});

afterAll(async () => {
  await engine?.clean();
  await bao?.stop();
  world?.remove();
});

beforeEach(() => engine.docker("rm", "-f", TENANT));

const pass = (): ReturnType<World["unsprawl"]> => world.unsprawl(["agent", "--once", "--grace", "100ms"]);
const startedAt = (name: string): string => engine.docker("inspect", "-f", "{{.State.StartedAt}}", name);

/** The tenant's container, with these labels and mounts. */
function tenant(labels: { readonly [name: string]: string }, ...mounts: readonly string[]): void {
  const flags = Object.entries(labels).flatMap(([name, value]) => ["--label", `${name}=${value}`]);
  const volumes = mounts.flatMap((mount) => ["-v", mount]);
  engine.docker(
    ...["run", "-d", "--name", TENANT, "--stop-timeout", "1", ...flags, ...volumes],
    ...[BUSYBOX, "sleep", "100000"],
  );
}

it("a label for the OCI runtime does not have another's secret read, and does not tell when it changes", async () => {
  tenant({ "unsprawl.deliver.X": "runtime", "unsprawl.ref.X": PAYROLL, "unsprawl.store.X": "vault" });
  const { stdout } = await pass();
  expect(stdout).toContain(`container:${TENANT} asks for ${PAYROLL}, which it may not use`);
  expect(stdout).toContain(`unsprawl runtime allow container:${TENANT} X '${PAYROLL}'`);
  const started = startedAt(TENANT);
  await change(bao, world, "payroll");
  const after = await pass();
  expect(after.stdout).toContain("payroll: restarted");
  expect(after.stdout).not.toContain(`${TENANT}: restarted`);
  expect(startedAt(TENANT)).toBe(started);
});

it("one for the OCI runtime that asks for what is at its own path is served", async () => {
  world.plant({ "the tenant's": random(24) });
  await bao.api("POST", `secret/data/apps/${TENANT}`, { data: { X: random(24) } });
  const own = `ref+vault://secret/apps/${TENANT}#/X`;
  tenant({ "unsprawl.deliver.X": "runtime", "unsprawl.ref.X": own, "unsprawl.store.X": "vault" });
  expect((await pass()).stdout).not.toContain(TENANT);
  const started = startedAt(TENANT);
  await bao.api("PATCH", `secret/data/apps/${TENANT}`, { data: { X: random(24) } });
  expect((await pass()).stdout).toContain(`${TENANT}: restarted`);
  expect(startedAt(TENANT)).not.toBe(started);
});

it.each([
  ["another's secret into his own folder", PAYROLL, "units/tenant-1/shim"],
  ["his secret into another's folder", `ref+vault://secret/apps/${TENANT}#/X`, "PAYROLL"],
  ["his secret into a folder of the host", `ref+vault://secret/apps/${TENANT}#/X`, "/etc/unsprawl-planted/shim"],
])("labels do not bring %s", async (_what, reference, place) => {
  await bao.api("POST", `secret/data/apps/${TENANT}`, { data: { X: random(24) } });
  const others = engine.docker("inspect", "-f", "{{range .Mounts}}{{.Source}}{{end}}", "payroll");
  const folder =
    place === "PAYROLL" ? others : place.startsWith("/") ? join(world.dir, place) : join(world.memory, place);
  mkdirSync(folder, { recursive: true });
  const before = readdirSync(folder);
  tenant(
    { "unsprawl.deliver.X": "shim", "unsprawl.ref.X": reference, "unsprawl.store.X": "vault", "unsprawl.owner": "0:0" },
    `${folder}:/x`,
  );
  const { stdout } = await pass();
  expect(stdout).toMatch(/asks for|is the folder of|mounts no folder for/);
  expect(readdirSync(folder)).toEqual(before);
});

it.each([["signal:KILL -1"], ["signal:../../1"], ["signal:9"], ["exec:reboot"]])(
  "%j is no signal, and is said",
  async (onChange) => {
    await bao.api("POST", `secret/data/apps/${TENANT}`, { data: { X: random(24) } });
    tenant({
      ...{ "unsprawl.deliver.X": "runtime", "unsprawl.ref.X": `ref+vault://secret/apps/${TENANT}#/X` },
      ...{ "unsprawl.store.X": "vault", "unsprawl.on-change": onChange },
    });
    const said = `${TENANT}: the label unsprawl.on-change is not restart, signal:NAME or none`;
    expect((await pass()).stdout).toContain(said);
    const started = startedAt(TENANT);
    await bao.api("PATCH", `secret/data/apps/${TENANT}`, { data: { X: random(24) } });
    const { stdout } = await pass();
    expect(stdout).toContain(`${TENANT}: restarted`);
    expect(stdout).not.toContain("signalled");
    expect(startedAt(TENANT)).not.toBe(started);
  },
);

it("a Compose file that a label names shows nothing of a file of root's", async () => {
  const [folder, words] = [join(world.memory, "compose/shop/db"), random(30)];
  mkdirSync(folder, { recursive: true });
  const secret = join(world.dir, "root-only.yaml");
  world.plant({ "root's file": words });
  writeFileSync(secret, `root:$6$${words}:19000:0:99999\n  : - {${words}\n`, { mode: 0o600 });
  const files = [secret, "/etc/shadow", "/proc/self/environ", "/dev/zero", "-"].join(",");
  tenant(
    {
      ...{ "com.docker.compose.project": "shop", "com.docker.compose.service": "db" },
      ...{ "com.docker.compose.config-hash": "0".repeat(64), "com.docker.compose.container-number": "1" },
      ...{ "com.docker.compose.oneoff": "False", "com.docker.compose.version": "2.30.0" },
      ...{ "com.docker.compose.project.config_files": files, "com.docker.compose.project.working_dir": "/etc" },
    },
    `${folder}/X:/x`,
  );
  // `pass` fails if it shows what was planted.
  const { stdout, stderr } = await pass();
  expect(stdout + stderr).not.toContain("$6$");
  expect(readdirSync(folder).filter((name) => name !== "X")).toEqual([]);
});
