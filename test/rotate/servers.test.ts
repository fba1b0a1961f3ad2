import { createHash, randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RotationTarget } from "../../src/contract/rotator.ts";
import { Secret } from "../../src/model/secret.ts";
import { rotationTarget, rotators } from "../../src/rotators/index.ts";
import { WIRE } from "../conformance/rotator.ts";
import { APP, BUSYBOX } from "../services/images.ts";
import { startMysql } from "../services/mysql.ts";
import { startOpenBao, type OpenBao } from "../services/openbao.ts";
import { startPostgres } from "../services/postgres.ts";
import { startRabbit } from "../services/rabbitmq.ts";
import { startRedis } from "../services/redis.ts";
import { startSlapd } from "../services/slapd.ts";
import { workerEngine, type WorkerEngine } from "../services/worker-engine.ts";
import { sample } from "../support/deep.ts";
import { makeWorld, type World } from "../support/world.ts";

// For each kind of server: two migrated containers, one that never was, and a file, which all have one login; and a client
// that logs in all the while with what the first container has.

type Variables = { readonly [name: string]: string };

type LoginServer = {
  /** The variable with the password in it, and what stands beside it. */
  readonly held: string;
  readonly variables: (password: string) => Variables;
  readonly log: () => string;
  readonly stop: () => Promise<void>;
};

const made = (): string => randomBytes(18).toString("base64url");
const url = (scheme: string, port: number, password: string, rest = ""): string =>
  `${scheme}://app:${encodeURIComponent(password)}@127.0.0.1:${port}${rest}`;

async function postgres(password: string): Promise<LoginServer> {
  const settings = ["log_statement = 'all'", "log_min_duration_statement = 0"];
  const { port, sql, log, stop } = await startPostgres("host all all all scram-sha-256", settings);
  await sql(
    "set log_statement = 'none'",
    "set log_min_duration_statement = -1",
    `create role app login password '${password}'`,
  );
  const variables = (of: string): Variables => ({
    DATABASE_URL: url("postgresql", port, of, "/postgres?sslmode=require"),
  });
  return { held: "DATABASE_URL", variables, log, stop };
}

async function mariadb(password: string): Promise<LoginServer> {
  const account = "app@'127.0.0.1'";
  const grants = [`grant create user on *.* to ${account}`, `grant select on mysql.global_priv to ${account}`];
  const made = [`create user ${account} identified by '${password}'`, ...grants];
  const { port, log, stop } = await startMysql(made, false, ["--general-log", "--slow-query-log"]);
  return { held: "MYSQL_URL", variables: (of) => ({ MYSQL_URL: url("mysql", port, of, "/mysql") }), log, stop };
}

const redis =
  (kind: "redis" | "valkey") =>
  async (password: string): Promise<LoginServer> => {
    const digest = createHash("sha256").update(password).digest("hex");
    const { port, log, stop } = await startRedis([`user app on #${digest} ~* +@all`], kind);
    return { held: "REDIS_URL", variables: (of) => ({ REDIS_URL: url("redis", port, of, "/0") }), log, stop };
  };

async function rabbitmq(password: string): Promise<LoginServer> {
  const { port, managementPort, api, log, stop } = await startRabbit();
  await api("PUT", "users/app", { password, tags: "administrator" });
  const beside = { RABBITMQ_MANAGEMENT_PORT: `${managementPort}` };
  return { held: "AMQP_URL", variables: (of) => ({ AMQP_URL: url("amqp", port, of, "/"), ...beside }), log, stop };
}

async function openldap(password: string): Promise<LoginServer> {
  const access = "access to attrs=userPassword by self write by anonymous auth by * none";
  const { port, suffix, as, log, stop } = await startSlapd(made(), [access, "access to * by users read by * none"]);
  const dn = `cn=app,${suffix}`;
  await as((client) => client.add(dn, { objectClass: "person", cn: "app", sn: "x", userPassword: password }));
  const beside = { LDAP_URL: `ldap://127.0.0.1:${port}`, LDAP_BIND_DN: dn };
  return { held: "LDAP_BIND_PASSWORD", variables: (of) => ({ LDAP_BIND_PASSWORD: of, ...beside }), log, stop };
}

let engine: WorkerEngine;
let bao: OpenBao;
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

function start(name: string, variables: Variables): void {
  const env = Object.entries(variables).flatMap(([key, value]) => ["-e", `${key}=${value}`]);
  engine.docker("run", "-d", "--name", name, "--network", "host", "--stop-timeout", "1", ...env, BUSYBOX, ...APP);
}

async function migrate(source: string, held: string): Promise<void> {
  const how = ["--only", held, "--to", "vault", "--grace", "100ms", "--yes"];
  const moved = await world.unsprawl(["migrate", source, ...how]);
  expect(moved.code, moved.stdout + moved.stderr).toBe(0);
}

/** A variable of the container's process; null while it is not up. */
function variable(container: string, name: string): string | null {
  try {
    const pid = engine.docker("inspect", container, "--format", "{{.State.Pid}}");
    const all = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
    return all.find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1) ?? null;
  } catch {
    return null;
  }
}

/** The same for a client that asks often: the engine only if the process is gone, and nothing waits for its answer. */
function valuesOf(container: string, name: string): () => Promise<string | null> {
  let pid = 0;
  const asked = async (): Promise<number> => {
    const path = `/containers/${container}/json`;
    const options = { socketPath: engine.host.replace("unix://", ""), path };
    const text = await new Promise<string>((done, failed) => {
      const sent = get(options, (answer) => {
        let all = "";
        answer.setEncoding("utf8").on("data", (part: string) => (all += part));
        answer.on("end", () => done(all));
      });
      sent.on("error", failed);
    });
    return (JSON.parse(text) as { State?: { Pid?: number } }).State?.Pid ?? 0;
  };
  return async () => {
    try {
      const all = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
      const found = all.find((one) => one.startsWith(`${name}=`));
      if (found !== undefined) return found.slice(name.length + 1);
    } catch {
      // It has ended.
    }
    pid = await asked();
    return null;
  };
}

