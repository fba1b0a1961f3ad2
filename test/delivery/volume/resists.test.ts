import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ASK } from "../../../src/engine/plugin/questions.ts";
import { newPluginKey, readPluginNote } from "../../../src/engine/plugin/key.ts";
import { seal, unseal, type PluginKey } from "../../../src/engine/plugin/seal.ts";
import { need } from "../../services/apt.ts";
import { startEngine, type TestEngine } from "../../services/engine.ts";
import { pluginProcess } from "../../services/engines.ts";
import { APP, BUSYBOX, makeImages } from "../../services/images.ts";
import { startOpenBao, type OpenBao } from "../../services/openbao.ts";
import { freePort } from "../../services/tls.ts";
import { random } from "../../support/canary.ts";
import { track } from "../../support/children.ts";
import { faultProxy, type FaultProxy } from "../../support/fault-proxy.ts";
import { expectServed } from "../../support/served.ts";
import { makeWorld, type Ran, type World } from "../../support/world.ts";

// Whoever may use the engine, and whatever ends or hangs: a value reaches the container that it was allowed to, and nobody else.

let engine: TestEngine;
let bao: OpenBao;
let store: FaultProxy;
let world: World;
const API_TOKEN = random(24);
const REFERENCE = "ref+vault://secret/apps/web#/API_TOKEN";
let volume = "";

beforeAll(async () => {
  const host = `tcp://127.0.0.1:${await freePort()}`;
  [engine, bao] = await Promise.all([startEngine({ args: ["--host", host, "--tls=false"] }), startOpenBao()]);
  store = await faultProxy(bao.address);
  await makeImages(engine);
  world = makeWorld(host, { VAULT_ADDR: store.url, VAULT_TOKEN: bao.token });
  world.plant({ API_TOKEN });
  const how = ["--network", "none", "--restart", "always", "--stop-timeout", "1"];
  engine.docker("run", "-d", "--name", "web", ...how, "-e", `API_TOKEN=${API_TOKEN}`, BUSYBOX, ...APP);
  await unsprawl(["plugin", "install", "--to", "vault", "--yes"]);
  await unsprawl(["migrate", "docker:web", "--to", "vault", "--yes", "--grace", "100ms"]);
  volume = engine.docker("volume", "ls", "-q");
});

afterAll(async () => {
  await engine?.stop();
  await store?.stop();
  await bao?.stop();
  world?.remove();
});

async function unsprawl(words: readonly string[], code = 0): Promise<Ran> {
  const ran = await world.unsprawl(words);
  expect(ran.code, ran.stderr + ran.stdout).toBe(code);
  return ran;
}

/** The engine's client, while this process goes on: the store is reached through it. */
async function docker(...words: readonly string[]): Promise<string> {
  const program = await need("docker", ["docker-cli"]);
  return (await promisify(execFile)(program, ["-H", engine.host, ...words])).stdout.trim();
}

/** What the engine's client says as it fails. */
const refused = (...words: readonly string[]): Promise<string> =>
  docker(...words).then(
    () => Promise.reject(new Error(`docker ${words.join(" ")} did not fail`)),
    (error: unknown) => String((error as { stderr?: unknown }).stderr),
  );

const servesWeb = (): Promise<void> => expectServed(engine.docker, "web", { API_TOKEN });
const restarted = async (): Promise<void> => {
  await docker("restart", "web");
  await servesWeb();
};

it("another container that names a volume gets nothing, and takes nothing away", async () => {
  const said = await refused("run", "--name", "thief", "-v", `${volume}:/x`, BUSYBOX, "cat", "/x/API_TOKEN");
  expect(said).toContain(
    `container:thief has the volume ${volume} too, and may not use its values; remove that container`,
  );
  engine.docker("rm", "thief");
  await restarted();
});

it("a volume with a reference that nobody was allowed is refused, and so are options that are no references", async () => {
  engine.docker("volume", "create", "-d", "unsprawl", "-o", `API_TOKEN=${REFERENCE}`, "other");
  expect(await refused("run", "--name", "thief", "-v", "other:/x", BUSYBOX, "ls", "/x")).toContain(
    `which container:thief may not use; unsprawl runtime allow container:thief API_TOKEN '${REFERENCE}'`,
  );
  engine.docker("rm", "thief");
  engine.docker("volume", "rm", "other");
  expect(await refused("volume", "create", "-d", "unsprawl", "-o", "API_TOKEN=/etc/shadow", "odd")).toContain(
    "is no option",
  );
  expect(await refused("volume", "create", "-d", "unsprawl", "-o", `../x=${REFERENCE}`, "odd")).toContain(
    "is no option",
  );
});

