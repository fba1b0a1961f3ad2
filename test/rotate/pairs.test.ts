import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Secret } from "../../src/model/secret.ts";
import { call, elements } from "../../src/rotators/aws-access-key/api.ts";
import { accessKeys } from "../../src/rotators/aws-access-key/keys.ts";
import { WIRE } from "../conformance/rotator.ts";
import { APP, BUSYBOX } from "../services/images.ts";
import { startMoto, type AwsKeys, type Moto } from "../services/moto.ts";
import { startOpenBao, type OpenBao } from "../services/openbao.ts";
import { workerEngine, type WorkerEngine } from "../services/worker-engine.ts";
import { killedAt } from "../support/kill.ts";
import { makeWorld, type World } from "../support/world.ts";

// Secrets that do not change alone: a key pair, whose id changes too, and a key of which the application keeps earlier ones.

let engine: WorkerEngine;
let bao: OpenBao;
let moto: Moto;
let world: World;
let own: AwsKeys;

beforeAll(async () => {
  [engine, bao, moto] = await Promise.all([workerEngine(), startOpenBao(), startMoto()]);
  // Before each call needs a right.
  own = await moto.user({ Effect: "Allow", Action: "iam:*", Resource: "*" });
  world = makeWorld(engine.host, { VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token });
  world.plant({ own: own.AWS_SECRET_ACCESS_KEY });
});

afterAll(async () => {
  await engine?.clean();
  await Promise.all([bao?.stop(), moto?.stop()]);
  world?.remove();
});

async function start(name: string, env: { readonly [name: string]: string }, only: readonly string[]): Promise<void> {
  const variables = Object.entries(env).flatMap(([key, value]) => ["-e", `${key}=${value}`]);
  engine.docker("run", "-d", "--name", name, "--network", "host", "--stop-timeout", "1", ...variables, BUSYBOX, ...APP);
  await migrate(name, only);
}

async function migrate(name: string, only: readonly string[]): Promise<void> {
  const how = ["--to", "vault", "--grace", "100ms", "--yes", ...only.flatMap((one) => ["--only", one])];
  const moved = await world.unsprawl(["migrate", `docker:${name}`, ...how]);
  expect(moved.code, moved.stdout + moved.stderr).toBe(0);
}

function variables(name: string): { readonly [name: string]: string } {
  const pid = engine.docker("inspect", name, "--format", "{{.State.Pid}}");
  const all = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
  return Object.fromEntries(all.map((one) => [one.slice(0, one.indexOf("=")), one.slice(one.indexOf("=") + 1)]));
}

async function stored(path: string): Promise<{ readonly [name: string]: string }> {
  const { data } = (await bao.api("GET", `secret/data/${path}`)) as { data: { data: { [name: string]: string } } };
  return data.data;
}

const rotate = (...args: string[]): ReturnType<World["unsprawl"]> =>
  world.unsprawl(["rotate", ...args, "--grace", "100ms", "--yes"]);

describe("a pair of AWS access keys", () => {
  const names = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] as const;
  let old: AwsKeys;

  const inApp = (name: string): string[] => names.map((one) => variables(name)[one] ?? "");

  /** The answer of IAM to these keys: the ids of the user's keys, or why they are refused. */
  async function keysOf([user = "", secret = ""]: readonly string[]): Promise<readonly string[]> {
    const { hostname: host, port, host: sts } = new URL(moto.url);
    const target = {
      ...{ rotator: "aws-access-key", login: user, database: "", pair: "AWS_ACCESS_KEY_ID", previous: null },
      ...{ details: { sts, region: "us-east-1" }, at: { host, port: Number(port), tls: "disable" as const } },
    };
    const { code, text } = await call(target, { user, secret: Secret.of(secret) }, WIRE, "ListAccessKeys");
    return code === null ? elements(text, "AccessKeyId") : [code];
  }

  beforeAll(async () => {
    old = await moto.user({ Effect: "Allow", Action: "iam:*", Resource: "*" });
    await moto.enforce();
    world.plant({ secret: old.AWS_SECRET_ACCESS_KEY });
    await start("s3", { ...old, AWS_ENDPOINT_URL: moto.url }, names);
    await start("backup", { ...old, AWS_ENDPOINT_URL: moto.url }, ["AWS_SECRET_ACCESS_KEY"]);
  });

  it("is not rotated while a container has the id in its configuration", async () => {
    const { code, stdout } = await world.unsprawl(["rotate", "docker:s3", "--dry-run"]);
    expect([code, stdout]).toEqual([1, expect.stringContaining("AWS_ACCESS_KEY_ID, which backup does not have")]);
    expect(stdout.replace(/\s+/g, " ")).toContain("unsprawl migrate docker:backup --only AWS_ACCESS_KEY_ID");
    await migrate("backup", ["AWS_ACCESS_KEY_ID"]);
  });

  it("is replaced as a pair in each container, and AWS has the new one alone; what a killed run had made goes", async () => {
    const shown = await world.unsprawl(["rotate", "docker:s3", "--grace", "100ms", "-o", "pair.json"]);
    expect(shown.code, shown.stdout).toBe(0);
    // AWS has made a key, and nobody has kept its secret.
    const killed = await killedAt(world, ["apply", "pair.json"], { kind: "after done rotate/create", nth: 0 });
    expect(killed.signal, killed.stderr).toBe("SIGKILL");
    expect(await keysOf(Object.values(old))).toHaveLength(2);
    const resumed = await world.unsprawl(["resume"]);
    expect(resumed.code, resumed.stdout + resumed.stderr).toBe(0);
    const now = inApp("s3");
    world.plant({ now: now[1] ?? "" });
    expect([inApp("backup"), names.map((one) => now.includes(old[one]))]).toEqual([now, [false, false]]);
    expect(await keysOf(now)).toEqual([now[0]]);
    expect(await keysOf(Object.values(old))).toEqual(["InvalidClientTokenId"]);
    expect((await world.unsprawl(["rollback", "last"])).stderr).toContain("AWS has deleted that access key");
    expect([inApp("s3"), inApp("backup")]).toEqual([now, now]);
    expect((await world.unsprawl(["scrub", "last"])).code).toBe(0);
    expect(Object.keys(await stored("apps/s3")).toSorted()).toEqual(names);
  });

  it("is as before if it is rolled back while a key that was made is not kept yet", async () => {
    const before = inApp("s3");
    await world.unsprawl(["rotate", "docker:s3", "--grace", "100ms", "-o", "again.json"]);
    await killedAt(world, ["apply", "again.json"], { kind: "after done rotate/create", nth: 0 });
    expect(await keysOf(before)).toHaveLength(2);
    const back = await world.unsprawl(["rollback", "last"]);
    expect(back.code, back.stdout + back.stderr).toBe(0);
    expect([inApp("s3"), await keysOf(before)]).toEqual([before, [before[0]]]);
  });
});

