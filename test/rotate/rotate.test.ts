import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { APP, BUSYBOX } from "../services/images.ts";
import { startOpenBao, type OpenBao } from "../services/openbao.ts";
import { startPostgres, type TestPostgres } from "../services/postgres.ts";
import { workerEngine, type WorkerEngine } from "../services/worker-engine.ts";
import { makeWorld, type World } from "../support/world.ts";

let engine: WorkerEngine;
let bao: OpenBao;
let postgres: TestPostgres;
let world: World;

beforeAll(async () => {
  [engine, bao, postgres] = await Promise.all([
    workerEngine(),
    startOpenBao(),
    startPostgres("host all all all scram-sha-256", ["log_statement = 'all'", "log_min_duration_statement = 0"]),
  ]);
  world = makeWorld(engine.host, { VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token });
});

afterAll(async () => {
  await engine?.clean();
  await Promise.all([bao?.stop(), postgres?.stop()]);
  world?.remove();
});

const made = (): string => randomBytes(18).toString("base64url");
const at = (role: string, password: string): string =>
  `postgresql://${role}:${encodeURIComponent(password)}@127.0.0.1:${postgres.port}/postgres?sslmode=require`;

function start(name: string, env: { readonly [name: string]: string }): void {
  const variables = Object.entries(env).flatMap(([key, value]) => ["-e", `${key}=${value}`]);
  engine.docker("run", "-d", "--name", name, "--network", "host", "--stop-timeout", "1", ...variables, BUSYBOX, ...APP);
}

/** The variable in the container's first process, as the kernel has it. */
function variable(name: string, variableName: string): string | undefined {
  const pid = engine.docker("inspect", name, "--format", "{{.State.Pid}}");
  const all = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
  return all.find((one) => one.startsWith(`${variableName}=`))?.slice(variableName.length + 1);
}

async function stored(path: string): Promise<{ readonly [name: string]: string }> {
  const { data } = (await bao.api("GET", `secret/data/${path}`)) as { data: { data: { [name: string]: string } } };
  return data.data;
}

describe("a database login", () => {
  const [role, old] = ["app", `${made()}/+ ü`];
  let fresh = "";

  beforeAll(async () => {
    world.plant({ old });
    await postgres.sql(
      "set log_statement = 'none'",
      "set log_min_duration_statement = -1",
      `create role ${role} login password '${old}'`,
    );
    start("web", { DATABASE_URL: at(role, old) });
    start("worker", { DB_PASSWORD: old });
  });

  it("is not rotated while a container has it in its configuration", async () => {
    const moved = await world.unsprawl(["migrate", "docker:web", "--to", "vault", "--grace", "1s", "--yes"]);
    expect(moved.code).toBe(0);
    const { stdout, code } = await world.unsprawl(["rotate", "docker:web", "--dry-run"]);
    expect(stdout).toContain("worker has it in its configuration and would be locked out");
    expect(stdout).toContain("unsprawl migrate docker:worker");
    expect(code).toBe(1);
  });

  it("gets a new value at the server, in both entries, and in both containers; the old one is refused", async () => {
    const second = await world.unsprawl(["migrate", "docker:worker", "--to", "vault", "--grace", "1s", "--yes"]);
    expect(second.code).toBe(0);
    const shown = await world.unsprawl(["rotate", "docker:web", "--dry-run"]);
    expect(shown.stdout).toMatch(/checked\s+by PostgreSQL, app at 127\.0\.0\.1:\d+; it changes itself/);
    expect(shown.stdout).toMatch(/restarts\s+(?:web, then worker|worker, then web)/);
    expect(await postgres.logsIn(role, old)).toBe(true);
    const { stdout, stderr, code } = await world.unsprawl(["rotate", "docker:web", "--grace", "1s", "--yes"]);
    expect([code, stdout + stderr]).toEqual([0, expect.stringContaining("the old one is refused")]);
    fresh = (await stored("apps/worker"))["DB_PASSWORD"] ?? "";
    world.plant({ fresh });
    expect(fresh).not.toBe(old);
    expect((await stored("apps/web"))["DATABASE_URL"]).toBe(at(role, fresh));
    expect([await postgres.logsIn(role, fresh), await postgres.logsIn(role, old)]).toEqual([true, false]);
    expect([variable("web", "DATABASE_URL"), variable("worker", "DB_PASSWORD")]).toEqual([at(role, fresh), fresh]);
  });

  it("is put back by a rollback, at the server too", async () => {
    const { stdout, stderr, code } = await world.unsprawl(["rollback", "last"]);
    expect([code, stdout + stderr]).toEqual([0, expect.stringContaining("as before")]);
    expect([await postgres.logsIn(role, fresh), await postgres.logsIn(role, old)]).toEqual([false, true]);
    expect((await stored("apps/web"))["DATABASE_URL"]).toBe(at(role, old));
    expect(variable("worker", "DB_PASSWORD")).toBe(old);
    expect(Object.keys(await stored("apps/web")).concat(Object.keys(await stored("apps/worker")))).toEqual([
      "DATABASE_URL",
      "DB_PASSWORD",
    ]);
  });
});

describe("a value that only the application checks", () => {
  const old = randomBytes(32).toString("hex");

  beforeAll(async () => {
    world.plant({ session: old });
    start("signer", { SESSION_SECRET: old });
    await world.unsprawl(["migrate", "docker:signer", "--to", "vault", "--grace", "1s", "--yes"]);
  });

  it("is made in the old one's form; scrub deletes what was kept of it", async () => {
    const { stdout, stderr, code } = await world.unsprawl(["rotate", "docker:signer", "--grace", "1s", "--yes"]);
    expect([code, stdout + stderr]).toEqual([0, expect.stringContaining("signer seen with the new value")]);
    const { SESSION_SECRET = "", ...kept } = await stored("apps/signer");
    world.plant({ made: SESSION_SECRET });
    expect(SESSION_SECRET).toMatch(/^[0-9a-f]{64}$/);
    expect([SESSION_SECRET === old, Object.values(kept).toSorted()]).toEqual([false, [old, SESSION_SECRET].toSorted()]);
    expect(variable("signer", "SESSION_SECRET")).toBe(SESSION_SECRET);
    expect((await world.unsprawl(["scrub", "last"])).code).toBe(0);
    expect(await stored("apps/signer")).toEqual({ SESSION_SECRET });
    expect((await world.unsprawl(["rollback", "last"])).stderr).toContain("was scrubbed");
  });

  it("is what a person gives, without the newline of their editor; a rollback cannot ask whether the old one is valid", async () => {
    const given = `${made()} $x`;
    world.plant({ given });
    const args = ["rotate", "docker:signer", "--value-from", "-", "--grace", "1s", "--yes"];
    const { code, stdout, stderr } = await world.unsprawl(args, { stdin: `${given}\n` });
    expect([code, stdout + stderr]).toEqual([0, expect.stringContaining("signer seen with the new value")]);
    expect([(await stored("apps/signer"))["SESSION_SECRET"], variable("signer", "SESSION_SECRET")]).toEqual([
      given,
      given,
    ]);
    const shown = await world.unsprawl(["rollback", "last", "--dry-run"]);
    expect(shown.stdout).toContain("where it is checked it may be refused: nobody is asked there");
    const back = await world.unsprawl(["rollback", "last"]);
    expect([back.code, back.stdout + back.stderr]).toEqual([
      0,
      expect.stringContaining("may be refused where it is checked: nobody was asked there"),
    ]);
  });
});
