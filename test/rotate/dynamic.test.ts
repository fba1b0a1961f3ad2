import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { composeCli } from "../services/compose.ts";
import { databaseEngine, type DatabaseEngine } from "../services/database-engine.ts";
import { APP, BUSYBOX } from "../services/images.ts";
import { startOpenBao, type OpenBao } from "../services/openbao.ts";
import { workerEngine, type WorkerEngine } from "../services/worker-engine.ts";
import { makeWorld, type World } from "../support/world.ts";

// Logins handed over to OpenBao's database engine, of a real PostgreSQL: by a container of its own and by a Compose project.

let engine: WorkerEngine;
let bao: OpenBao;
let database: DatabaseEngine;
let world: World;
/** The engine's address means nothing from here: the connection is named. */
const HAND_OVER = ["--dynamic", "--connection", "pg"];
const made = (): string => randomBytes(18).toString("base64url");
const [old, other] = [made(), made()];

beforeAll(async () => {
  [engine, bao] = await Promise.all([workerEngine(), startOpenBao()]);
  database = await databaseEngine(bao);
  world = makeWorld(engine.host, { VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token });
  world.plant({ old, other });
  await database.login("app", old);
  await database.login("shop", other);
});

afterAll(async () => {
  await engine?.clean();
  await Promise.all([bao?.stop(), database?.postgres.stop()]);
  world?.remove();
});

async function done(...words: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await world.unsprawl(words);
  expect(code, stderr + stdout).toBe(0);
  return stdout + stderr;
}

/** The variables with which libpq logs in. */
const login = (user: string, password: string): { readonly [name: string]: string } => ({
  ...{ PGHOST: "127.0.0.1", PGPORT: String(database.postgres.port), PGDATABASE: "postgres", PGSSLMODE: "require" },
  ...{ PGUSER: user, PGPASSWORD: password },
});

function variable(name: string, of: string): string {
  const pid = engine.docker("inspect", name, "--format", "{{.State.Pid}}");
  const all = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
  return all.find((one) => one.startsWith(`${of}=`))?.slice(of.length + 1) ?? "";
}

const serves = async (name: string, user: string): Promise<boolean> =>
  variable(name, "PGPASSWORD") === (await database.password(user)) &&
  (await database.postgres.logsIn(user, variable(name, "PGPASSWORD")));

it("hands a container's login over, by a role that the plan names with its policy, and takes it back", async () => {
  const flags = Object.entries(login("app", old)).flatMap(([name, value]) => ["-e", `${name}=${value}`]);
  engine.docker("run", "-d", "--name", "web", "--network", "host", "--stop-timeout", "1", ...flags, BUSYBOX, ...APP);
  await done("migrate", "docker:web", "--to", "vault", "--grace", "100ms", "--yes");
  const shown = await done("rotate", "docker:web", ...HAND_OVER, "--every", "7d", "--dry-run");
  expect(shown).toMatch(/the static role app of pg \(127\.0\.0\.1:\d+ there\), every 7 days/);
  expect(shown).toContain('path "database/static-creds/app" { capabilities = ["read"] }');
  expect(await database.postgres.logsIn("app", old)).toBe(true);
  const said = await done("rotate", "docker:web", ...HAND_OVER, "--every", "7d", "--grace", "100ms", "--yes");
  expect(said).toContain("the new value logs in, the old one is refused");
  expect(await serves("web", "app")).toBe(true);
  expect(await database.postgres.logsIn("app", old)).toBe(false);
  expect(engine.docker("inspect", "web", "--format", '{{index .Config.Labels "unsprawl.ref.PGPASSWORD"}}')).toBe(
    "ref+vault://database/static-creds/app#/password",
  );
  expect((await world.unsprawl(["rotate", "docker:web", "--dry-run"])).stdout).toContain("handed its login over");
  await done("rollback", "last");
  expect([await database.postgres.logsIn("app", old), variable("web", "PGPASSWORD")]).toEqual([true, old]);
  await expect(database.password("app")).rejects.toThrow(/static-creds/);
});

