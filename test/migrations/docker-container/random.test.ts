import { randomBytes } from "node:crypto";
import Dockerode from "dockerode";
import { afterAll, beforeAll, expect, it } from "vitest";
import { BUSYBOX } from "../../services/images.ts";
import { workerEngine } from "../../services/worker-engine.ts";
import { DEEP, SEED } from "../../support/deep.ts";
import { Draw } from "../../support/draw.ts";
import { makeWorld, type World } from "../../support/world.ts";
import { makeOpinionated } from "./cases.ts";
import { recreatedFaults, type Doc } from "./compare.ts";
import { randomContainer, type Around, type Drawn } from "./random.ts";

/**
 * In the deep tier as many as it takes to draw most pairs of settings. Otherwise a sample:
 * recreate.test.ts has every setting by itself.
 */
const COUNT = Number(process.env["UNSPRAWL_RANDOM"] ?? (DEEP ? 300 : 10));
const AT_ONCE = 5;

const engine = await workerEngine();
const docker = new Dockerode({ socketPath: engine.socket });
const HELPER = "rnd-helper";
/** The second byte of the networks' addresses: apart from those of other tests, and of a run beside this one. */
const SECOND = 64 + (process.pid % 50);
const around: Around = {
  helper: HELPER,
  networks: [
    { name: "rnd-one", v4: `10.${SECOND}`, v6: null },
    { name: "rnd-two", v4: `10.${SECOND + 50}`, v6: null },
    { name: "rnd-six", v4: `10.${SECOND + 100}`, v6: `fd00:${SECOND}:6` },
  ],
};
let drawn = 0;
let refused = 0;
/** Those that could not be moved; the others of their batch go on without them. */
const gone = new Set<string>();

beforeAll(async () => {
  for (const { name, v4, v6 } of around.networks) {
    const Config = [{ Subnet: `${v4}.0.0/16` }, ...(v6 === null ? [] : [{ Subnet: `${v6}::/64` }])];
    await docker.createNetwork({ Name: name, EnableIPv6: v6 !== null, IPAM: { Driver: "default", Config } });
  }
  await makeOpinionated(docker);
  const HostConfig = { IpcMode: "shareable" };
  const helper = await docker.createContainer({
    name: HELPER,
    Image: BUSYBOX,
    Cmd: ["sleep", "100000"],
    Volumes: { "/shared": {} },
    HostConfig,
  });
  await helper.start();
});

afterAll(async () => {
  const all = await docker.listContainers({ all: true });
  for (const { Id } of all.filter((one) => one.Names.some((name) => name.startsWith("/rnd-"))))
    await docker.getContainer(Id).remove({ force: true, v: true });
  for (const { name } of around.networks) await docker.getNetwork(name).remove();
  const { Volumes } = await docker.listVolumes();
  for (const { Name } of Volumes.filter((one) => one.Name.startsWith("rnd-"))) await docker.getVolume(Name).remove();
});

type Made = { readonly name: string; readonly drawn: Drawn; readonly old: Doc };

const read = async (name: string): Promise<Doc> => (await docker.getContainer(name).inspect()) as unknown as Doc;

/** Draws until the engine takes one: what it refuses is nothing that anyone could have. */
async function make(draw: Draw, name: string): Promise<Made> {
  for (;;) {
    const one = randomContainer(draw, randomBytes(18).toString("base64url"), around);
    drawn++;
    try {
      await docker.createContainer({ ...one.body, name });
      await bring(name, one.state);
      return { name, drawn: one, old: await read(name) };
    } catch {
      refused++;
      await docker
        .getContainer(name)
        .remove({ force: true, v: true })
        .catch(() => undefined);
    }
  }
}