it("a name that leads elsewhere is refused by the driver itself", async () => {
  const id = engine.docker("plugin", "inspect", "-f", "{{.Id}}", "unsprawl");
  // The path of a socket is short.
  const socketPath = join(world.dir, "socket");
  symlinkSync(join("/run/docker/plugins", id, "unsprawl.sock"), socketPath);
  for (const Name of ["..", "../web", "a/b", "", ".", "x".repeat(300)]) {
    const sent = request({ socketPath, method: "POST", path: "/VolumeDriver.Create" });
    sent.end(JSON.stringify({ Name, Opts: { API_TOKEN: REFERENCE } }));
    const [answer] = (await once(sent, "response")) as [Readable];
    expect(await text(answer), Name).toContain("cannot be the name");
  }
});

let asked = 0;
/** Asks the plugin as anyone could who has seen a sealed question. */
function exchanged(question: string, field = "answer"): string {
  const name = `${ASK}test${asked++}`;
  engine.docker("volume", "create", "-d", "unsprawl", "-o", `ask=${question}`, name);
  try {
    return engine.docker("volume", "inspect", "-f", `{{.Status.${field}}}`, name);
  } finally {
    engine.docker("volume", "rm", "-f", name);
  }
}

it("a question counts once, and only sealed with the plugin's key", async () => {
  const note = readPluginNote(join(world.dir, "state/unsprawl"), engine.docker("info", "-f", "{{.ID}}"));
  const key: PluginKey = note?.key ?? newPluginKey();
  const { challenge } = unseal(exchanged(seal({ kind: "hello", ask: {} }, key)), key) as { challenge: string };
  const binding = { consumer: "thief", variable: "API_TOKEN", reference: REFERENCE, by: null };
  const allow = seal({ kind: "allow", challenge, ask: { bindings: [binding] } }, key);
  expect(unseal(exchanged(allow), key)).toHaveProperty("answer");
  expect((await unsprawl(["plugin", "status"])).stdout).toContain("thief");
  const next = (unseal(exchanged(seal({ kind: "hello", ask: {} }, key)), key) as { challenge: string }).challenge;
  exchanged(seal({ kind: "revoke", challenge: next, ask: { bindings: [binding] } }, key));
  expect(unseal(exchanged(allow), key)).not.toHaveProperty("answer");
  expect((await unsprawl(["plugin", "status"])).stdout).not.toContain("thief");
  const foreign = seal({ kind: "hello", ask: {} }, newPluginKey());
  expect(exchanged(foreign, "fault")).toBe("foreign-key");
});

it("another installation sees that it is not its own, and install is refused twice", async () => {
  const other = makeWorld(world.env["DOCKER_HOST"] ?? "", { VAULT_ADDR: store.url, VAULT_TOKEN: bao.token });
  try {
    for (const [words, exit, sentence] of [
      [["plugin", "install", "--to", "vault", "--yes"], 4, "was installed by somebody else"],
      [["plugin", "upgrade", "--yes"], 1, "has given no volume plugin to the engine"],
      [["plugin", "status"], 1, "was installed by somebody else"],
      [["doctor"], 0, "move by volume: not here, the volume plugin of this engine was installed by somebody else"],
    ] as const) {
      const { code, stdout, stderr } = await other.unsprawl(words);
      expect(stdout + stderr).toContain(sentence);
      expect(code).toBe(exit);
    }
  } finally {
    other.remove();
  }
  const again = await unsprawl(["plugin", "install", "--to", "vault", "--yes"], 1);
  expect(again.stderr).toContain("unsprawl plugin upgrade");
});

it("is not uninstalled while a container could not start without it", async () => {
  expect((await unsprawl(["plugin", "uninstall", "--yes"], 1)).stderr).toContain(
    "could not start without the plugin: web",
  );
});