/** What a reference in a file stands for. */
async function resolved(file: string, name: string): Promise<string | undefined> {
  const [, path = ""] =
    new RegExp(`^${name}="?ref\\+vault://secret/([^#]+)#`, "m").exec(readFileSync(file, "utf8")) ?? [];
  const { data } = (await bao.api("GET", `secret/data/${path}`)) as { data: { data: { [name: string]: string } } };
  return data.data[name];
}

const KINDS = [
  ["postgres", "none", postgres],
  ["mariadb", "both", mariadb],
  ...sample(["redis", "valkey"] as const, 1).map((kind) => [kind, "both", redis(kind)] as const),
  ["rabbitmq", "none", rabbitmq],
  ["openldap", "both", openldap],
] as const;

describe.each(KINDS)("a login of %s", (kind, overlap, startServer) => {
  const old = made();
  const [web, worker, third] = ["web", "worker", "third"].map((one) => `${kind}-${one}`) as [string, string, string];
  let server: LoginServer;
  let target: RotationTarget;
  let file: string;

  /** The password in the variable. */
  const passwordIn = (value: string): string =>
    value.includes("://") ? decodeURIComponent(new URL(value).password) : value;

  async function logsIn(password: string): Promise<boolean> {
    const checked = (await rotators[target.rotator]?.())?.rotator.server;
    if (checked == null) throw new Error("no server");
    return checked.logsIn(target, { id: null, secret: Secret.of(password) }, WIRE);
  }

  /** Logs in 50 times a second with what a container has, while it is up; for how long it was refused. */
  function loggingIn(valueNow: () => Promise<string | null>) {
    const logins = { attempts: 0, refused: 0, refusedMs: 0 };
    const client = { isDone: false };
    const loop = async (): Promise<void> => {
      for (let last = performance.now(); !client.isDone; await sleep(20)) {
        const value = await valueNow();
        const isAccepted = value === null || (await logsIn(passwordIn(value)));
        const now = performance.now();
        if (value !== null) logins.attempts++;
        if (!isAccepted) {
          logins.refused++;
          logins.refusedMs += Math.round(now - last);
        }
        last = now;
      }
    };
    const ended = loop();
    return {
      async end() {
        client.isDone = true;
        await ended;
        return logins;
      },
    };
  }

  beforeAll(async () => {
    world.plant({ [kind]: old });
    server = await startServer(old);
    const variables = server.variables(old);
    const of = Object.entries(variables).map(([name, value]) => ({ name, value: Secret.of(value) }));
    const value = Secret.of(variables[server.held] ?? "");
    const found = await rotationTarget({ name: server.held, part: Secret.of(old), value, variables: of });
    if (found === null || typeof found === "string") throw new Error(`no target: ${found ?? ""}`);
    target = found;
    for (const name of [web, worker, third]) start(name, variables);
    file = join(world.dir, `${kind}.env`);
    writeFileSync(file, `${server.held}="${variables[server.held] ?? ""}"\n`);
    for (const source of [`docker:${web}`, `docker:${worker}`, `env:${file}`]) await migrate(source, server.held);
  });

  afterAll(async () => {
    for (const name of [web, worker, third]) engine.docker("rm", "-f", name);
    await server?.stop();
  });

  it("is new everywhere, and the old one refused; a container that never was migrated stops it before", async () => {
    const { held, variables, log } = server;
    const before = await world.unsprawl(["rotate", `docker:${web}`, "--dry-run"]);
    expect([before.code, before.stdout]).toEqual([1, expect.stringContaining(`${third} has it in its configuration`)]);
    await migrate(`docker:${third}`, held);

    const clients = [web, worker, third].map((name) => loggingIn(valuesOf(name, held)));
    const args = ["rotate", `docker:${web}`, "--grace", "100ms", "--yes"];
    const { code, stdout, stderr } = await world.unsprawl(args);
    const logins = await Promise.all(clients.map((client) => client.end()));
    const times = logins
      .toSorted((a, b) => a.refusedMs - b.refusedMs)
      .map(({ refusedMs, refused, attempts }) => `${refusedMs} ms (${refused} of ${attempts})`);
    process.stdout.write(`${kind}: logins refused, by container: ${times.join(", ")}\n`);
    expect([code, stdout + stderr]).toEqual([0, expect.stringContaining("the old one is refused")]);
    const now = passwordIn(variable(web, held) ?? "");
    world.plant({ [`${kind} now`]: now });
    for (const name of [web, worker, third]) expect(variable(name, held), name).toBe(variables(now)[held]);
    expect(await resolved(file, held)).toBe(variables(now)[held]);
    expect([now === old, await logsIn(now), await logsIn(old)]).toEqual([false, true, false]);
    for (const { attempts, refused } of logins)
      expect([attempts > 0, overlap === "both" ? refused : 0]).toEqual([true, 0]);
    expect(stdout.replace(/\s+/g, " ")).toContain(`${kind}.env has ${held} too, and no container here gets it`);
    expect(stdout).toContain(overlap === "both" ? "are accepted until every container" : "are refused");
    expect([log().length > 0, log().includes(now)]).toEqual([true, false]);

    const back = await world.unsprawl(["rollback", "last"]);
    expect(back.code, back.stderr).toBe(0);
    expect([await logsIn(now), await logsIn(old), await resolved(file, held)]).toEqual([
      ...[false, true, variables(old)[held]],
    ]);
  });
});
