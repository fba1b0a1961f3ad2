import { execFileSync } from "node:child_process";
import { randomBytes, randomInt } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { composeCli } from "./services/compose.ts";
import { databaseEngine, type DatabaseEngine } from "./services/database-engine.ts";
import { APP, BUSYBOX } from "./services/images.ts";
import { startOpenBao, type OpenBao } from "./services/openbao.ts";
import { workerEngine, type WorkerEngine } from "./services/worker-engine.ts";
import { stateOf } from "./support/in-process.ts";
import { boundariesOf, killedAt, oneOfEachStep, recorded } from "./support/kill.ts";
import { heldLocks } from "./support/locks.ts";
import { makeWorld, type World } from "./support/world.ts";

// A login that two have, a container and a Compose project, is handed over to OpenBao's database engine, and taken back;
// killed around each of the effects (in every run one of each, as drawn; in a deep run all). Whatever `resume` or `rollback`
// ends with: one password logs in, both applications have it, and the project's file names where it is.

const old = randomBytes(18).toString("base64url");
const ENTRY = "ref+vault://secret/apps/shop/worker#/PGPASSWORD";
const ROLE = "ref+vault://database/static-creds/app#/password";
const BOTH = ["web", "shop-worker-1"] as const;

let engine: WorkerEngine;
let bao: OpenBao;
let database: DatabaseEngine;
let world: World;
let file: string;
let compose: (...words: readonly string[]) => Buffer;

beforeAll(async () => {
  [engine, bao] = await Promise.all([workerEngine(), startOpenBao()]);
  database = await databaseEngine(bao);
  world = makeWorld(engine.host, { VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token });
  world.plant({ old });
  await database.login("app", old);
  const variables = {
    ...{ PGHOST: "127.0.0.1", PGPORT: String(database.postgres.port), PGDATABASE: "postgres" },
    ...{ PGSSLMODE: "require", PGUSER: "app", PGPASSWORD: old },
  };
  const flags = Object.entries(variables).flatMap(([name, value]) => ["-e", `${name}=${value}`]);
  engine.docker("run", "-d", "--name", "web", "--network", "host", "--stop-timeout", "1", ...flags, BUSYBOX, ...APP);
  const dir = join(world.dir, "shop");
  mkdirSync(dir);
  file = join(dir, "compose.yaml");
  const worker = {
    ...{ image: BUSYBOX, network_mode: "host", stop_grace_period: "1s", environment: variables },
    command: APP.map((word) => word.replaceAll("$", "$$$$")),
  };
  writeFileSync(file, JSON.stringify({ name: "shop", services: { worker } }));
  const cli = await composeCli();
  compose = (...words) => execFileSync(cli, words, { cwd: dir, env: world.env, stdio: "pipe" });
  compose("up", "-d");
  for (const source of ["docker:web", `compose:${dir}`]) await done("migrate", source, "--to", "vault", "--yes");
});

afterAll(async () => {
  compose?.("down");
  await engine?.clean();
  await Promise.all([bao?.stop(), database?.postgres.stop()]);
  world?.remove();
});

async function done(...words: readonly string[]): Promise<void> {
  const grace = ["migrate", "rotate"].includes(words[0] ?? "") ? ["--grace", "100ms"] : [];
  const { code, stdout, stderr } = await world.unsprawl([...words, ...grace]);
  expect(code, `${words.join(" ")}: ${stdout}${stderr}`).toBe(0);
}

function variable(name: string): string {
  const pid = engine.docker("inspect", name, "--format", "{{.State.Pid}}");
  const all = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
  return all.find((one) => one.startsWith("PGPASSWORD="))?.slice("PGPASSWORD=".length) ?? "";
}

/** The file of a plan that is made now, and its run. */
async function planned(): Promise<string> {
  await done("rotate", "docker:web", "--dynamic", "--connection", "pg", "-o", "handover.json");
  return (JSON.parse(readFileSync(join(world.dir, "handover.json"), "utf8")) as { id: string }).id;
}

async function expectWhole(what: string, isHanded: boolean): Promise<void> {
  const value = isHanded ? await database.password("app") : old;
  expect(BOTH.map(variable), what).toEqual([value, value]);
  expect([await database.postgres.logsIn("app", value), value === old], what).toEqual([true, !isHanded]);
  const text = readFileSync(file, "utf8");
  expect([text.includes(ENTRY), text.includes(ROLE)], what).toEqual([!isHanded, isHanded]);
  const { data } = (await bao.api("GET", "secret/data/apps/web")) as { data: { data: object } };
  expect(Object.keys(data.data), what).toEqual(["PGPASSWORD"]);
  if (!isHanded) await expect(database.password("app"), what).rejects.toThrow(/static-creds/);
  expect(heldLocks(join(world.dir, "state/unsprawl")), what).toEqual([]);
  const left = engine.docker("ps", "-a", "--format", "{{.Names}}").split("\n");
  if (!isHanded) expect(left.filter((name) => name.startsWith("web-before")).length, what).toBe(1);
}

it("killed at any step, it is resumed or rolled back, and nobody is locked out", { timeout: 1_800_000 }, async () => {
  const run = await planned();
  const forth = await recorded(world, ["apply", "handover.json"]);
  expect(forth.ran.code, forth.ran.stderr).toBe(0);
  await expectWhole("undisturbed", true);
  const back = await recorded(world, ["rollback", run]);
  expect(back.ran.code, back.ran.stderr).toBe(0);
  await expectWhole("a rollback, undisturbed", false);
  for (const step of ["adopt", "files", "restart", "retire", "text"])
    expect(forth.kinds).toContain(`after intent rotate/${step}`);
  for (const step of ["renew", "keep", "admit", "drop"]) expect(back.kinds).toContain(`after intent rotate/${step}`);
  const ofItself = ({ kind }: { readonly kind: string }): boolean => kind.includes(" rotate");
  const [ofForth, ofBack] = [forth, back].map(({ kinds }) => oneOfEachStep(boundariesOf(kinds).filter(ofItself)));
  const turns = Math.max(ofForth?.length ?? 0, ofBack?.length ?? 0);
  for (let turn = 0; turn < turns; turn++) {
    const id = await planned();
    const at = ofForth?.[turn];
    if (at === undefined) await done("apply", "handover.json");
    else {
      const killed = await killedAt(world, ["apply", "handover.json"], at);
      expect(killed.signal, `${at.kind}: ${killed.stdout}${killed.stderr}`).toBe("SIGKILL");
      const isBack = randomInt(3) === 0;
      await done(isBack ? "rollback" : "resume", id);
      await expectWhole(`${isBack ? "rolled back" : "resumed"} after ${at.kind} (${at.nth})`, !isBack);
      if (isBack) continue;
    }
    const end = ofBack?.[turn];
    if (end === undefined) await done("rollback", id);
    else {
      const killed = await killedAt(world, ["rollback", id], end);
      expect(killed.signal, `${end.kind}: ${killed.stdout}${killed.stderr}`).toBe("SIGKILL");
      await done(randomInt(2) === 0 ? "rollback" : "resume", id);
    }
    const what = `a rollback killed ${end === undefined ? "never" : `${end.kind} (${end.nth})`}`;
    const isBack = stateOf(world, id) !== "done";
    await expectWhole(what, !isBack);
    if (!isBack) await done("rollback", id);
  }
});
