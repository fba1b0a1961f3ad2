import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RotationTarget } from "../../src/contract/rotator.ts";
import { APP, BUSYBOX } from "../services/images.ts";
import { startOpenBao, type OpenBao } from "../services/openbao.ts";
import { workerEngine, type WorkerEngine } from "../services/worker-engine.ts";
import { sample } from "../support/deep.ts";
import { makeWorld, type World } from "../support/world.ts";
import { LOGIN_SERVERS, logsIn, passwordIn, targetOf, type LoginServer, type Variables } from "./login-servers.ts";

// For each kind of server: two migrated containers, one that never was, and a file, which all have one login; and a client
// that logs in all the while with what the first container has.

const isRedis = (kind: string): boolean => ["redis", "valkey"].includes(kind);
const made = (): string => randomBytes(18).toString("base64url");

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
  ...LOGIN_SERVERS.filter(([kind]) => !isRedis(kind)),
  ...sample(
    LOGIN_SERVERS.filter(([kind]) => isRedis(kind)),
    1,
  ),
];

describe.each(KINDS)("a login of %s", (kind, overlap, startServer) => {
  const old = made();
  const [web, worker, third] = ["web", "worker", "third"].map((one) => `${kind}-${one}`) as [string, string, string];
  let server: LoginServer;
  let target: RotationTarget;
  let file: string;

  const accepts = (password: string): Promise<boolean> => logsIn(target, password);

  /** Logs in 50 times a second with what a container has, while it is up; for how long it was refused. */
  function loggingIn(valueNow: () => Promise<string | null>) {
    const logins = { attempts: 0, refused: 0, refusedMs: 0 };
    const client = { isDone: false };
    const loop = async (): Promise<void> => {
      for (let last = performance.now(); !client.isDone; await sleep(20)) {
        const value = await valueNow();
        const isAccepted = value === null || (await accepts(passwordIn(value)));
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
    target = await targetOf(server, old);
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
    expect([now === old, await accepts(now), await accepts(old)]).toEqual([false, true, false]);
    for (const { attempts, refused } of logins)
      expect([attempts > 0, overlap === "both" ? refused : 0]).toEqual([true, 0]);
    expect(stdout.replace(/\s+/g, " ")).toContain(`${kind}.env has ${held} too, and no container here gets it`);
    expect(stdout).toContain(overlap === "both" ? "are accepted until every container" : "are refused");
    expect([log().length > 0, log().includes(now)]).toEqual([true, false]);

    const back = await world.unsprawl(["rollback", "last"]);
    expect(back.code, back.stderr).toBe(0);
    expect([await accepts(now), await accepts(old), await resolved(file, held)]).toEqual([
      ...[false, true, variables(old)[held]],
    ]);
  });
});