it("disabled, it has its sentence, and starts nothing", async () => {
  engine.docker("plugin", "disable", "-f", "unsprawl");
  expect((await unsprawl(["plugin", "status"], 1)).stdout).toContain("plugin is disabled");
  expect((await world.unsprawl(["doctor"])).stdout).toContain(
    "move by volume: not here, the engine's volume plugin is disabled",
  );
  expect((await unsprawl(["plugin", "uninstall", "--yes"], 1)).stderr).toContain(
    "could not start without the plugin: web",
  );
  const again = await unsprawl(["plugin", "install", "--to", "vault", "--yes"], 1);
  expect(again.stderr).toContain("has the volume plugin already, disabled");
  engine.docker("plugin", "enable", "unsprawl");
  await restarted();
});

it("killed, it comes back; a store that hangs fails a start in time", async () => {
  const id = engine.docker("plugin", "inspect", "-f", "{{.Id}}", "unsprawl");
  const settings = join(engine.dir, "data/plugins", id, "rootfs/etc/unsprawl/plugin/settings.json");
  writeFileSync(settings, JSON.stringify({ ...(JSON.parse(readFileSync(settings, "utf8")) as object), waitMs: 1500 }));
  const killed = pluginProcess(engine) ?? 0;
  process.kill(killed, "SIGKILL");
  await expect.poll(() => ![null, killed].includes(pluginProcess(engine))).toBe(true);
  await restarted();
  store.fault({ kind: "slow" }, Infinity);
  expect(await refused("restart", "web")).toContain("no answer within 1.5 s");
  store.fault({ kind: "slow" }, 0);
  await docker("start", "web");
  await servesWeb();
  expect((await unsprawl(["plugin", "status"])).stdout).toMatch(
    /: [1-9]\d* starts? served, 0 with .*, [1-9]\d* failed/,
  );
});

/** Kills this upgrade while the engine has no plugin. */
async function killed(upgrade: readonly string[]): Promise<void> {
  const [program = "", ...words] = world.program;
  let isGone = false;
  for (let tries = 0; tries < 5 && !isGone; tries++) {
    const child = spawn(program, [...words, ...upgrade], { cwd: world.dir, env: world.env, stdio: "ignore" });
    track(child);
    const ended = once(child, "exit");
    while (child.exitCode === null && engine.docker("plugin", "ls", "-q") !== "") await sleep(10);
    child.kill("SIGKILL");
    await ended;
    isGone = engine.docker("plugin", "ls", "-f", "enabled=true", "-q") === "";
  }
  expect(isGone).toBe(true);
}

it("an upgrade that was killed is finished by the next, and the last values are kept for a store that hangs", async () => {
  const upgrade = ["plugin", "upgrade", "--keep-last", "--yes"];
  await killed(upgrade);
  await installedMeanwhile(upgrade);
  expect((await unsprawl(upgrade)).stdout).toContain("reads vault");
  await restarted();
  store.fault({ kind: "slow" }, Infinity);
  await restarted();
  store.fault({ kind: "slow" }, 0);
  expect((await unsprawl(["plugin", "status"])).stdout).toMatch(
    /: [1-9]\d* starts? served, [1-9]\d* with the last values/,
  );
});

it("new credentials of an upgrade that was killed are named until they are revoked", async () => {
  const tokens = async (): Promise<number> =>
    ((await bao.api("LIST", "auth/token/accessors")) as { data: { keys: readonly string[] } }).data.keys.length;
  const before = await tokens();
  await killed(["plugin", "upgrade", "--to", "vault", "--yes"]);
  expect(await tokens()).toBeGreaterThan(before);
  const { stdout } = await unsprawl(["plugin", "upgrade", "--yes"]);
  expect(stdout).toContain(
    "not revoked: this upgrade did not name its store; next: unsprawl plugin upgrade --to vault",
  );
  const { stdout: said } = await unsprawl(["plugin", "upgrade", "--to", "vault", "--yes"]);
  expect(said).not.toContain("not revoked");
  expect(await tokens()).toBe(before);
  await restarted();
});

