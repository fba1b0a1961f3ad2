import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { composeCli } from "../services/compose.ts";
import { databaseEngine, type DatabaseEngine } from "../services/database-engine.ts";
import { startEngine, type TestEngine } from "../services/engine.ts";
import { APP, BUSYBOX, FILE_ENV, makeImages } from "../services/images.ts";
import { startOpenBao, type OpenBao } from "../services/openbao.ts";
import { freePort } from "../services/tls.ts";
import { makeWorld, type World } from "../support/world.ts";
import { startAgent, valueIn } from "./stage.ts";

// Containers whose login is a static role of OpenBao's database engine, by each delivery, as a person writes them. The
// variable is API_TOKEN, which the test images read.

const LOGIN = "ref+vault://database/static-creds/app#/password";
const [SCRIPT, ALL] = ["/run/unsprawl/entrypoint", ["by-file", "by-shim", "by-runtime", "by-volume"]] as const;

let engine: TestEngine;
let bao: OpenBao;
let database: DatabaseEngine;
let world: World;

beforeAll(async () => {
  const host = `tcp://127.0.0.1:${await freePort()}`;
  [engine, bao] = await Promise.all([startEngine({ args: ["--host", host, "--tls=false"] }), startOpenBao()]);
  [database] = await Promise.all([databaseEngine(bao), makeImages(engine)]);
  await database.login("app", randomBytes(12).toString("hex"));
  await database.adopt("app", 3600);
  world = makeWorld(engine.host, { VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token });
  writeFileSync(join(world.dir, "unsprawl.yaml"), "stores: { db: { provider: vault, mount: database } }\n");
});

afterAll(async () => {
  await engine?.stop();
  await Promise.all([bao?.stop(), database?.postgres.stop()]);
  world?.remove();
});

async function done(...words: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await world.unsprawl(words);
  expect(code, stderr + stdout).toBe(0);
  return stdout;
}

const pass = (): Promise<string> => done("agent", "--once", "--grace", "100ms");

/** Makes a container with labels that say what it gets, and how. */
function create(
  name: string,
  delivery: string,
  flags: readonly string[],
  image: string,
  words: readonly string[],
): void {
  const labels = { ref: LOGIN, deliver: delivery, store: "db" };
  const all = Object.entries(labels).flatMap(([what, text]) => ["--label", `unsprawl.${what}.API_TOKEN=${text}`]);
  const usual = ["--network", "none", "--stop-timeout", "1", "--label", "unsprawl.owner=0:0"];
  engine.docker("create", "--name", name, ...usual, ...all, ...flags, image, ...words);
}

/** A folder in memory, as it is mounted. */
function folder(name: string, delivery: string): string {
  const path = join(world.memory, "units", name, delivery);
  mkdirSync(path, { recursive: true, mode: 0o700 });
  return path;
}

/** Whether the application has what OpenBao has now, and PostgreSQL lets it in. */
async function serves(name: string): Promise<boolean> {
  const value = valueIn(engine, name);
  return value !== "" && value === (await database.password("app")) && (await database.postgres.logsIn("app", value));
}

it("gives a container the login, by file and by start script", async () => {
  const file = ["-v", `${folder("by-file", "secrets")}:/run/secrets:ro`, "-e", "API_TOKEN_FILE=/run/secrets/API_TOKEN"];
  create("by-file", "file", file, FILE_ENV, APP);
  const shim = ["-v", `${folder("by-shim", "shim")}:/run/unsprawl:ro`, "--entrypoint", "/bin/sh"];
  create("by-shim", "shim", shim, BUSYBOX, [SCRIPT, ...APP]);
  for (const name of ["by-file", "by-shim"]) {
    const refused = await world.unsprawl(["render", `docker:${name}`]);
    expect([refused.code, refused.stdout + refused.stderr]).toEqual([1, expect.stringContaining("other-secrets")]);
    await done("render", `docker:${name}`, "--accept", "other-secrets");
    engine.docker("start", name);
    await expect.poll(() => serves(name), { message: name }).toBe(true);
  }
});