async function bring(name: string, state: Drawn["state"]): Promise<void> {
  const container = docker.getContainer(name);
  if (state === "created") return;
  await container.start();
  if (state === "paused") await container.pause();
  if (state === "exited") await container.stop().catch(() => undefined);
  for (let tries = 0; tries < 50; tries++) {
    const { Status } = (await container.inspect()).State;
    if (Status === state) return;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error(`${name} is not ${state}`);
}

/** Migrates all that a glob names, and goes on without the ones that fail. */
async function migrateAll(world: World, glob: string, made: readonly Made[], env = {}): Promise<string[]> {
  const faults: string[] = [];
  for (;;) {
    const words = [
      "migrate",
      `docker:${glob}`,
      "--to",
      "local",
      "--deliver",
      "shim",
      "--grace",
      "100ms",
      "--accept",
      "ports",
      "--yes",
      "--json",
    ];
    const ran = await world.unsprawl(words, { env });
    const result = JSON.parse(ran.stdout || "{}") as {
      units?: { unit: string; state: string; error: string | null }[];
    };
    const failed = result.units?.find((one) => one.state === "undone");
    if (!failed) {
      if (!result.units) faults.push(`${glob}: ${ran.stdout}${ran.stderr}`);
      break;
    }
    const drawn = made.find((one) => one.name === failed.unit)?.drawn;
    faults.push(`${failed.unit}: ${failed.error ?? ""}: ${JSON.stringify(drawn)}`);
    await docker.getContainer(failed.unit).remove({ force: true, v: true });
    gone.add(failed.unit);
    if (made.every(({ name }) => gone.has(name))) break;
  }
  return faults;
}

async function run(at: number, count: number, env = {}): Promise<string[]> {
  const draw = new Draw(SEED + at);
  const world = makeWorld(engine.host);
  try {
    const made: Made[] = [];
    for (let index = 0; index < count; index++) made.push(await make(draw, `rnd-${at}-${index}`));
    const faults = await migrateAll(world, `rnd-${at}-*`, made, env);
    for (const { name, drawn, old } of made) {
      if (gone.has(name)) continue;
      const fresh = await read(name);
      if (fresh.Id === old.Id) {
        const { stdout } = await world.unsprawl(["plan", `docker:${name}`, "--to", "local", "--deliver", "shim"], {
          env,
        });
        faults.push(`${name}: not moved: ${stdout}: ${JSON.stringify(drawn)}`);
        continue;
      }
      const differing = recreatedFaults(old, fresh);
      if (differing.length > 0) faults.push(`${name}: ${differing.join("\n  ")}\n  ${JSON.stringify(drawn)}`);
    }
    return faults;
  } finally {
    const all = await docker.listContainers({ all: true });
    // A container that others are linked to also has the names that they know it by.
    const mine = all.filter((one) => one.Names.some((name) => new RegExp(`^/rnd-${at}-[^/]*$`).test(name)));
    for (const { Id } of mine)
      await docker
        .getContainer(Id)
        .remove({ force: true, v: true })
        .catch(() => undefined);
    world.remove();
  }
}

async function runs(first: number, total: number, env = {}): Promise<string[]> {
  const batches = Math.ceil(total / 12);
  const faults: string[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < batches) {
      const at = next++;
      faults.push(...(await run(first + at, Math.min(12, total - at * 12), env)));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return faults;
}

it(`${COUNT} random containers differ in nothing but the delivery`, { timeout: 1_800_000 }, async () => {
  const started = Date.now();
  expect((await runs(0, COUNT)).join("\n\n")).toBe("");
  console.log(`random containers: ${drawn} drawn, ${refused} refused, ${Math.round((Date.now() - started) / 1000)} s`);
  // Of a few it would say nothing.
  if (DEEP) expect(refused / drawn).toBeLessThan(0.3);
});

it(
  "so do those that are recreated through API 1.41, or they are refused for what it would drop",
  { timeout: 1_800_000 },
  async () => {
    const faults = await runs(1000, DEEP ? 36 : 3, { DOCKER_API_VERSION: "1.41" });
    expect(faults.filter((fault) => !/would not give the new/.test(fault)).join("\n\n")).toBe("");
  },
);
