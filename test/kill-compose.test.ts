import { execFileSync } from "node:child_process";
import { randomInt } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Plan } from "../src/model/plan.ts";
import { composeCli } from "./services/compose.ts";
import { BUSYBOX } from "./services/images.ts";
import { workerEngine, type WorkerEngine } from "./services/worker-engine.ts";
import { DEEP } from "./support/deep.ts";
import { leftovers } from "./support/formats.ts";
import { savePlan, stateOf } from "./support/in-process.ts";
import { boundariesOf, killedAt, recorded, type Boundary } from "./support/kill.ts";
import { twelveSecrets } from "./support/secrets.ts";
import { expectServed } from "./support/served.ts";
import { makeWorld, type World } from "./support/world.ts";

// The second guard of the laws, for files: a run on a Compose project is killed around its writes, then resumed or rolled
// back, and the rollback is killed too. The application serves its value, the files are as they were or as they were to
// become, never in between, and nothing else is left.

let engine: WorkerEngine;
let world: World;
let program: string;
let dir: string;

const { DB_PASSWORD = "", API_TOKEN = "" } = twelveSecrets();
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
    # What it mounts stays as it is, so the web has that over an empty variable.
    volumes: [/data, "./web.env:/web.env:ro"]
  web:
    image: ${BUSYBOX}
    network_mode: none
    command: ${APP.replace(/]$/, `, "app", "--password=${DB_PASSWORD}"]`)}
    env_file: web.env
  vpn:
    image: ${BUSYBOX}
    network_mode: service:db
    command: ${APP}
`,
  ".env": `DB_PASSWORD=${DB_PASSWORD}\nLOG=1\n`,
  "web.env": `# for the web\nDB_PASSWORD="${DB_PASSWORD}"\nAPI_TOKEN='${API_TOKEN}'\nPORT=1`,
};

beforeAll(async () => {
  [engine, program] = await Promise.all([workerEngine(), composeCli()]);
  world = makeWorld(engine.host);
  dir = join(world.dir, "shop");
  mkdirSync(dir);
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(dir, name), text);
  compose("up", "-d");
  engine.docker("exec", "shop-db-1", "sh", "-c", "echo kept > /data/file");
});

afterAll(async () => {
  await engine?.clean();
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
    await expectServed(engine.docker, name, { DB_PASSWORD, ...(name === "shop-web-1" ? { API_TOKEN } : {}) });
  }
  expect(engine.docker("exec", "shop-db-1", "cat", "/data/file")).toBe("kept");
  // In the network of the container that is there.
  const [db = "", vpn = ""] = ["{{.Id}}", "{{.HostConfig.NetworkMode}} {{.State.Running}}"].map((format, at) =>
    engine.docker("inspect", "-f", format, at === 0 ? "shop-db-1" : "shop-vpn-1"),
  );
  expect(vpn).toBe(`container:${db} true`);
  const names = engine.docker("ps", "-a", "--format", "{{.Names}}").split("\n").sort();
  expect(names).toEqual(["shop-db-1", "shop-vpn-1", "shop-web-1"]);
}

const shown = (): boolean => engine.docker("inspect", "shop-db-1", "shop-web-1").includes(DB_PASSWORD);

/** Which end comes first is drawn, so that two runs see each boundary end both ways. */
const first = randomInt(2);
/** What comes before the files are rewritten is the same for each format, and killed in kill-files.test.ts. */
const OF_APPLY = { from: DEEP ? '"step":"run"' : '"step":"rewrite:' };
const OF_ROLLBACK = { from: '"step":"rollback"' };