/** Somebody else gives the engine their plugin, and takes it away once it has been seen that ours does not take it for its own. */
async function installedMeanwhile(upgrade: readonly string[]): Promise<void> {
  if (engine.docker("plugin", "ls", "-q") !== "") engine.docker("plugin", "rm", "-f", "unsprawl");
  const other = makeWorld(world.env["DOCKER_HOST"] ?? "", { VAULT_ADDR: store.url, VAULT_TOKEN: bao.token });
  try {
    expect((await other.unsprawl(["plugin", "install", "--to", "vault", "--yes"])).code).toBe(0);
    const theirs = engine.docker("plugin", "inspect", "-f", "{{.Id}}", "unsprawl");
    const { stderr } = await unsprawl(upgrade, 4);
    expect(stderr).toContain("was installed by somebody else");
    expect(stderr).toContain("unsprawl plugin uninstall");
    expect(engine.docker("plugin", "inspect", "-f", "{{.Id}}", "unsprawl")).toBe(theirs);
  } finally {
    other.remove();
  }
  // It serves nothing that anyone here has.
  await unsprawl(["plugin", "uninstall", "--yes"]);
}

it("a credential that is revoked under the plugin fails a start with the way; one that expires is renewed", async () => {
  await bao.api("POST", "auth/token/revoke", { token: credential() });
  expect(await refused("restart", "web")).toContain("does not know this token");
  expect(await refused("start", "web")).toContain("unsprawl plugin upgrade --to STORE");
  // With roles there is one to log in with again.
  await bao.api("POST", "sys/auth/approle", { type: "approle" });
  const { stdout } = await unsprawl(["plugin", "upgrade", "--to", "vault", "--yes"]);
  expect(stdout).toContain("the plugin's former credential was not revoked: Vault did not");
  const { data } = (await bao.api("LIST", "auth/approle/role")) as { data?: { keys?: readonly string[] } };
  for (const role of data?.keys ?? []) await bao.api("POST", `auth/approle/role/${role}`, { token_ttl: "1s" });
  await docker("start", "web");
  await servesWeb();
  await sleep(2000);
  await restarted();
  await bao.api("DELETE", "sys/auth/approle");
  await unsprawl(["plugin", "upgrade", "--to", "vault", "--yes"]);
});

it("rolled back without the plugin the value is back, and what stays in it is said, with the way to remove it", async () => {
  engine.docker("plugin", "disable", "-f", "unsprawl");
  const { stdout, stderr } = await unsprawl(["rollback", "last"]);
  expect(stdout + stderr).toContain(
    "the engine's volume plugin is disabled: the volume, and what its container was allowed, stay",
  );
  await servesWeb();
  await unsprawl(["plugin", "upgrade", "--yes"]);
  const { stdout: shown } = await unsprawl(["plugin", "status"]);
  expect(shown).toContain("with 1 volume");
  await unsprawl(["runtime", "forbid", "web", "--yes"]);
  engine.docker("volume", "rm", volume);
  expect((await unsprawl(["plugin", "status"])).stdout).not.toContain("allowed:");
});

it("rolled back, the last volume goes, and then the plugin", async () => {
  await unsprawl(["migrate", "docker:web", "--to", "vault", "--yes", "--grace", "100ms"]);
  await unsprawl(["rollback", "last"]);
  await servesWeb();
  expect(engine.docker("volume", "ls", "-q")).toBe("");
  const [renewed, last] = [credential(), await credentialAfter(["plugin", "upgrade", "--to", "vault", "--yes"])];
  expect([await isAlive(renewed), await isAlive(last)]).toEqual([false, true]);
  const { stdout } = await unsprawl(["plugin", "uninstall", "--yes"]);
  expect(stdout).toContain("revoked the plugin's former credential at vault");
  expect(await isAlive(last)).toBe(false);
  expect(engine.docker("plugin", "ls", "-q")).toBe("");
});

/** The token that the plugin reads the store with. */
function credential(): string {
  const id = engine.docker("plugin", "inspect", "-f", "{{.Id}}", "unsprawl");
  return readFileSync(join(engine.dir, "data/plugins", id, "rootfs/etc/unsprawl/plugin/vault/token"), "utf8");
}

async function credentialAfter(words: readonly string[]): Promise<string> {
  expect((await unsprawl(words)).stdout).toContain("revoked the plugin's former credential at vault");
  return credential();
}

const isAlive = (token: string): Promise<boolean> =>
  bao.api("GET", "auth/token/lookup-self", undefined, token).then(
    () => true,
    () => false,
  );