describe("a second access key that a colleague makes while a rotation is interrupted", () => {
  it("is not deleted: the run ends as before, and says what to look for; a run that knows its own key goes on", async () => {
    const { hostname: host, port, host: sts } = new URL(moto.url);
    const target = {
      ...{ rotator: "aws-access-key", login: own.AWS_ACCESS_KEY_ID, database: "", pair: "AWS_ACCESS_KEY_ID" },
      ...{
        previous: null,
        details: { sts, region: "us-east-1" },
        at: { host, port: Number(port), tls: "disable" as const },
      },
    };
    const login = { user: own.AWS_ACCESS_KEY_ID, secret: Secret.of(own.AWS_SECRET_ACCESS_KEY) };
    const keys = accessKeys(target, login, WIRE);
    const user = await keys.userOf(own.AWS_ACCESS_KEY_ID);
    const ids = async (): Promise<readonly string[]> => (await keys.keysOf(user)).map(({ id }) => id);
    await start("mail", { ...own, AWS_ENDPOINT_URL: moto.url }, ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]);
    expect((await world.unsprawl(["rotate", "docker:mail", "--grace", "100ms", "-o", "mail.json"])).code).toBe(0);
    await killedAt(world, ["apply", "mail.json"], { kind: "after intent rotate/create", nth: 0 });
    const colleague = await keys.create(user);
    const resumed = await world.unsprawl(["resume"]);
    expect([resumed.code, resumed.stdout + resumed.stderr]).toEqual([
      expect.any(Number),
      expect.stringMatching(/two access keys already[^]*a new one may have been made, which nobody has/),
    ]);
    expect(resumed.code).not.toBe(0);
    expect(await ids()).toEqual([own.AWS_ACCESS_KEY_ID, colleague.id]);
    expect(variables("mail")["AWS_ACCESS_KEY_ID"]).toBe(own.AWS_ACCESS_KEY_ID);
    await keys.remove(user, colleague.id);
  });
});

describe("a key of which the application keeps earlier ones", () => {
  const key = (): string => `base64:${randomBytes(32).toString("base64")}`;

  it("goes into their list, where that is in the store too; what it encrypted stays readable", async () => {
    const old = key();
    world.plant({ laravel: old });
    // The list that it begins with: the present key, so that there is something to migrate.
    await start("laravel", { APP_KEY: old, APP_PREVIOUS_KEYS: old }, ["APP_KEY", "APP_PREVIOUS_KEYS"]);
    const shown = await world.unsprawl(["rotate", "docker:laravel", "--dry-run"]);
    expect(shown.stdout.replace(/\s+/g, " ")).toContain("stays valid: APP_PREVIOUS_KEYS takes it in");
    const seen = [old];
    for (const round of [1, 2]) {
      const { code, stdout, stderr } = await rotate("docker:laravel");
      expect(code, stdout + stderr).toBe(0);
      const { APP_KEY = "", APP_PREVIOUS_KEYS } = variables("laravel");
      world.plant({ [`laravel ${round}`]: APP_KEY });
      expect(seen).not.toContain(APP_KEY);
      expect(APP_PREVIOUS_KEYS).toBe(seen.join(","));
      seen.unshift(APP_KEY);
    }
    const back = await world.unsprawl(["rollback", "last"]);
    expect(back.code, back.stderr).toBe(0);
    expect(variables("laravel")).toMatchObject({ APP_KEY: seen[1], APP_PREVIOUS_KEYS: seen[2] });
  });

  it("is the only one where there is no list, and the plan says what to do about it", async () => {
    const old = key();
    world.plant({ alone: old });
    await start("alone", { APP_KEY: old }, ["APP_KEY"]);
    const { stdout } = await world.unsprawl(["rotate", "docker:alone", "--dry-run"]);
    expect(stdout.replace(/\s+/g, " ")).toContain("no longer valid, unless APP_PREVIOUS_KEYS is migrated first");
  });
});
