import { spawn } from "node:child_process";
import { chownSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startEngine, type TestEngine } from "./services/engine.ts";
import { BUSYBOX, makeImages } from "./services/images.ts";
import { startOpenBao, type OpenBao } from "./services/openbao.ts";
import { workerEngine } from "./services/worker-engine.ts";
import type { Plan } from "../src/model/plan.ts";
import { heldLocks } from "./support/locks.ts";
import { filesBelow, random } from "./support/canary.ts";
import { proxyEngine, type EngineProxy, type Verdict } from "./support/engine-proxy.ts";
import { changePlan } from "./support/signed.ts";
import { smallDisk, type SmallDisk } from "./support/small-disk.ts";
import { MAIN, makeWorld, type Ran, type World } from "./support/world.ts";

// Whatever fails: a clear error with the next step, the right exit code, the old container running as before, and
// nothing left over in the engine, the store, the memory folder or the locks.

let engine: TestEngine;
let bao: OpenBao;
/** The world whose runtime is registered with the engine; its memory folder is a small disk. */
let runtimeWorld: World;
let runtimeDisk: SmallDisk;
const disks: SmallDisk[] = [];
const worlds: World[] = [];
const proxies: EngineProxy[] = [];

beforeAll(async () => {
  [engine, bao] = await Promise.all([startEngine(), startOpenBao({ tls: true })]);
  await makeImages(engine);
  runtimeWorld = newWorld();
  runtimeDisk = disk(runtimeWorld.memory, 256);
  const install = ["runtime", "install", "--to", "vault", "--daemon-config", engine.configFile];
  const installed = await runtimeWorld.unsprawl(install);
  expect(installed.code, installed.stderr).toBe(0);
});

afterAll(async () => {
  for (const proxy of proxies) await proxy.stop();
  await engine?.stop();
  await bao?.stop();
  for (const one of disks) one.unmount();
  for (const world of worlds) world.remove();
});

function newWorld(host = engine.host): World {
  const world = makeWorld(host, { VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token, VAULT_CACERT: bao.caFile ?? "" });
  worlds.push(world);
  return world;
}

function disk(dir: string, kib: number): SmallDisk {
  const made = smallDisk(dir, kib);
  disks.push(made);
  return made;
}

async function proxied(
  world: World,
  decide: (method: string, path: string) => Verdict | Promise<Verdict>,
  after?: (method: string, path: string) => void | Promise<void>,
  socket = engine.socket,
): Promise<void> {
  const proxy = await proxyEngine(socket, join(world.dir, "engine.sock"), decide, after);
  proxies.push(proxy);
  world.env["DOCKER_HOST"] = proxy.host;
}

const PAGE = 4096;
const APP = "trap 'exit 0' TERM; while :; do sleep 1000 & wait $!; done";
type Docker = TestEngine["docker"];
type Doc = {
  Id: string;
  Name: string;
  State: { Running: boolean; Paused: boolean; Pid: number; StartedAt: string };
  Config: unknown;
  HostConfig: unknown;
};

/** A container to be moved, what it was before, and what must be so again. */
class Subject {
  readonly name: string;
  readonly secrets: { readonly [name: string]: string };
  readonly world: World;
  readonly #docker: Docker;
  #before: Doc;