it(
  "killed around its writes, then resumed and rolled back, or rolled back at once",
  { timeout: 1_800_000 },
  async () => {
    const options = { to: "local", deliver: "shim", grace: "100ms" };
    const plan = (): Promise<string> => savePlan(world, "plan.json", ["docker:shop-*"], options);
    const expectMoved = async (what: string): Promise<void> => {
      for (const [name, text] of Object.entries(bytes()))
        expect(text.includes(DB_PASSWORD), `${name}: ${what}`).toBe(false);
      expect(shown(), what).toBe(false);
      await expectServing();
    };
    const expectBack = async (what: string): Promise<void> => {
      expect(bytes(), what).toEqual(FILES);
      expect(readdirSync(dir).sort(), what).toEqual(Object.keys(FILES).sort());
      expect(leftovers(world), what).toEqual([]);
      await expectServing();
    };

    if (DEEP) {
      // The first of all runs also makes what the later ones find: it is none to count boundaries in.
      const run = await plan();
      expect((await world.unsprawl(["apply", "plan.json"])).code).toBe(0);
      expect((await world.unsprawl(["rollback", run])).code).toBe(0);
    }
    const model = await plan();
    expect(filesOf(JSON.parse(readFileSync(join(world.dir, "plan.json"), "utf8")) as Plan)).toEqual(
      [...Object.keys(FILES), "unsprawl-entrypoint.sh"].sort(),
    );
    const applied = await recorded(world, ["apply", "plan.json"], OF_APPLY);
    expect(applied.ran.code, applied.ran.stderr).toBe(0);
    await expectMoved("undisturbed");
    const undone = await recorded(world, ["rollback", model], OF_ROLLBACK);
    expect(undone.ran.code, undone.ran.stderr).toBe(0);
    await expectBack("undisturbed");

    // A run that was resumed has less to take away again in places, but something of each kind.
    const ofRollback = boundariesOf(undone.kinds).filter(({ nth }) => DEEP || nth === 0);
    const backs = [...ofRollback];
    for (const [turn, at] of ofCompose(boundariesOf(applied.kinds)).entries()) {
      const run = await plan();
      const what = `${run}, killed ${at.kind} ${at.nth}`;
      expect((await killedAt(world, ["apply", "plan.json"], at, OF_APPLY)).signal, what).toBe("SIGKILL");
      for (const [name, text] of Object.entries(bytes()))
        expect(text === FILES[name] || !text.includes(DB_PASSWORD), `${name} is whole: ${what}`).toBe(true);
      // Killed before the run's first record was whole: nothing was done.
      if (stateOf(world, run) === null) {
        await expectBack(what);
        continue;
      }
      const resume = (turn + first) % 2 === 0;
      if (resume) {
        const resumed = await world.unsprawl(["resume", run]);
        expect(resumed.code, `${what}: ${resumed.stderr}`).toBe(0);
        await expectMoved(what);
      }
      const next = resume || DEEP ? backs.splice(randomInt(backs.length), 1)[0] : undefined;
      const undo = next === undefined ? null : await killedAt(world, ["rollback", run], next, OF_ROLLBACK);
      const all = next === undefined ? what : `${what}; its rollback killed ${next.kind} ${next.nth}`;
      if (resume && !DEEP) expect(undo?.signal, all).toBe("SIGKILL");
      const finished = undo?.signal === null ? undo : await world.unsprawl(["rollback", run]);
      expect(finished.code, `${all}: ${finished.stderr}`).toBe(0);
      await expectBack(all);
      if (backs.length === 0) backs.push(...ofRollback);
    }
  },
);

/** The files that a plan rewrites, by name. */
function filesOf({ steps }: Plan): readonly string[] {
  return steps.flatMap((step) => (step.kind === "rewrite" ? step.files.map(({ file }) => basename(file)) : [])).sort();
}

/**
 * Of what is done to the files, the first boundary, the last and one between them; one of what is then done to the
 * containers. The writing of a single file is killed at each of its boundaries in kill-files.test.ts. A deep run leaves
 * nothing out.
 */
function ofCompose(all: readonly Boundary[]): readonly Boundary[] {
  if (DEEP) return all;
  const at = (kind: string): number => {
    const found = all.findIndex((one) => one.kind === kind);
    if (found < 0) throw new Error(`no boundary is ${kind}: ${all.map((one) => one.kind).join(", ")}`);
    return found;
  };
  const begun = at("after intent rewrite/shop");
  const written = at("before done rewrite/shop");
  const recreated = at("before done recreate/web");
  const between = begun + 1 + randomInt(written - begun - 1);
  const after = written + 1 + randomInt(recreated - written);
  return [begun, between, written, after].flatMap((place) => all.slice(place, place + 1));
}
