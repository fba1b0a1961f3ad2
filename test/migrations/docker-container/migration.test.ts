import { execFileSync, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { chownSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findDaemon } from "../../../src/engine/daemon.ts";
import { BUSYBOX, FILE_ENV, makeBashImage } from "../../services/images.ts";
import { startOpenBao } from "../../services/openbao.ts";
import { workerEngine, type WorkerEngine } from "../../services/worker-engine.ts";
import { twelveSecrets } from "../../support/secrets.ts";
import { makeWorld, type World } from "../../support/world.ts";

let engine: WorkerEngine;
let bao: Awaited<ReturnType<typeof startOpenBao>>;
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

const APP = ["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1000 & wait $!; done"];
const secret = (): string => twelveSecrets()["DB_PASSWORD"] ?? "";

function start(name: string, ...options: string[]): void {
  const network = options.includes("--publish") ? [] : ["--network", "none"];
  engine.docker("run", "-d", "--name", name, ...network, "-e", `DB_PASSWORD=${secret()}`, ...options, BUSYBOX, ...APP);
}

const migrate = (name: string, ...more: string[]): ReturnType<World["unsprawl"]> =>
  world.unsprawl(["migrate", `docker:${name}`, "--to", "local", "--grace", "100ms", "--yes", ...more]);

const runOf = (stdout: string): string => /Plan (\S+):/.exec(stdout)?.[1] ?? "";

it("data in volumes without a name stays with the container, also where a path ends in a slash", async () => {
  start("volumes", "-v", "/slash/", "--mount", "type=volume,target=/mount/", "-v", "/plain");
  const each = (command: string): string =>
    engine.docker("exec", "volumes", "sh", "-c", `for at in /slash /mount /plain; do ${command} $at/file; done`);
  each("echo kept >");
  const moved = await migrate("volumes", "--deliver", "shim");
  expect(moved.code, moved.stderr).toBe(0);
  expect(each("cat").split("\n")).toEqual(["kept", "kept", "kept"]);
});

it("variables that a shell would drop are passed on by the image's bash, or the container is not moved by shim", async () => {
  start("odd-names", "-e", "discovery.type=single-node");
  const left = await migrate("odd-names", "--deliver", "shim");
  expect(left.code).toBe(3);
  expect(left.stdout).toContain(
    "a shell would drop the variable discovery.type, since no shell variable can have that name; bash would keep it",
  );

  await makeBashImage(engine, "search:1");
  const password = secret();
  const odd = ["discovery.type=single-node", "a-b=", 'node.attr.x= it\'s "$HOME" `id` \\ \n*\n'];
  const plain = ["EMPTY=", "JAVA_OPTS=-Xms1g -Xmx1g"];
  const given = [`ELASTIC_PASSWORD=${password}`, ...odd, ...plain].flatMap((one) => ["-e", one]);
  const check = ["--health-cmd", "test -n $ELASTIC_PASSWORD", "--health-interval", "1s"];
  engine.docker("run", "-d", "--name", "search", "--hostname", "search", ...given, ...check, "search:1");
  const config = (): string => engine.docker("inspect", "-f", "{{json .Config}} {{json .Args}}", "search");
  // Bash itself counts how deep it is.
  const received = (): readonly string[] =>
    engine
      .docker("exec", "search", "cat", "/tmp/seen")
      .split("\0")
      .filter((one) => !/^(?:PWD|SHLVL|_)=|^$/.test(one))
      .toSorted();
  const [before, seen] = [config(), received()];
  expect(seen).toEqual(expect.arrayContaining([...odd, ...plain]));
  const moved = await migrate("search", "--deliver", "shim");
  expect(moved.code, moved.stdout + moved.stderr).toBe(0);
  expect(received()).toEqual(seen);
  expect(config()).not.toContain(password);
  const back = await world.unsprawl(["rollback", runOf(moved.stdout)]);
  expect(back.code, back.stderr).toBe(0);
  expect(config()).toBe(before);

  // No shell can set that one: perl does, in an image that has it.
  await makeBashImage(engine, "canal:1", { perl: true });
  const dotted = `${secret()}'s \n`;
  const both = [...given, "-e", `canal.instance.dbPassword=${dotted}`];
  engine.docker("run", "-d", "--name", "canal", "--hostname", "canal", ...both, "canal:1");
  const set = (): readonly string[] =>
    engine
      .docker("exec", "canal", "cat", "/tmp/seen")
      .split("\0")
      .filter((one) => !/^(?:PWD|SHLVL|_)=|^$/.test(one))
      .toSorted();
  const own = set();
  const byPerl = await migrate("canal", "--deliver", "shim");
  expect(byPerl.code, byPerl.stdout + byPerl.stderr).toBe(0);
  expect(byPerl.stdout).toContain("perl sets the names that no shell can");
  expect(set()).toEqual(own);
  expect(own).toContain(`canal.instance.dbPassword=${dotted}`);
  expect(engine.docker("inspect", "canal")).not.toContain(dotted.split("'")[0]);
  const rendered = await world.unsprawl(["render", "docker:canal"]);
  expect([rendered.code, rendered.stderr]).toEqual([0, ""]);

  // Bash would change one variable; the other is a secret that no program of the image can set.
  for (const [name, more, why] of [
    ["prompting", "PS1=> ", "bash would keep it, but not PS1"],
    ["secret-names", `elastic.password=${secret()}`, "no shell can set a variable of that name; the shim does so with"],
  ] as const) {
    engine.docker("create", "--name", name, ...given, "-e", more, "search:1");
    const stays = await migrate(name, "--deliver", "shim");
    expect(stays.code).toBe(3);
    expect(stays.stdout).toContain(why);
    expect(engine.docker("inspect", name)).toContain(more);
  }
});

describe("what would be lost is refused until it is accepted", () => {
  it("files in the container's own layer, but not those that any run makes anew", async () => {
    const changed = async (name: string, command: string): Promise<void> => {
      start(name);
      engine.docker("exec", name, "sh", "-c", command);
    };
    await changed("layered", "mkdir /srv && echo kept > /srv/file; echo x > /tmp/file");
    const refused = await migrate("layered", "--deliver", "shim");
    expect(refused.code).toBe(3);
    expect(refused.stdout).toMatch(/files changed in its own layer \(\/srv\/file\)[^]*--accept layer/);
    const moved = await migrate("layered", "--deliver", "shim", "--accept", "layer");
    expect(moved.code, moved.stderr).toBe(0);
    await changed("anew", "mkdir /empty; echo x > /tmp/file; echo x > /gone; rm /gone");
    const noted = await migrate("anew", "--deliver", "shim");
    expect(noted.code, noted.stdout).toBe(0);
    expect(noted.stdout).toContain("changes below /run, /tmp, logs and caches (1 file) stay with the old container");
  });

  it("a host port that the engine chose", async () => {
    start("published", "--publish", "80");
    const refused = await migrate("published", "--deliver", "shim");
    expect(refused.code).toBe(3);
    expect(refused.stdout).toMatch(/the host port of 80\/tcp is chosen by the engine[^]*--accept ports/);
    const moved = await migrate("published", "--deliver", "shim", "--accept", "ports");
    expect(moved.code, moved.stderr).toBe(0);
  });
});

describe("the runtime hands runc on what the engine meant", () => {
  it("umask: what a container makes is as open as without it", async () => {
    await world.unsprawl(["plan", "docker:none*", "--to", "local"]);
    const installed = await world.unsprawl([
      "runtime",
      "install",
      "--to",
      "local",
      "--daemon-config",
      engine.configFile,
    ]);
    expect(installed.code, installed.stderr).toBe(0);
    start("open", "--tmpfs", "/deep/a/b");
    const before = engine.docker("exec", "open", "sh", "-c", "umask; ls -ld /deep | cut -c1-10");
    expect((await migrate("open", "--deliver", "runtime")).code).toBe(0);
    expect(engine.docker("exec", "open", "sh", "-c", "umask; ls -ld /deep | cut -c1-10")).toBe(before);
  });
});

describe("a store entry that two runs share", () => {
  it("stays when the run that wrote it is rolled back, as long as the other relies on it", async () => {
    const value = secret();
    const config = join(world.dir, "unsprawl.yaml");
    writeFileSync(config, "stores:\n  shared: { provider: vault, path: team }\n");
    const runs: string[] = [];
    for (const name of ["first", "second"]) {
      engine.docker("run", "-d", "--name", name, "--network", "none", "-e", `DB_PASSWORD=${value}`, BUSYBOX, ...APP);
      const moved = await world.unsprawl([
        "migrate",
        `docker:${name}`,
        "--to",
        "shared",
        "--deliver",
        "shim",
        "--grace",
        "100ms",
        "--yes",
      ]);
      expect(moved.code, moved.stderr).toBe(0);
      runs.push(runOf(moved.stdout));
    }
    const stored = async (): Promise<number> =>
      (await fetch(`${bao.address}/v1/secret/data/team`, { headers: { "X-Vault-Token": bao.token } })).status;
    expect((await world.unsprawl(["rollback", runs[0] ?? ""])).code).toBe(0);
    expect(await stored()).toBe(200);
    expect((await world.unsprawl(["rollback", runs[1] ?? ""])).code).toBe(0);
    rmSync(config);
  });
});

describe("render", () => {
  it("works before the engine is up, and goes on past a subject whose value is gone", async () => {
    for (const name of ["boot-a", "boot-b"]) {
      engine.docker("run", "-d", "--name", name, "--network", "none", "-e", `DB_PASSWORD=${secret()}`, FILE_ENV);
      expect((await migrate(name)).stdout).toContain("by file");
    }
    const units = join(world.memory, "units");
    const unitOf = (name: string): string =>
      join(units, readdirSync(units).find((one) => one.startsWith(name)) ?? "none");
    const file = join(unitOf("boot-b"), "secrets/DB_PASSWORD");
    const value = readFileSync(file);
    rmSync(join(world.dir, ".local/share/unsprawl/secrets/boot-a.sops.yaml"));
    for (const name of ["boot-a", "boot-b"]) rmSync(unitOf(name), { recursive: true });
    const rendered = await world.unsprawl(["render", "--all"], { env: { DOCKER_HOST: "unix:///nowhere/docker.sock" } });
    expect(rendered.code).toBe(5);
    expect(rendered.stderr).toContain("boot-a: nothing is stored at");
    expect(readFileSync(file)).toEqual(value);
  });
});

describe("other users of the host", () => {
  it("cannot pass for the engine", () => {
    const words = ["-c", "sleep 60; true", "--host", `unix://${engine.socket}`, "--config-file", "/etc/cron.d/evil"];
    const fake = spawn("/bin/sh", words, { argv0: "dockerd", uid: 65534, gid: 65534, stdio: "ignore" });
    try {
      const real = findDaemon(engine.socket, null);
      expect(real).toEqual({ pid: engine.pid(), configFile: engine.configFile });
    } finally {
      fake.kill("SIGKILL");
    }
  });

  it("cannot own the folder that values pass through", async () => {
    const theirs = `${world.memory}-theirs`;
    mkdirSync(theirs);
    chownSync(theirs, 65534, 65534);
    start("guarded");
    const moved = await world.unsprawl(["migrate", "docker:guarded", "--to", "local", "--deliver", "shim", "--yes"], {
      env: { UNSPRAWL_RUNTIME_DIR: theirs },
    });
    expect(moved.code).toBe(3);
    expect(moved.stdout).toContain("is not a folder of this user alone");
    expect(readdirSync(theirs)).toEqual([]);
    execFileSync("rm", ["-rf", theirs]);
  });
});

it("what stands in a variable's name is refused with a reason, told nowhere, and left as it is", async () => {
  // Shorter than what is taken out of all output: nobody may have quoted it in the first place.
  const [inside, beside] = [`hunt${randomInt(10, 100)}`, secret()];
  const pasted = ["postgres://api:", inside, "@db/api?sslmode=require"].join("");
  engine.docker("run", "-d", "--name", "pasted", "-e", pasted, "-e", `DB_PASSWORD=${beside}`, BUSYBOX, ...APP);
  const planned = await world.unsprawl(["plan", "docker:pasted", "--to", "local", "--json"]);
  const moved = await migrate("pasted", "--deliver", "shim");
  expect([planned.code, moved.code]).toEqual([3, 3]);
  for (const { stdout, stderr } of [planned, moved]) {
    expect(stdout).toContain("its variable's name holds a secret, or may");
    expect(stdout + stderr).not.toContain(inside);
  }
  const env = engine.docker("inspect", "--format", "{{json .Config.Env}}", "pasted");
  // A shell would drop a variable of such a name, so that the one beside it is not moved by shim either.
  expect(env).toContain(inside);
  expect(env).toContain(beside);
});
