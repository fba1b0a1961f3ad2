import { execFileSync } from "node:child_process";
import { randomInt } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { composeCli } from "./services/compose.ts";
import { startEngine, type TestEngine } from "./services/engine.ts";
import { BUSYBOX, makeImages } from "./services/images.ts";
import { leftovers } from "./support/formats.ts";
import { twelveSecrets } from "./support/secrets.ts";
import { expectServed } from "./support/served.ts";
import { makeWorld, type Ran, type World } from "./support/world.ts";

// The second guard of the laws, for files: a run on a Compose project is killed around its writes, then resumed or rolled
// back, and the rollback is killed too. The application serves its value, the files are as they were or as they were to
// become, never in between, and nothing else is left.

const HOOK = new URL("./support/kill-hook.mjs", import.meta.url).pathname;
const EVERY = 13;

let engine: TestEngine;
let world: World;
let program: string;
let dir: string;

const { DB_PASSWORD = "" } = twelveSecrets();
const APP = `["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1000 & wait $$!; done"]`;
const FILES: { readonly [name: string]: string } = {
  "compose.yaml": `# two that share a password
services:
  db:
    image: ${BUSYBOX}
    network_mode: none
    command: ${APP.replace(/]$/, ', "app", "--password=${DB_PASSWORD}"]')}
    environment:
      DB_PASSWORD: \${DB_PASSWORD} # from .env
    volumes: [/data]
  web:
    image: ${BUSYBOX}
    network_mode: none
    command: ${APP}
    env_file: web.env
`,
  ".env": `DB_PASSWORD=${DB_PASSWORD}\nLOG=1\n`,
  "web.env": `# for the web\nDB_PASSWORD="${DB_PASSWORD}"\nPORT=1`,
};

beforeAll(async () => {
  [engine, program] = await Promise.all([startEngine(), composeCli()]);
  await makeImages(engine);
  world = makeWorld(engine.host);
  dir = join(world.dir, "shop");
  mkdirSync(dir);
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(dir, name), text);
  compose("up", "-d");
  engine.docker("exec", "shop-db-1", "sh", "-c", "echo kept > /data/file");
});

afterAll(async () => {
  await engine?.stop();
  world?.remove();
});

function compose(...args: string[]): void {
  execFileSync(program, args, { cwd: dir, env: { ...world.env }, stdio: "pipe" });
}

const bytes = (): { readonly [name: string]: string } =>
  Object.fromEntries(Object.keys(FILES).map((name) => [name, readFileSync(join(dir, name), "utf8")]));

/** Both are up and have their password, however they got it, and the data is where it was. */
async function expectServing(): Promise<void> {
  for (const name of ["shop-db-1", "shop-web-1"]) {
    await expectServed(engine.docker, name, { DB_PASSWORD });
  }
  expect(engine.docker("exec", "shop-db-1", "cat", "/data/file")).toBe("kept");
  const names = engine.docker("ps", "-a", "--format", "{{.Names}}").split("\n").sort();
  expect(names).toEqual(["shop-db-1", "shop-web-1"]);
}

const killing = (args: readonly string[], at: number, from: string): Promise<Ran> =>
  world.unsprawl(args, {
    env: { KILL_AT_WRITE: String(at), KILL_FROM: `"step":"${from}"` },
    nodeArgs: ["--import", HOOK],
  });

const shown = (): boolean => engine.docker("inspect", "shop-db-1", "shop-web-1").includes(DB_PASSWORD);

it("killed around its writes, then resumed and rolled back, or rolled back at once", { timeout: 600_000 }, async () => {
  let killed = 0;
  for (let at = randomInt(EVERY); ; at += EVERY) {
    const planned = await world.unsprawl([
      "plan",
      "docker:shop-*",
      "--to",
      "local",
      "--deliver",
      "shim",
      "--grace",
      "100ms",
      "--json",
      "-o",
      "plan.json",
    ]);
    const plan = JSON.parse(planned.stdout) as { id: string; steps: { kind: string; files?: { file: string }[] }[] };
    expect(
      plan.steps
        .find(({ kind }) => kind === "rewrite")
        ?.files?.map(({ file }) => file.split("/").at(-1))
        .sort(),
    ).toEqual([...Object.keys(FILES), "unsprawl-entrypoint.sh"].sort());
    const applied = await killing(["apply", "plan.json"], at, "run");
    const [now, begun] = [
      bytes(),
      existsSync(join(world.env["XDG_STATE_HOME"] ?? "", "unsprawl/runs", `${plan.id}.jsonl`)),
    ];
    for (const [name, text] of Object.entries(now))
      expect(text === FILES[name] || !text.includes(DB_PASSWORD), `${name} is whole`).toBe(true);
    if (applied.signal !== "SIGKILL") {
      expect(applied.code, applied.stderr).toBe(0);
      expect(shown()).toBe(false);
      await expectServing();
      break;
    }
    killed++;
    const resume = killed % 2 === 0 && begun && (await world.unsprawl(["runs", plan.id])).code === 0;
    if (resume) {
      const resumed = await world.unsprawl(["resume", plan.id]);
      expect(resumed.code, `killed at write ${at}: ${resumed.stderr}`).toBe(0);
      expect(shown(), `killed at write ${at}`).toBe(false);
      await expectServing();
    }
    const first = await killing(["rollback", plan.id], Math.floor(at / 2), "rollback");
    const back = first.signal === null ? first : await world.unsprawl(["rollback", plan.id]);
    // Killed before the run's first record was whole: nothing was done.
    if (back.code !== 0) expect(back.stderr).toMatch(/no run|cannot be read/);
    expect(bytes(), `killed at write ${at}`).toEqual(FILES);
    expect(readdirSync(dir).sort(), `killed at write ${at}`).toEqual(Object.keys(FILES).sort());
    expect(leftovers(world), `killed at write ${at}`).toEqual([]);
    await expectServing();
  }
  expect(killed).toBeGreaterThan(5);
});
