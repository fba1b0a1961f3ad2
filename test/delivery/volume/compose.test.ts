import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { composeCli } from "../../services/compose.ts";
import { startEngine, type TestEngine } from "../../services/engine.ts";
import { APP, BUSYBOX, makeImages } from "../../services/images.ts";
import { startOpenBao, type OpenBao } from "../../services/openbao.ts";
import { becomeSwarm, leaveSwarm } from "../../services/swarm.ts";
import { freePort } from "../../services/tls.ts";
import { random } from "../../support/canary.ts";
import { expectServed } from "../../support/served.ts";
import { makeWorld, type Ran, type World } from "../../support/world.ts";

// A project on an engine that is reached over TCP: the file that a team commits says where each value comes from, and whoever
// has the file can start it on an engine with the plugin. Each test begins where the one before it ended.

type Side = { readonly engine: TestEngine; readonly world: World };
let ours: Side;
let colleagues: Side;
let bao: OpenBao;
const values = { DB_PASSWORD: random(24), API_TOKEN: `${random(10)}$\{X}$$${random(10)}` };
const file = (side: Side): string => join(side.world.dir, "shop/compose.yaml");

const TEXT = `# What a team wrote.
services:
  db:
    image: ${BUSYBOX}
    command: ${JSON.stringify(APP).replaceAll("$", "$$$$")}
    network_mode: none
    restart: always
    stop_grace_period: 1s
    environment:
      DB_PASSWORD: "${values.DB_PASSWORD}"
  web:
    image: ${BUSYBOX}
    command: ${JSON.stringify(APP).replaceAll("$", "$$$$")}
    network_mode: none
    restart: always
    stop_grace_period: 1s
    environment:
      DB_PASSWORD: "${values.DB_PASSWORD}"
      API_TOKEN: '${values.API_TOKEN.replaceAll("$", "$$$$")}'
    volumes: [data:/data]
volumes:
  data: {}
`;

beforeAll(async () => {
  bao = await startOpenBao();
  [ours, colleagues] = await Promise.all([startSide(), startSide()]);
  compose(ours, "up", "-d");
});

afterAll(async () => {
  for (const { engine, world } of [ours, colleagues]) {
    await engine?.stop();
    world?.remove();
  }
  await bao?.stop();
});

/** An engine that is reached over TCP, with the project's file beside it. */
async function startSide(): Promise<Side> {
  const host = `tcp://127.0.0.1:${await freePort()}`;
  const engine = await startEngine({ args: ["--host", host, "--tls=false"] });
  await makeImages(engine);
  const world = makeWorld(host, { VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token });
  world.plant(values);
  mkdirSync(join(world.dir, "shop"));
  writeFileSync(join(world.dir, "shop/compose.yaml"), TEXT);
  return { engine, world };
}

const cli = await composeCli();

/** Compose itself; throws with what it says. */
function compose(side: Side, ...words: readonly string[]): void {
  execFileSync(cli, ["-f", file(side), ...words], { env: side.world.env, stdio: "pipe" });
}

async function unsprawl({ world }: Side, words: readonly string[], code = 0): Promise<Ran> {
  const ran = await world.unsprawl(words);
  expect(ran.code, ran.stderr + ran.stdout).toBe(code);
  return ran;
}

async function served({ engine }: Side): Promise<void> {
  await expectServed(engine.docker, "shop-db-1", { DB_PASSWORD: values.DB_PASSWORD });
  await expectServed(engine.docker, "shop-web-1", values);
}

/** The volumes of the driver. */
const volumes = ({ engine }: Side): readonly string[] =>
  engine.docker("volume", "ls", "-q", "-f", "driver=unsprawl:latest").split("\n").filter(Boolean);

const migrate = (side: Side, ...more: readonly string[]): Promise<Ran> =>
  unsprawl(side, ["migrate", `compose:${file(side)}`, "--to", "vault", "--yes", "--grace", "1s", ...more]);

it("moves one secret and then the next; Compose by hand starts what is in the file", async () => {
  await unsprawl(ours, ["plugin", "install", "--to", "vault", "--yes"]);
  await migrate(ours, "--only", "DB_PASSWORD");
  await served(ours);
  await migrate(ours);
  const text = readFileSync(file(ours), "utf8");
  for (const value of Object.values(values)) expect(text).not.toContain(value.slice(-10));
  expect(text).toContain("driver: unsprawl");
  compose(ours, "up", "-d", "--force-recreate");
  await served(ours);
});

it("an engine that is killed alone, its plugin and containers still running, serves them again", async () => {
  await ours.engine.killAlone();
  await ours.engine.start();
  await served(ours);
});

it("a colleague's engine without the plugin fails with the driver's name, with it until it is allowed", async () => {
  const up = (): string => {
    try {
      compose(colleagues, "up", "-d");
      return "";
    } catch (error) {
      return String((error as { stderr?: unknown }).stderr);
    }
  };
  writeFileSync(file(colleagues), readFileSync(file(ours)));
  expect(up()).toMatch(/plugin "unsprawl" not found/);
  await unsprawl(colleagues, ["plugin", "install", "--to", "vault", "--yes"]);
  let said = up();
  for (let allowed = 0; said !== "" && allowed < 6; allowed++) {
    const [, words = ""] = /unsprawl (runtime allow .*?)(?:\n|$)/.exec(said) ?? [];
    expect(words, said).not.toBe("");
    await unsprawl(colleagues, words.replaceAll("'", "").split(" "));
    said = up();
  }
  await served(colleagues);
});

it("rolls back byte for byte, and no volume of the driver stays", async () => {
  for (const which of [["last"], []]) await unsprawl(ours, ["rollback", ...which]);
  expect(readFileSync(file(ours), "utf8")).toBe(TEXT);
  await served(ours);
  expect(volumes(ours)).toEqual([]);
});

it("scrub leaves the volumes that are in use, and nothing else", async () => {
  await migrate(ours);
  await unsprawl(ours, ["scrub", "last"]);
  compose(ours, "up", "-d", "--force-recreate");
  await served(ours);
  expect(volumes(ours)).toHaveLength(2);
});

it("a run line or a Swarm service gets no volume, and nobody is sent to the plugin for it", async () => {
  const { engine, world } = ours;
  const secret = ["-e", `API_TOKEN=${values.DB_PASSWORD}`];
  writeFileSync(join(world.dir, "run.sh"), `docker run -d --name line ${secret.join(" ")} ${BUSYBOX} sleep 1000\n`);
  await becomeSwarm(engine);
  engine.docker("service", "create", "--name", "task", "--network", "host", ...secret, BUSYBOX, "sleep", "1000");
  for (const [source, why] of [
    [`script:${join(world.dir, "run.sh")}`, "volumes of the plugin are for containers and Compose projects"],
    ["swarm:task", "Swarm has its own secrets"],
  ] as const) {
    const { stdout } = await unsprawl(ours, ["plan", source, "--to", "vault"], 3);
    expect(stdout).toContain(why);
    expect(stdout).toContain("next: the same as root on the engine's own host");
    expect(stdout).not.toContain("plugin install");
  }
  leaveSwarm(engine);
});