it("gives it by the OCI runtime and by a volume, to whom it is allowed", async () => {
  await done("runtime", "install", "--to", "db");
  await done("plugin", "install", "--to", "db", "--yes");
  create("by-runtime", "runtime", ["--runtime", "unsprawl", "-e", `API_TOKEN=${LOGIN}`], BUSYBOX, APP);
  const options = ["volume-driver=unsprawl", `volume-opt=API_TOKEN=${LOGIN}`, "volume-opt=owner=0:0", "readonly"];
  const mount = `type=volume,source=by-volume,target=/run/unsprawl,volume-nocopy,${options.join(",")}`;
  create("by-volume", "volume", ["--mount", mount, "--entrypoint", "/bin/sh"], BUSYBOX, [SCRIPT, "--", ...APP]);
  for (const name of ["by-runtime", "by-volume"]) {
    expect(() => engine.docker("start", name)).toThrow(/runtime allow/);
    await done("runtime", "allow", `container:${name}`, "API_TOKEN", LOGIN);
    engine.docker("start", name);
    await expect.poll(() => serves(name), { message: name }).toBe(true);
  }
});

it("hands over what OpenBao sets: the agent restarts those that it serves, and a volume has it at its next start", async () => {
  await pass();
  const old = await database.password("app");
  await bao.api("POST", "database/rotate-role/app");
  expect(await database.postgres.logsIn("app", old)).toBe(false);
  const said = await pass();
  for (const name of ["by-file", "by-shim", "by-runtime"]) expect(said).toContain(`${name}: restarted`);
  engine.docker("restart", "by-volume");
  for (const name of ALL) await expect.poll(() => serves(name), { message: name }).toBe(true);
});

it("takes over a login that was moved into the KV engine: its reference in the file, and a restart", async () => {
  const [leaked, dir] = [randomBytes(15).toString("base64url"), join(world.dir, "shop")];
  world.plant({ leaked });
  await database.login("shop", leaked);
  mkdirSync(dir);
  const file = join(dir, "compose.yaml");
  const service = {
    ...{ image: FILE_ENV, network_mode: "none", stop_grace_period: "1s", environment: { API_TOKEN: leaked } },
    command: APP.map((word) => word.replaceAll("$", "$$$$")),
  };
  writeFileSync(file, JSON.stringify({ name: "shop", services: { web: service } }));
  const cli = await composeCli();
  const compose = (...words: readonly string[]): Buffer =>
    execFileSync(cli, words, { cwd: dir, env: world.env, stdio: "pipe" });
  compose("up", "-d");
  await done("migrate", `compose:${dir}`, "--to", "vault", "--deliver", "file", "--grace", "100ms", "--yes");
  await database.adopt("shop", 3600);
  expect(await database.postgres.logsIn("shop", leaked)).toBe(false);
  const text = readFileSync(file, "utf8");
  const reference = "ref+vault://database/static-creds/shop#/password";
  writeFileSync(file, text.replace("ref+vault://secret/apps/shop/web#/API_TOKEN", reference));
  await done("render", `compose:${dir}`, "--accept", "other-secrets");
  compose("restart", "web");
  const isIn = async (): Promise<boolean> => {
    const value = valueIn(engine, "shop-web-1");
    return value === (await database.password("shop")) && (await database.postgres.logsIn("shop", value));
  };
  await expect.poll(isIn).toBe(true);
  await pass();
  await bao.api("POST", "database/rotate-role/shop");
  expect(await pass()).toContain("shop-web-1: restarted");
  await expect.poll(isIn).toBe(true);
  compose("down");
});

it("a running agent follows the role's own period", async () => {
  for (const name of ALL.slice(1)) engine.docker("rm", "-f", name);
  const agent = startAgent(world, "--grace", "100ms");
  const first = valueIn(engine, "by-file");
  await database.adopt("app", 6);
  await bao.api("POST", "database/rotate-role/app");
  const seen = new Set([first]);
  await expect
    .poll(async () => {
      const value = valueIn(engine, "by-file");
      if (await serves("by-file")) seen.add(value);
      return seen.size;
    })
    .toBeGreaterThan(3);
  expect(await agent.end()).toBe(0);
});