  constructor(
    name: string,
    options: {
      world?: World;
      secrets?: { readonly [name: string]: string };
      more?: readonly string[];
      script?: string;
      docker?: Docker;
    } = {},
  ) {
    this.name = name;
    this.world = options.world ?? newWorld();
    this.secrets = options.secrets ?? { DB_PASSWORD: random(18), SESSION_SECRET: random(40) };
    this.#docker = options.docker ?? engine.docker;
    const env = Object.entries(this.secrets).flatMap(([key, value]) => ["-e", `${key}=${value}`]);
    const network = options.docker ? [] : ["--network", "none"];
    this.#docker(
      "run",
      "-d",
      "--name",
      name,
      ...network,
      "--stop-timeout",
      "1",
      "--restart",
      "unless-stopped",
      ...env,
      ...(options.more ?? []),
      BUSYBOX,
      "sh",
      "-c",
      options.script ?? APP,
    );
    this.#before = this.inspect();
  }

  inspect(name = this.name): Doc {
    return (JSON.parse(this.#docker("inspect", name)) as [Doc])[0];
  }

  /** What a person changed meanwhile is no trace of a run. */
  noteChange(): void {
    this.#before = this.inspect();
  }

  target(to: string, deliver = "shim"): string[] {
    return [`docker:${this.name}`, "--to", to, "--deliver", deliver, "--grace", "300ms"];
  }

  migrate(
    to: string,
    deliver?: string,
    env: { [name: string]: string | undefined } = {},
    more: readonly string[] = [],
  ): Promise<Ran> {
    return this.world.unsprawl(["migrate", ...this.target(to, deliver), "--yes", ...more], { env });
  }

  async plan(to: string, deliver?: string, more: readonly string[] = []): Promise<void> {
    const planned = await this.world.unsprawl(["plan", ...this.target(to, deliver), "-o", "plan.json", ...more]);
    expect(planned.code, planned.stderr).toBe(0);
  }

  /** Makes the plan's record in the journal end so many bytes before a page is full; how many pages it takes then. */
  padPlan(bytes: number): number {
    const file = join(this.world.dir, "plan.json");
    let pages = 0;
    changePlan(this.world, file, (plan) => {
      const padded = (text: string): Plan => ({
        ...plan,
        warnings: [...plan.warnings, { unit: this.name, text }],
      });
      const data = (text: string): object => ({ plan: { ...padded(text), mac: "0".repeat(64) } });
      const record = JSON.stringify({
        at: new Date(),
        step: "run",
        state: "intent",
        data: data(""),
        mac: "0".repeat(64),
      });
      pages = Math.ceil((record.length + 1 + bytes) / PAGE);
      return padded("-".repeat(pages * PAGE - bytes - record.length - 1));
    });
    return pages;
  }

  planId(): string {
    return (JSON.parse(readFileSync(join(this.world.dir, "plan.json"), "utf8")) as { id: string }).id;
  }

  /** The same container, configured as before, up, with its values. `undisturbed`: it was not even stopped. */
  expectAsBefore(undisturbed = false): void {
    const now = this.inspect();
    const { Id, Name, Config, HostConfig, State } = this.#before;
    expect.soft(now).toMatchObject({ Id, Name });
    expect.soft(now.Config).toEqual(Config);
    expect.soft(now.HostConfig).toEqual(HostConfig);
    expect
      .soft({ running: now.State.Running, paused: now.State.Paused })
      .toEqual({ running: State.Running, paused: State.Paused });
    if (undisturbed) expect.soft(now.State.StartedAt).toBe(State.StartedAt);
    this.expectServing();
  }

  async isUntouched(): Promise<boolean> {
    const { Id, State } = this.inspect();
    const same = Id === this.#before.Id && State.StartedAt === this.#before.State.StartedAt;
    return same && (await stored(this.name)) === null;
  }

  expectServing(): void {
    const { State } = this.inspect();
    const environ = readFileSync(`/proc/${State.Pid}/environ`, "utf8").split("\0");
    for (const [key, value] of Object.entries(this.secrets)) expect.soft(environ).toContain(`${key}=${value}`);
  }

  async expectNothingLeft(): Promise<void> {
    const names = this.#docker("ps", "-a", "--format", "{{.Names}}").split("\n");
    expect.soft(names.filter((one) => one.startsWith(this.name))).toEqual([this.name]);
    expect.soft(await stored(this.name), "in Vault").toBeNull();
    expect
      .soft(
        filesBelow(join(this.world.dir, "secrets")).filter((file) => !file.endsWith("ballast")),
        "in the local store",
      )
      .toEqual([]);
    this.expectUnlocked();
    const inMemory = filesBelow(this.world.memory).filter(
      (file) => file.includes("/units/") || file.includes("/bundles/"),
    );
    expect.soft(inMemory, "in memory").toEqual([]);
  }

  expectUnlocked(): void {
    expect.soft(heldLocks(join(this.world.env["XDG_STATE_HOME"] ?? "", "unsprawl")), "locks").toEqual([]);
  }

  remove(): void {
    const names = this.#docker("ps", "-a", "--format", "{{.Names}}").split("\n");
    this.#docker("rm", "-f", ...names.filter((one) => one.startsWith(this.name)));
  }
}

/** All fields of a subject's secret in Vault; null when there is none, not even deleted versions. */
async function stored(name: string): Promise<{ readonly [field: string]: string } | null> {
  try {
    await bao.api("GET", `secret/metadata/apps/${name}`);
  } catch {
    return null;
  }
  const { data } = (await bao.api("GET", `secret/data/apps/${name}`)) as {
    data: { data: { [field: string]: string } };
  };
  return data.data;
}

/** An error that a person can act on. */
function expectTold(ran: Ran, code: number, says: RegExp): void {
  expect.soft(ran.code, ran.stderr).toBe(code);
  expect.soft(ran.stderr).toMatch(/^error: .|"message":"./m);
  expect.soft(ran.stderr).toMatch(/^ *next: .|"hint":"./m);
  expect.soft(ran.stderr).toMatch(says);
  expect.soft(ran.stderr).not.toMatch(/unexpected error|please report|\n {4}at /);
}

const runIdOf = (ran: Ran): string => /\d{8}-\d{6}-[0-9a-f]{4}/.exec(ran.stdout)?.[0] ?? "no run id was said";

describe("the engine", () => {
  it("that is gone", async () => {
    const subject = new Subject("engine-gone");
    for (const host of ["unix:///nowhere/docker.sock", "tcp://127.0.0.1:9"]) {
      for (const args of [
        ["scan"],
        ["plan", ...subject.target("vault")],
        ["migrate", ...subject.target("vault"), "--yes"],
      ]) {
        const ran = await subject.world.unsprawl(args, { env: { DOCKER_HOST: host } });
        expectTold(ran, 1, /cannot reach the engine at (unix|tcp)/);
      }
    }
    subject.expectAsBefore(true);
    await subject.expectNothingLeft();
  });

  it.each(["/containers/create", "/rename", "/start"])(
    "that goes away at %s: exit 5, and rollback when it is back",
    async (at) => {
      const subject = new Subject(`engine-dies-at-${at.replaceAll("/", "-")}`);
      let [dead, died] = [false, false];
      await proxied(subject.world, (method, path) => {
        if (!died && method === "POST" && path.split("?")[0]?.endsWith(at)) dead = died = true;
        return dead ? "drop" : "pass";
      });
      const ran = await subject.migrate("vault");
      expectTold(ran, 5, /unsprawl rollback \d{8}-\d{6}-[0-9a-f]{4}/);
      subject.expectUnlocked();
      expect(await stored(subject.name)).toEqual(subject.secrets); // nothing is lost meanwhile
      dead = false;
      const back = await subject.world.unsprawl(["rollback", runIdOf(ran)]);
      expect(back.code, back.stderr).toBe(0);
      subject.expectAsBefore();
      await subject.expectNothingLeft();
    },
  );

  it("whose socket may not be opened: exit 4", async () => {
    const subject = new Subject("engine-denied");
    const { dir, env } = subject.world;
    const nobody = 65_534;
    chownSync(dir, nobody, nobody);
    const ran = await new Promise<Ran>((done) => {
      const child = spawn(process.execPath, [MAIN, "migrate", ...subject.target("local"), "--yes"], {
        cwd: dir,
        env,
        uid: nobody,
        gid: nobody,
      });
      let [stdout, stderr] = ["", ""];
      child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
      child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
      child.on("close", (code, signal) => done({ code, signal, stdout, stderr }));
    });
    expectTold(ran, 4, /no right to open unix:/);
    subject.expectAsBefore(true);
    await subject.expectNothingLeft();
  });

  it("that forbids creating containers: exit 4", async () => {
    const subject = new Subject("engine-forbids");
    await proxied(subject.world, (method, path) =>
      method === "POST" && path.startsWith("/containers/create")
        ? { status: 403, message: "authorization denied by plugin" }
        : "pass",
    );
    expectTold(await subject.migrate("vault"), 4, /authorization denied by plugin/);
    subject.expectAsBefore(true);
    await subject.expectNothingLeft();
  });
});

describe("the store", () => {
  it("that is sealed: when planning, and when applying", async () => {
    const subject = new Subject("sealed");
    await subject.plan("vault");
    await bao.seal();
    try {
      expectTold(await subject.world.unsprawl(["plan", ...subject.target("vault")]), 1, /is sealed/);
      expectTold(await subject.world.unsprawl(["apply", "plan.json"]), 1, /is sealed/);
    } finally {
      await bao.unseal();
    }
    subject.expectAsBefore(true);
    await subject.expectNothingLeft();
  });

  it("that is sealed when its write must be taken back: exit 5, and rollback later", async () => {
    const subject = new Subject("sealed-later");
    await proxied(subject.world, async (method, path) => {
      if (method !== "POST" || !path.startsWith("/containers/create")) return "pass";
      await bao.seal();
      return { status: 500, message: "no more containers today" };
    });
    try {
      const ran = await subject.migrate("vault");
      expectTold(ran, 5, /is sealed[^]*unsprawl rollback/);
      subject.expectAsBefore(true);
      await bao.unseal();
      const back = await subject.world.unsprawl(["rollback", runIdOf(ran)]);
      expect(back.code, back.stderr).toBe(0);
    } finally {
      await bao.unseal();
    }
    subject.expectAsBefore(true);
    await subject.expectNothingLeft();
  });

  it("that is gone", async () => {
    const subject = new Subject("store-gone");
    const env = { VAULT_ADDR: `https://127.0.0.1:${await closedPort()}` };
    expectTold(await subject.migrate("vault", "shim", env), 1, /refuses the connection/);
    subject.expectAsBefore(true);
    await subject.expectNothingLeft();
  });

  it("that does not know the token: exit 4, when planning and when applying", async () => {
    const subject = new Subject("wrong-token");
    await subject.plan("vault");
    const env = { VAULT_TOKEN: "wrong" };
    expectTold(await subject.migrate("vault", "shim", env), 4, /does not know this token/);
    expectTold(await subject.world.unsprawl(["apply", "plan.json"], { env }), 4, /does not know this token/);
    subject.expectAsBefore(true);
    await subject.expectNothingLeft();
  });

  it("that only lets read: exit 4, and the policy to add", async () => {
    const subject = new Subject("read-only");
    await bao.api("PUT", "sys/policies/acl/reads", { policy: 'path "secret/*" { capabilities = ["read", "list"] }' });
    const { auth } = (await bao.api("POST", "auth/token/create", { policies: ["reads"] })) as {
      auth: { client_token: string };
    };
    expectTold(
      await subject.migrate("vault", "shim", { VAULT_TOKEN: auth.client_token }),
      4,
      /may not .*secret\/data\/apps\/read-only/,
    );
    subject.expectAsBefore(true);
    await subject.expectNothingLeft();
  });

  it("that holds another value: not moved without --overwrite; rollback brings the old one back, scrub ends it", async () => {
    const subject = new Subject("other-value", { secrets: { DB_PASSWORD: random(20) } });
    const before = { DB_PASSWORD: random(20), BESIDE: random(20) };
    await bao.api("POST", "secret/data/apps/other-value", { data: before });
    const refused = await subject.migrate("vault");
    expect(refused.code).toBe(3);
    expect(refused.stdout).toMatch(/the store holds another value[^]*next: --overwrite/);
    subject.expectAsBefore(true);
    expect(await stored(subject.name)).toEqual(before);

    const moved = await subject.migrate("vault", "shim", {}, ["--overwrite"]);
    expect(moved.code, moved.stderr).toBe(0);
    expect(await stored(subject.name)).toMatchObject({ ...subject.secrets, BESIDE: before.BESIDE });
    const back = await subject.world.unsprawl(["rollback"]);
    expect(back.code, back.stderr).toBe(0);
    expect(await stored(subject.name)).toEqual(before);
    subject.expectAsBefore();

    const again = await subject.migrate("vault", "shim", {}, ["--overwrite"]);
    expect(again.code, again.stderr).toBe(0);
    expect(Object.values((await stored(subject.name)) ?? {})).toContain(before.DB_PASSWORD); // kept beside it
    const scrubbed = await subject.world.unsprawl(["scrub", runIdOf(again)]);
    expect(scrubbed.code, scrubbed.stderr).toBe(0);
    expect(await stored(subject.name)).toEqual({ ...subject.secrets, BESIDE: before.BESIDE });
    subject.expectServing();
  });

  it("that was given another value since the plan: refused, and left as it is", async () => {
    const subject = new Subject("store-drift");
    await subject.plan("vault");
    const theirs = { DB_PASSWORD: "theirs" };
    await bao.api("POST", "secret/data/apps/store-drift", { data: theirs });
    expectTold(await subject.world.unsprawl(["apply", "plan.json"]), 1, /another value/);
    expect(await stored(subject.name)).toEqual(theirs);
    subject.expectAsBefore(true);
    subject.expectUnlocked();
  });
});

describe("a full disk", () => {
  it("for the state folder of a fresh installation", async () => {
    const subject = new Subject("full-fresh");
    const full = disk(join(subject.world.dir, "disk"), 64);
    full.fill(0);
    const env = { XDG_STATE_HOME: full.dir };
    expectTold(await subject.world.unsprawl(["scan", `docker:${subject.name}`], { env }), 1, /space/);
    // The file that a lock is held on stays, and holds nothing.
    const left = filesBelow(join(full.dir, "unsprawl")).filter((file) => !/\/lock\/[\w-]+\.0$/.test(file));
    expect(left).toEqual([]);
    full.empty();
    const later = await subject.world.unsprawl(["scan", `docker:${subject.name}`], { env });
    expect(later.code, later.stderr).toBe(3);
  });

  // No room, no room for the plan; then room for the plan and for so many bytes of what is written down after it.
  it.each([
    [0, null],
    [1, null],
    [2, null],
    [null, 100],
    [null, 500],
    [null, 1000],
    [null, 1500],
    [null, 2000],
    [null, 2500],
    [null, 3000],
  ])("for the journal, with %s pages left, or %s bytes after the plan", async (pages, bytes) => {
    const secrets = { DB_PASSWORD: random(18), SESSION_SECRET: random(40), API_TOKEN: random(40) };
    const subject = new Subject(`full-state-${pages ?? bytes}`, { secrets });
    const full = disk(join(subject.world.dir, "disk"), 256);
    subject.world.env["XDG_STATE_HOME"] = full.dir;
    await subject.plan("vault");
    full.fill(pages ?? 1 + subject.padPlan(bytes ?? 0)); // the lock takes a page too
    const ran = await subject.world.unsprawl(["apply", "plan.json"]);
    expectTold(ran, 1, /space/);
    subject.expectAsBefore();
    await subject.expectNothingLeft();

    full.empty();
    const { runs } = JSON.parse((await subject.world.unsprawl(["runs", "--json"])).stdout) as {
      runs: { run: string; state: string }[];
    };
    expect(runs.map((one) => one.state)).not.toContain("unreadable");
    for (const { run, state } of runs) {
      // What could not be written down must be brought to an end by what `runs` says.
      if (state === "unfinished") expect(await subject.world.unsprawl(["rollback", run])).toMatchObject({ code: 0 });
    }
    subject.expectAsBefore();
    await subject.expectNothingLeft();
    const again = await subject.migrate("vault");
    expect(again.code, again.stderr).toBe(0);
    subject.expectServing();
  });

  it.each([0, 1, 2])("for the store, with %i pages left", async (pages) => {
    const subject = new Subject(`full-store-${pages}`, {
      secrets: { DB_PASSWORD: random(18), LICENSE_SECRET: random(20 * 1024) },
    });
    const full = disk(join(subject.world.dir, "secrets"), 128);
    full.fill(pages);
    expectTold(await subject.migrate("local"), 1, /no space left/);
    subject.expectAsBefore(true);
    await subject.expectNothingLeft();
    full.empty();
    const again = await subject.migrate("local");
    expect(again.code, again.stderr).toBe(0);
    subject.expectServing();
  });

  it.each([0, 1, 3])("for the memory folder, with %i pages left", async (pages) => {
    const subject = new Subject(`full-memory-${pages}`, {
      secrets: { DB_PASSWORD: random(18), LICENSE_SECRET: random(20 * 1024) },
    });
    const full = disk(join(subject.world.dir, "memory"), 128);
    subject.world.env["UNSPRAWL_RUNTIME_DIR"] = full.dir;
    full.fill(pages);
    for (const to of ["local", "vault"]) {
      expectTold(await subject.migrate(to), 1, /no space left/);
      subject.expectAsBefore(true);
      await subject.expectNothingLeft();
    }
    expect(filesBelow(full.dir)).toEqual([join(full.dir, "ballast")]);
  });

  it("for the runtime's memory folder: the container is not started without its secret", async () => {
    const subject = new Subject("full-runtime", {
      world: runtimeWorld,
      secrets: { DB_PASSWORD: random(18), LICENSE_SECRET: random(20 * 1024) },
    });
    runtimeDisk.fill(1);
    try {
      expectTold(await subject.migrate("vault", "runtime"), 1, /unsprawl: .*no space left/);
      subject.expectAsBefore();
      await subject.expectNothingLeft();
    } finally {
      runtimeDisk.empty();
    }
    const moved = await subject.migrate("vault", "runtime");
    expect(moved.code, moved.stderr).toBe(0);
    runtimeDisk.fill(0);
    try {
      expect(() => engine.docker("restart", subject.name)).toThrow(/unsprawl: .*no space left/);
      expect(subject.inspect().State.Running).toBe(false);
    } finally {
      runtimeDisk.empty();
    }
    engine.docker("start", subject.name);
    subject.expectServing();
    subject.remove();
  });
});

describe("what is taken", () => {
  it.each(["unsprawl", "before"])("the name NAME-%s-RUN", async (part) => {
    const subject = new Subject(`taken-${part}`);
    await subject.plan("vault");
    const other = `${subject.name}-${part}-${subject.planId()}`;
    engine.docker("create", "--name", other, BUSYBOX, "true");
    expectTold(await subject.world.unsprawl(["apply", "plan.json"]), 1, new RegExp(other));
    subject.expectAsBefore();
    expect(engine.docker("inspect", "-f", "{{.State.Status}}", other)).toBe("created");
    engine.docker("rm", other);
    await subject.expectNothingLeft();
  });

  it("a port that another takes while the container is swapped", async () => {
    const shared = await workerEngine();
    const world = newWorld(shared.host);
    const docker: Docker = (...args) => engine.docker("-H", shared.host, ...args);
    const suffix = random(6).toLowerCase();
    const thief = `thief-${suffix}`;
    const port = await closedPort();
    // Not the default bridge: an engine without one takes docker0 away at its start, whoever made it.
    const network = `ports-${suffix}`;
    docker("network", "create", network);
    const subject = new Subject(`port-${suffix}`, {
      world,
      docker,
      more: ["--network", network, "-p", `127.0.0.1:${port}:80`],
    });
    let stolen = 0;
    const isStart = (method: string, path: string): boolean => method === "POST" && path.endsWith("/start");
    await proxied(
      world,
      (method, path) => {
        if (isStart(method, path) && stolen++ === 0)
          docker(
            "run",
            "-d",
            "--name",
            thief,
            "--network",
            network,
            "-p",
            `127.0.0.1:${port}:80`,
            BUSYBOX,
            "sleep",
            "1000",
          );
        return "pass";
      },
      (method, path) => {
        if (isStart(method, path) && stolen === 1) docker("rm", "-f", thief);
      },
      shared.socket,
    );
    try {
      expectTold(await subject.migrate("vault"), 1, new RegExp(`${port}.*(already allocated|already in use)`));
      expect(stolen).toBeGreaterThan(0);
      subject.expectAsBefore();
      await subject.expectNothingLeft();
    } finally {
      subject.remove();
      docker("network", "rm", network);
    }
  });
});

describe("a container", () => {
  it("that dies at its start", async () => {
    const world = newWorld();
    const starts = join(world.dir, "starts");
    mkdirSync(starts);
    // The second start is the migration's.
    const script = `n=x$(cat /starts/n 2>/dev/null); printf %s "$n" >/starts/n; if [ "$n" = xx ]; then echo cannot go on; exit 3; fi; ${APP}`;
    const subject = new Subject("dies", { world, script, more: ["-v", `${starts}:/starts`] });
    expectTold(await subject.migrate("vault"), 1, /did not stay up.*cannot go on/);
    subject.expectAsBefore();
    await subject.expectNothingLeft();
  });

  it("that turns unhealthy", async () => {
    const world = newWorld();
    const starts = join(world.dir, "starts");
    mkdirSync(starts);
    const script = `n=x$(cat /starts/n 2>/dev/null); printf %s "$n" >/starts/n; ${APP}`;
    const health = [
      "--health-cmd",
      '[ "$(cat /starts/n)" != xx ]',
      "--health-interval",
      "200ms",
      "--health-retries",
      "1",
    ];
    const subject = new Subject("unhealthy", { world, script, more: ["-v", `${starts}:/starts`, ...health] });
    expectTold(await subject.migrate("vault"), 1, /is unhealthy/);
    subject.expectAsBefore();
    await subject.expectNothingLeft();
  });

  it.each([
    ["is configured otherwise", (name: string) => engine.docker("update", "--restart", "no", name)],
    ["has another name", (name: string) => engine.docker("rename", name, `${name}-renamed`)],
  ])("that %s since the plan: nothing is done", async (what, change) => {
    const subject = new Subject(`drift-${what.replaceAll(" ", "-")}`);
    await subject.plan("vault");
    change(subject.name);
    expectTold(await subject.world.unsprawl(["apply", "plan.json"]), 1, /has changed since the plan/);
    if (what === "has another name") engine.docker("rename", `${subject.name}-renamed`, subject.name);
    else subject.noteChange();
    subject.expectAsBefore(true);
    await subject.expectNothingLeft();
    expect(filesBelow(join(subject.world.dir, "state/unsprawl/runs"))).toEqual([]);
  });

  it("that is gone, or was made again, since the plan", async () => {
    const subject = new Subject("drift-gone");
    await subject.plan("vault");
    subject.remove();
    expectTold(await subject.world.unsprawl(["apply", "plan.json"]), 1, /is gone/);
    const again = new Subject("drift-gone", { world: subject.world, secrets: subject.secrets });
    expectTold(await again.world.unsprawl(["apply", "plan.json"]), 1, /is gone/);
    again.expectAsBefore(true);
    await again.expectNothingLeft();
  });
});

describe("a command line or a plan that is wrong", () => {
  it.each<{ words: readonly string[] }>(
    [
      ["migrate", "SUBJECT", "--to", "vault"],
      ["migrate", "SUBJECT", "--to", "vault", "--yess"],
      ["migrate", "SUBJECT", "--yes"],
      ["migrate", "SUBJECT", "--to", "volt", "--yes"],
      ["migrate", "SUBJECT", "--to", "vault", "--yes", "--deliver", "magic"],
      ["migrate", "SUBJECT", "--to", "vault", "--yes", "--grace", "soon"],
      ["migrate", "SUBJECT", "--to", "vault", "--yes", "--accept", "all"],
      ["migrate", "SUBJECT", "--to", "vault", "--yes", "--format", "json"],
      ["migrate", "SUBJECT", "--to", "vault", "--yes", "--config", "nowhere.yaml"],
      ["migrate", "NAME", "--to", "vault", "--yes"],
      ["migrate", "dokker:NAME", "--to", "vault", "--yes"],
      ["scan", "--to", "vault"],
      ["scan", "--format", "xml"],
      ["scan", "--json", "--format", "html"],
      ["apply"],
      ["apply", "nowhere.json"],
      ["apply", "plan.json", "more"],
      ["apply", "plan.json", "--yes"],
      ["rollback", "../../etc/passwd"],
      ["migrait"],
    ].map((words) => ({ words })),
  )("$words: exit 2, nothing is done", async ({ words }) => {
    const args = words.map((word) => word.replace("SUBJECT", `docker:${usage.name}`).replace("NAME", usage.name));
    expectTold(await usage.world.unsprawl(args), 2, /./);
    usage.expectAsBefore(true);
    await usage.expectNothingLeft();
    expect(filesBelow(join(usage.world.dir, "state/unsprawl/runs"))).toEqual([]);
  });

  type Json = { [key: string]: unknown };
  type Step = Json & { kind: string };
  const withStep = (kind: string, change: (step: Step) => Json) => (plan: Json) => ({
    ...plan,
    steps: (plan["steps"] as Step[]).map((step) => (step.kind === kind ? change(step) : step)),
  });
  const without =
    (key: string) =>
    (from: Json): Json =>
      Object.fromEntries(Object.entries(from).filter(([name]) => name !== key));
  it.each<[string, (plan: Json, text: string) => unknown]>([
    ["empty", () => ""],
    ["cut short", (_, text) => text.slice(0, -20)],
    ["null", () => null],
    ["a list", () => []],
    ["of another version", (plan) => ({ ...plan, version: 2 })],
    ["with a path for an id", (plan) => ({ ...plan, id: "../../../tmp/x" })],
    ["without an engine", without("engine")],
    ["without a store", without("store")],
    ["without a key id", without("keyId")],
    ["of an unknown migration", (plan) => ({ ...plan, migration: "magic" })],
    ["of a migration that every object has", (plan) => ({ ...plan, migration: "constructor" })],
    ["with an unknown kind of step", withStep("verify", (step) => ({ ...step, kind: "delete" }))],
    ["with an unknown delivery", withStep("recreate", (step) => ({ ...step, delivery: "magic" }))],
    ["with a put without its move", withStep("put", without("move"))],
    ["with a recreate without its subject", withStep("recreate", without("subject"))],
    ["with a check without its moves", withStep("check", without("moves"))],
    [
      "without its recreate steps",
      (plan) => ({ ...plan, steps: (plan["steps"] as Step[]).filter((step) => step.kind !== "recreate") }),
    ],
    [
      "without its verify steps",
      (plan) => ({ ...plan, steps: (plan["steps"] as Step[]).filter((step) => step.kind !== "verify") }),
    ],
    [
      "without its check steps",
      (plan) => ({ ...plan, steps: (plan["steps"] as Step[]).filter((step) => step.kind !== "check") }),
    ],
    ["in another order", (plan) => ({ ...plan, steps: (plan["steps"] as Step[]).toReversed() })],
    [
      "without its put steps",
      (plan) => ({ ...plan, steps: (plan["steps"] as Step[]).filter((step) => step.kind !== "put") }),
    ],
    ["with a null step", (plan) => ({ ...plan, steps: [null] })],
    ["of another engine", (plan) => ({ ...plan, engine: { id: "another", address: "unix:///another" } })],
    ["of another installation", (plan) => ({ ...plan, keyId: "00000000" })],
  ])("a plan that is %s: refused, nothing is done", async (_what, change) => {
    if (!(await usage.isUntouched())) {
      // An earlier plan was carried out that should not have been.
      usage.remove();
      await bao.api("DELETE", "secret/metadata/apps/usage").catch(() => undefined);
      usage = new Subject("usage");
    }
    await usage.plan("vault");
    const text = readFileSync(join(usage.world.dir, "plan.json"), "utf8");
    const changed = change(JSON.parse(text) as Json, text);
    writeFileSync(
      join(usage.world.dir, "changed.json"),
      typeof changed === "string" ? changed : JSON.stringify(changed),
    );
    const ran = await usage.world.unsprawl(["apply", "changed.json"]);
    expectTold(ran, ran.code === 1 ? 1 : 2, /plan|engine|store|delivery/);
    usage.expectAsBefore(true);
    await usage.expectNothingLeft();
  });

  let usage: Subject;
  beforeAll(() => {
    usage = new Subject("usage");
  });
});

describe("the engine's lock", () => {
  /** Starts a migration and holds it at its container's creation. */
  async function held(
    subject: Subject,
  ): Promise<{ readonly ran: Promise<Ran>; readonly at: Promise<void>; release: () => void }> {
    let arrive: () => void = () => undefined;
    let release: () => void = () => undefined;
    const at = new Promise<void>((done) => (arrive = done));
    const gate = new Promise<void>((done) => (release = done));
    let first = true;
    await proxied(subject.world, async (method, path): Promise<Verdict> => {
      if (first && method === "POST" && path.startsWith("/containers/create")) {
        first = false;
        arrive();
        await gate;
      }
      return "pass";
    });
    const ran = subject.migrate("vault");
    return { ran, at, release };
  }

  it("keeps a second run out, which does nothing; the first goes on", async () => {
    const subject = new Subject("locker");
    const second = new Subject("locked-out", { world: subject.world });
    const first = await held(subject);
    await first.at;
    const refused = await second.migrate("vault");
    expectTold(refused, 1, /another unsprawl works on this engine: run \d{8}.*process \d+/);
    const { stdout } = await subject.world.unsprawl(["runs"]);
    expect(stdout).toContain("running");
    first.release();
    expect(await first.ran).toMatchObject({ code: 0 });
    second.expectAsBefore(true);
    expect(await stored(second.name)).toBeNull();
    subject.expectServing();
    subject.expectUnlocked();
  });

  it("of a killed run is free, whoever is noted as its holder", async () => {
    const subject = new Subject("lock-killed");
    const { dir, env } = subject.world;
    let killed = false;
    await proxied(subject.world, (method, path): Verdict => {
      if (killed || method !== "POST" || !path.startsWith("/containers/create")) return "pass";
      killed = true;
      child.kill("SIGKILL");
      return "drop";
    });
    const child = spawn(process.execPath, [MAIN, "migrate", ...subject.target("vault"), "--yes"], {
      cwd: dir,
      env,
      stdio: "ignore",
    });
    await new Promise((done) => child.on("close", done));
    expect(killed).toBe(true);
    subject.expectAsBefore(true);
    const [note = ""] = filesBelow(join(dir, "state/unsprawl/lock")).filter((file) => file.endsWith(".holder"));
    const holder = JSON.parse(readFileSync(note, "utf8")) as { host: string };
    writeFileSync(note, JSON.stringify({ ...holder, host: "another-host" }));
    const resumed = await subject.world.unsprawl(["resume"]);
    expect(resumed.code, resumed.stderr).toBe(0);
    subject.expectServing();
    subject.expectUnlocked();
  });

  it("that was broken while its run goes on: neither takes the other's away", async () => {
    const subject = new Subject("lock-broken");
    const second = new Subject("lock-breaker", { world: subject.world });
    const first = await held(subject);
    await first.at;
    const broke = await second.migrate("vault", "shim", {}, ["--break-lock"]);
    expect(broke.code, broke.stderr).toBe(0);
    first.release();
    expect(await first.ran).toMatchObject({ code: 0 });
    subject.expectServing();
    second.expectServing();
    subject.expectUnlocked();
  });
});

describe("the runtime delivery at a container's start", () => {
  it("says why when the store cannot be asked, and does not run the container without its secret", async () => {
    const subject = new Subject("start", { world: runtimeWorld });
    const moved = await subject.migrate("vault", "runtime");
    expect(moved.code, moved.stderr).toBe(0);
    subject.expectServing();
    const down = (): boolean => !subject.inspect().State.Running;

    await bao.seal();
    try {
      expect(() => engine.docker("restart", subject.name)).toThrow(/unsprawl: .*is sealed/);
      expect(down()).toBe(true);
    } finally {
      await bao.unseal();
    }
    engine.docker("start", subject.name);
    subject.expectServing();

    await bao.api("DELETE", `secret/metadata/apps/${subject.name}`);
    expect(() => engine.docker("restart", subject.name)).toThrow(/unsprawl: .*nothing is stored at ref\+vault:/);
    expect(down()).toBe(true);
    await bao.api("POST", `secret/data/apps/${subject.name}`, { data: subject.secrets });
    engine.docker("start", subject.name);
    subject.expectServing();
    expect(filesBelow(join(runtimeWorld.memory, "bundles"))).toEqual([]);

    const back = await runtimeWorld.unsprawl(["rollback", runIdOf(moved)]);
    expect(back.code, back.stderr).toBe(0);
    subject.expectAsBefore();
  });

  it("migrating while the runtime's credential is revoked: put back as before", async () => {
    const subject = new Subject("revoked", { world: runtimeWorld });
    const { keys } = ((await bao.api("LIST", "auth/token/accessors")) as { data: { keys: string[] } }).data;
    const accessors = await Promise.all(
      keys.map(async (accessor) => {
        const { data } = (await bao.api("POST", "auth/token/lookup-accessor", { accessor })) as {
          data: { display_name: string };
        };
        return { accessor, name: data.display_name };
      }),
    );
    const readers = accessors.filter((one) => one.name.includes("unsprawl-runtime"));
    expect(readers.length).toBeGreaterThan(0);
    for (const { accessor } of readers) await bao.api("POST", "auth/token/revoke-accessor", { accessor });
    expectTold(await subject.migrate("vault", "runtime"), 1, /unsprawl: .*does not know this token/);
    subject.expectAsBefore();
    await subject.expectNothingLeft();
    const status = await runtimeWorld.unsprawl(["runtime", "status"]);
    expect(status.code).toBe(1);
    expect(status.stdout).toMatch(/✗ .*does not know this token/);
  });
});

/** A loopback port where nothing listens. */
function closedPort(): Promise<number> {
  return new Promise((done) => {
    const server = createServer();
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => done(typeof address === "object" && address ? address.port : 0));
    });
  });
}