it("needs no more than the plan's policy and that of the KV store, and says which server the engine's connection must be", async () => {
  const shown = await done("rotate", "docker:web", ...HAND_OVER, "--dry-run", "--json");
  const { steps } = JSON.parse(shown.slice(0, shown.lastIndexOf("}") + 1)) as {
    steps: readonly { handover: { policy: string } }[];
  };
  const kv = await done("stores", "policy", "--to", "vault");
  await bao.api("PUT", "sys/policies/acl/hand-over", { policy: `${steps[0]?.handover.policy ?? ""}\n${kv}` });
  const { auth } = (await bao.api("POST", "auth/token/create", {
    policies: ["hand-over"],
    no_default_policy: false,
  })) as {
    auth: { client_token: string };
  };
  const env = { VAULT_TOKEN: auth.client_token };
  const ran = await world.unsprawl(["rotate", "docker:web", ...HAND_OVER, "--grace", "100ms", "--yes"], { env });
  expect(ran.code, ran.stdout + ran.stderr).toBe(0);
  expect(await serves("web", "app")).toBe(true);
  expect((await world.unsprawl(["rollback", "last"], { env })).code).toBe(0);
  expect(variable("web", "PGPASSWORD")).toBe(old);

  await bao.api("PUT", "sys/policies/acl/kv-only", { policy: kv });
  const only = (await bao.api("POST", "auth/token/create", { policies: ["kv-only"] })) as {
    auth: { client_token: string };
  };
  const denied = await world.unsprawl(["rotate", "docker:web", ...HAND_OVER, "--dry-run"], {
    env: { VAULT_TOKEN: only.auth.client_token },
  });
  expect([denied.code, denied.stdout]).toEqual([1, expect.stringContaining('path "database/config"')]);

  await bao.api("POST", "database/config/elsewhere", {
    ...{ plugin_name: "postgresql-database-plugin", allowed_roles: "other-*", verify_connection: false },
    ...{
      username: "bao",
      password: made(),
      connection_url: "postgresql://{{username}}:{{password}}@db.invalid:5432/x",
    },
  });
  const named = await world.unsprawl(["rotate", "docker:web", "--dynamic", "--dry-run", "--connection", "elsewhere"]);
  expect([named.code, named.stdout]).toEqual([1, expect.stringContaining("allows no role app")]);
  const nowhere = await world.unsprawl(["rotate", "docker:web", "--dynamic", "--dry-run", "--connection", "kv/pg"]);
  expect([nowhere.code, nowhere.stdout]).toEqual([1, expect.stringContaining("no database engine at kv/")]);
});

it("is the engine's to change from then on: not due by a schedule, and what was kept goes with scrub", async () => {
  writeFileSync(join(world.dir, "unsprawl.yaml"), "rotate: { every: 1d }\n");
  await done("rotate", "docker:web", ...HAND_OVER, "--grace", "100ms", "--yes");
  const runs = await done("runs", "last");
  expect(runs).toContain("static-creds/app");
  const due = await world.unsprawl(["rotate", "--due", "--dry-run"]);
  expect([due.code, due.stdout]).toEqual([0, expect.not.stringContaining("PGPASSWORD")]);
  expect(await done("scrub", "last", "--yes")).toContain("web-before-");
  expect(await serves("web", "app")).toBe(true);
  expect((await world.unsprawl(["rollback", "last"])).stderr).toContain("was scrubbed");
  writeFileSync(join(world.dir, "unsprawl.yaml"), "{}\n");
});

it("leaves a password in a URL, with what to type instead", async () => {
  const [role, secret] = ["inurl", made()];
  world.plant({ secret });
  await database.login(role, secret);
  const url = `postgresql://${role}:${secret}@127.0.0.1:${database.postgres.port}/postgres?sslmode=require`;
  const run = ["run", "-d", "--name", "api", "--network", "host", "--stop-timeout", "1", "-e", `DATABASE_URL=${url}`];
  engine.docker(...run, BUSYBOX, ...APP);
  await done("migrate", "docker:api", "--to", "vault", "--grace", "100ms", "--yes");
  const shown = await world.unsprawl(["rotate", "docker:api", "--dynamic", "--dry-run"]);
  expect([shown.code, shown.stdout]).toEqual([1, expect.stringContaining("DATABASE_URL is more than the password")]);
  for (const flags of [
    ["--every", "5d"],
    ["--dynamic", "--every", "1s"],
    ["--dynamic", "--value-from", "-"],
  ])
    expect((await world.unsprawl(["rotate", "docker:api", ...flags], { stdin: "x" })).code).toBe(2);
});

it("hands over what a Compose project's files name, which the agent then follows", async () => {
  const dir = join(world.dir, "shop");
  mkdirSync(dir);
  const file = join(dir, "compose.yaml");
  const service = {
    ...{ image: BUSYBOX, network_mode: "host", stop_grace_period: "1s", environment: login("shop", other) },
    command: APP.map((word) => word.replaceAll("$", "$$$$")),
  };
  writeFileSync(file, JSON.stringify({ name: "shop", services: { worker: service } }));
  const cli = await composeCli();
  const compose = (...words: readonly string[]): Buffer =>
    execFileSync(cli, words, { cwd: dir, env: world.env, stdio: "pipe" });
  compose("up", "-d");
  await done("migrate", `compose:${dir}`, "--to", "vault", "--grace", "100ms", "--yes");
  const before = readFileSync(file, "utf8");
  await done("rotate", `compose:${dir}`, ...HAND_OVER, "--grace", "100ms", "--yes");
  expect(readFileSync(file, "utf8")).toContain("ref+vault://database/static-creds/shop#/password");
  expect(await serves("shop-worker-1", "shop")).toBe(true);
  await done("agent", "--once", "--grace", "100ms");
  await bao.api("POST", "database/rotate-role/shop");
  await done("agent", "--once", "--grace", "100ms");
  await expect.poll(() => serves("shop-worker-1", "shop")).toBe(true);
  await done("rollback", "last");
  expect(readFileSync(file, "utf8")).toBe(before);
  expect([await database.postgres.logsIn("shop", other), variable("shop-worker-1", "PGPASSWORD")]).toEqual([
    true,
    other,
  ]);
  compose("down");
});
