import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { BUSYBOX, FILE_ENV } from "../../services/images.ts";
import { startOpenBao } from "../../services/openbao.ts";
import { workerEngine, type WorkerEngine } from "../../services/worker-engine.ts";
import { random } from "../../support/canary.ts";
import { makeWorld, type World } from "../../support/world.ts";

// What a container can do after it was migrated: lose another secret, be rolled back, and outlive a reboot.

let engine: WorkerEngine;
let bao: Awaited<ReturnType<typeof startOpenBao>>;
let world: World;

beforeAll(async () => {
  [engine, bao] = await Promise.all([workerEngine(), startOpenBao()]);
  world = makeWorld(engine.host, { VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token });
});

afterAll(async () => {
  await engine?.clean();
  await bao?.stop();
  world?.remove();
});

const NAMES = ["DB_PASSWORD", "API_TOKEN", "SESSION_SECRET"];
const APP = ["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1000 & wait $!; done"];

/** Starts an application with three secrets; gives their values. */
function start(name: string, image: string): { readonly [key: string]: string } {
  const values = Object.fromEntries(NAMES.map((one) => [one, random(24)]));
  world.plant(Object.fromEntries(Object.entries(values).map(([key, value]) => [`${name} ${key}`, value])));
  const env = Object.entries(values).flatMap(([key, value]) => ["-e", `${key}=${value}`]);
  engine.docker("run", "-d", "--name", name, "--network", "none", ...env, image, ...APP);
  return values;
}

async function migrate(name: string, only: string, ...more: string[]): Promise<string> {
  const args = ["migrate", `docker:${name}`, "--to", "vault", "--only", only, "--grace", "100ms", "--yes", ...more];
  const { code, stdout, stderr } = await world.unsprawl(args);
  expect(code, stderr + stdout).toBe(0);
  return /Plan (\S+):/.exec(stdout)?.[1] ?? "";
}

/** The value that the application's process has of a variable, in its environment or in its file. */
function has(name: string, variable: string): string {
  const file = `/run/secrets/${variable}`;
  const script = `if [ -r ${file} ]; then cat ${file}; else tr '\\0' '\\n' </proc/1/environ | sed -n 's/^${variable}=//p'; fi`;
  return engine.docker("exec", name, "sh", "-c", script);
}

const labels = (name: string): { readonly [key: string]: string } =>
  JSON.parse(engine.docker("inspect", "--format", "{{json .Config.Labels}}", name)) as { [key: string]: string };

it.each([
  ["file", FILE_ENV, NAMES.slice(0, 2)],
  ["shim", BUSYBOX, NAMES],
])(
  "the secrets of one container move in runs of their own by %s, and are rolled back newest first",
  async (deliver, image, names) => {
    const name = `thrice-${deliver}`;
    const values = start(name, image);
    const runs: string[] = [];
    for (const only of names) runs.push(await migrate(name, only, "--deliver", deliver));
    for (const one of names) {
      expect(has(name, one)).toBe(values[one]);
      expect(labels(name)[`unsprawl.ref.${one}`]).toBe(`ref+vault://secret/apps/${name}#/${one}`);
    }
    const document = engine.docker("inspect", name);
    for (const one of names) expect(document).not.toContain(values[one]);
    const mounts = JSON.parse(engine.docker("inspect", "--format", "{{json .Mounts}}", name)) as unknown[];
    expect(mounts).toHaveLength(1);

    const early = await world.unsprawl(["rollback", runs[0] ?? ""]);
    expect(early.code).not.toBe(0);
    expect(early.stderr).toContain(`by run ${runs.at(-1)}`);

    for (const run of runs.toReversed()) {
      const { code, stderr } = await world.unsprawl(["rollback", run]);
      expect(code, stderr).toBe(0);
      for (const one of NAMES) expect(has(name, one)).toBe(values[one]);
    }
    expect(Object.keys(labels(name)).filter((key) => key.startsWith("unsprawl."))).toEqual([]);
  },
);

it("after a reboot and a lost state folder, the files come back from the labels alone", async () => {
  const values = start("reborn", BUSYBOX);
  await migrate("reborn", "DB_PASSWORD", "--deliver", "shim");
  await migrate("reborn", "API_TOKEN", "--deliver", "shim");
  engine.docker("stop", "-t", "1", "reborn");
  rmSync(join(world.memory, "units"), { recursive: true, force: true });
  rmSync(join(world.dir, "state"), { recursive: true, force: true });
  expect(() => engine.docker("start", "reborn")).toThrow(/no such file|does not exist/);

  const { code, stdout, stderr } = await world.unsprawl(["render", "docker:"]);
  expect(code, stderr).toBe(0);
  expect(stdout).toContain("reborn: 2 files");
  engine.docker("start", "reborn");
  for (const one of ["DB_PASSWORD", "API_TOKEN"]) expect(has("reborn", one)).toBe(values[one]);

  // The index was made again: the next boot needs no engine.
  rmSync(join(world.memory, "units"), { recursive: true, force: true });
  const all = await world.unsprawl(["render", "--all"], { env: { DOCKER_HOST: "unix:///nowhere/docker.sock" } });
  expect(all.code, all.stderr).toBe(0);
  expect(all.stdout).toContain("reborn: 2 files");
});

it("labels of an image choose no secret", async () => {
  const other = start("other", BUSYBOX);
  await migrate("other", "DB_PASSWORD", "--deliver", "shim");
  const stolen = labels("other");
  const args = Object.entries(stolen).flatMap(([key, value]) => ["--change", `LABEL ${key}=${value}`]);
  const id = engine.docker("commit", ...args, "other", "thief:latest");
  expect(id).not.toBe("");
  engine.docker(
    "run",
    "-d",
    "--name",
    "thief",
    "--network",
    "none",
    "-v",
    `${world.memory}:/memory`,
    "thief:latest",
    ...APP,
  );
  const { stdout } = await world.unsprawl(["render", "docker:thief"]);
  expect(stdout).not.toContain("thief:");
  expect(other["DB_PASSWORD"]).toBe(has("other", "DB_PASSWORD"));
});
