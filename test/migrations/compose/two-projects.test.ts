import { execFile } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Plan } from "../../../src/model/plan.ts";
import { composeCli } from "../../services/compose.ts";
import { BUSYBOX } from "../../services/images.ts";
import { startOpenBao, type OpenBao } from "../../services/openbao.ts";
import { workerEngine, type WorkerEngine } from "../../services/worker-engine.ts";
import { makeWorld, type World } from "../../support/world.ts";
import { password } from "../files-world.ts";

const PROJECTS = ["shop", "blog"] as const;
const run = promisify(execFile);
let engine: WorkerEngine;
let bao: OpenBao;
let world: World;

beforeAll(async () => {
  [engine, bao] = await Promise.all([workerEngine(), startOpenBao()]);
  world = makeWorld(engine.host, { VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token });
});
afterAll(async () => {
  await engine?.clean();
  world?.remove();
  await bao?.stop();
});

/** The files in memory that hold a value. */
function holding(value: string): string[] {
  return readdirSync(world.memory, { recursive: true, encoding: "utf8" })
    .map((name) => join(world.memory, name))
    .filter((file) => statSync(file).isFile() && readFileSync(file, "utf8").includes(value));
}

it(
  "two projects with a service db: both are moved to one store, and both render their own value",
  { timeout: 300_000 },
  async () => {
    const compose = await composeCli();
    const values = { shop: password(), blog: password() };
    const runs: string[] = [];
    for (const project of PROJECTS) {
      const dir = join(world.dir, project);
      mkdirSync(dir);
      const file = join(dir, "compose.yaml");
      writeFileSync(
        file,
        `services:\n  db:\n    image: ${BUSYBOX}\n    command: ["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1; done"]\n    environment:\n      DB_PASSWORD: ${values[project]}\n`,
      );
      await run(compose, ["-p", project, "-f", file, "up", "-d"], { cwd: dir, env: world.env });
      const args = [`docker:${project}-db-1`, "--to", "vault", "--deliver", "shim", "--grace", "100ms"];
      const planned = await world.unsprawl(["plan", ...args, "--json", "--fail-on", "never"]);
      const plan = JSON.parse(planned.stdout) as Plan;
      expect(plan.notMoved, planned.stdout).toEqual([]);
      const references = plan.steps.flatMap((step) => (step.kind === "put" ? [step.move.reference] : []));
      expect(references).toEqual([`ref+vault://secret/apps/${project}/db#/DB_PASSWORD`]);
      const moved = await world.unsprawl(["migrate", ...args, "--yes"]);
      expect(moved.code, moved.stdout + moved.stderr).toBe(0);
      runs.push(/Plan (\S+):/.exec(moved.stdout)?.[1] ?? "");
    }

    const files = Object.fromEntries(PROJECTS.map((project) => [project, holding(values[project])]));
    for (const project of PROJECTS) expect(files[project]?.length).toBeGreaterThan(0);
    expect(files["shop"]?.filter((file) => files["blog"]?.includes(file))).toEqual([]);
    // As after a boot.
    for (const name of readdirSync(world.memory)) rmSync(join(world.memory, name), { recursive: true });
    const rendered = await world.unsprawl(["render", "--all"]);
    expect(rendered.code, rendered.stdout + rendered.stderr).toBe(0);
    for (const project of PROJECTS) expect(holding(values[project])).toEqual(files[project]);

    // A policy lets each read its own.
    const policy = await world.unsprawl(["stores", "policy", "db", "--project", "shop", "--to", "vault"]);
    expect(policy.stdout).toContain('path "secret/data/apps/shop/db" { capabilities = ["read"] }');
    for (const id of runs.toReversed()) expect(await world.unsprawl(["rollback", id])).toMatchObject({ code: 0 });
    for (const project of PROJECTS)
      await expect(bao.api("GET", `secret/data/apps/${project}/db`)).rejects.toThrow("404");
  },
);

it(
  "an entry that another user's project refers to stays when the run that made it is undone",
  { timeout: 300_000 },
  async () => {
    const compose = await composeCli();
    const value = password();
    // Names that every object of JavaScript seems to have are names like any other.
    const store = "stores: { shared: { provider: vault, path: 'apps/{subject}' } }\n";
    writeFileSync(join(world.dir, "unsprawl.yaml"), store);
    const as = (project: string): { env: { [name: string]: string } } => ({
      env: { XDG_STATE_HOME: join(world.dir, `state-${project}`) },
    });
    for (const project of ["first", "second", "third"]) {
      const dir = join(world.dir, project);
      mkdirSync(dir);
      const text = `services:\n  constructor:\n    image: ${BUSYBOX}\n    network_mode: none\n    command: ["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1; done"]\n    environment:\n      DB_PASSWORD: ${value}\n      __proto__: x\n`;
      writeFileSync(join(dir, "compose.yaml"), text);
      await run(compose, ["-p", project, "up", "-d"], { cwd: dir, env: world.env });
      const args = [
        `docker:${project}-constructor-1`,
        "--to",
        "shared",
        "--deliver",
        "shim",
        "--grace",
        "100ms",
        "--yes",
      ];
      const moved = await world.unsprawl(["migrate", ...args], as(project));
      expect(moved.code, moved.stdout + moved.stderr).toBe(0);
    }
    const undone = await world.unsprawl(["rollback", "last"], as("first"));
    expect(undone.stdout).toMatch(
      /DB_PASSWORD stays in the store: container (second|third)-constructor-1 refers to it/,
    );
    // A project that cannot be read may need it too.
    const [file, away] = [join(world.dir, "second/compose.yaml"), join(world.dir, "second/away.yaml")];
    renameSync(file, away);
    expect((await world.unsprawl(["rollback", "last"], as("third"))).stdout).toContain(
      "DB_PASSWORD stays in the store: container second-constructor-1 may refer to it, as its project's files cannot be read",
    );
    renameSync(away, file);
    const rendered = await world.unsprawl(["render", "--all"], as("second"));
    expect([rendered.code, holding(value).length > 0], rendered.stderr).toEqual([0, true]);
  },
);
