import { execFileSync } from "node:child_process";
import { randomInt } from "node:crypto";
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { FORMAT_NAMES } from "../src/cli/views/index.ts";
import { composeCli } from "./services/compose.ts";
import { startEngine, type TestEngine } from "./services/engine.ts";
import { BUSYBOX, makeImages } from "./services/images.ts";
import { startOpenBao, type OpenBao } from "./services/openbao.ts";
import { startRegistry } from "./services/registry.ts";
import { filesBelow, variableCanaries, Watch, type Canary } from "./support/canary.ts";
import { filesOf, FORMATS, layFiles, leftovers, type Format } from "./support/formats.ts";
import { clientOf, pushImage } from "./support/pushed.ts";
import { quiet } from "./support/quiet.ts";
import type { WatchOptions, WatchedRan } from "./support/watched.ts";
import { makeWorld, type World } from "./support/world.ts";

// The guard of Law 1 for every format but the container itself, which leak.test.ts is for: made-up secrets of every kind
// in the format's own files, through each command, in success and failure; and nowhere but in those files, before and after.

let engine: TestEngine;
let bao: OpenBao;
let program: string;

beforeAll(async () => {
  [engine, bao, program] = await Promise.all([startEngine(), startOpenBao(), composeCli()]);
  await makeImages(engine);
  // Another swarm on this host may have the usual port.
  const listen = `127.0.0.1:${randomInt(20_000, 30_000)}`;
  engine.docker("swarm", "init", "--advertise-addr", "127.0.0.1", "--listen-addr", listen);
});
afterAll(async () => {
  for (const one of cases) one.remove();
  await engine?.stop();
  await bao?.stop();
});
// Each case has its own values for the same applications.
beforeEach(async () => {
  for (const name of ["0", "web", "worker", "db", "api", "app"])
    await bao.api("DELETE", `secret/metadata/apps/${name}`);
});

const APP = "trap 'exit 0' TERM; while :; do sleep 1000 & wait $!; done";
const LOUD = { DEBUG: "*", NODE_DEBUG: "*" };

const cases: Case[] = [];

/** A format's secrets in its own folder, and what looks for them. */
class Case {
  readonly world: World;
  readonly dir: string = mkdtempSync(join(tmpdir(), "unsprawl-app-"));
  readonly canaries: readonly Canary[];
  readonly watch: Watch;

  constructor(takes: (value: string) => boolean = () => true) {
    cases.push(this);
    this.world = makeWorld(engine.host, { VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token });
    mkdirSync(join(this.world.dir, "tmp"));
    this.world.env["TMPDIR"] = join(this.world.dir, "tmp");
    this.canaries = variableCanaries().filter(({ value }) => takes(value));
    this.watch = new Watch(this.canaries);
  }

  get secrets(): readonly (readonly [string, string])[] {
    return this.canaries.map(({ name, value }) => [name, value]);
  }

  async quiet(args: readonly string[], code: number, options: WatchOptions = {}): Promise<WatchedRan> {
    const ran = await quiet(this.world, this.watch, args, options, this.dir);
    expect(ran.code, `${args.join(" ")}: ${ran.signal ?? ""} ${ran.stderr.slice(-600)}`).toBe(code);
    return ran;
  }

  /** What a run keeps is for its owner alone. */
  expectPrivate(): void {
    for (const file of filesBelow(join(this.world.dir, "state")))
      expect((statSync(file).mode & 0o077).toString(8), file).toBe("0");
  }

  remove(): void {
    this.world.remove();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

const runOf = ({ stdout }: WatchedRan): string => /\d{8}-\d{6}-[0-9a-f]{4}/.exec(stdout)?.[0] ?? "no run id was said";

/** Plans, applies, shows, undoes, moves again and purges: `gone` looks at what was changed, `back` at what was put back. */
async function throughAll(
  one: Case,
  sources: readonly string[],
  options: readonly string[],
  gone: () => void,
  back: () => void,
  scrubbed = 0,
): Promise<void> {
  const planned = await one.quiet(["plan", ...sources, ...options, "-o", "a.plan"], 0);
  const { steps } = JSON.parse(readFileSync(join(one.world.dir, "a.plan"), "utf8")) as { steps: { kind: string }[] };
  expect(steps.filter(({ kind }) => kind === "put").length).toBeGreaterThanOrEqual(one.canaries.length);
  await one.quiet(["apply", "a.plan"], 0);
  gone();
  one.expectPrivate();
  const run = runOf(planned);
  await one.quiet(["runs", run], 0);
  await one.quiet(["rollback", run], 5, { env: { SOPS_AGE_KEY_FILE: "/nowhere", VAULT_TOKEN: "wrong" } });
  await one.quiet(["rollback", run], 0);
  back();
  const moved = await one.quiet(["migrate", ...sources, ...options, "--yes", "--json"], 0);
  if (options.includes("file")) await one.quiet(["render", "--all"], 0);
  await one.quiet(["scrub", runOf(moved)], scrubbed);
  gone();
}

/** Lays out these formats side by side; their sources. */
function layAll(one: Case, formats: readonly Format[]): string[] {
  return formats.map((format, at) => {
    const dir = join(one.dir, String(at));
    const secrets = one.secrets.filter(([, value]) => format.takes(value));
    layFiles(dir, format.files(secrets.slice(0, 6), secrets.slice(6)));
    return format.source.replace("DIR", dir);
  });
}

describe("files", () => {
  const inFiles = FORMATS.filter(({ options }) => options.includes("--deliver"));
  const others = FORMATS.filter((format) => !inFiles.includes(format));

  it.each([
    ["together in one run", others, ["--to", "vault"]],
    ["with a delivery of their own", inFiles, ["--to", "local", "--deliver", "file"]],
  ] as const)("%s", { timeout: 300_000 }, async (_what, formats, options) => {
    const one = new Case();
    const sources = layAll(one, formats);
    const before = filesOf(one.dir);
    const gone = (): void => expect(one.watch.findInFiles(one.dir)).toEqual([]);
    await throughAll(one, sources, options, gone, () => {
      expect(filesOf(one.dir)).toEqual(before);
      expect(leftovers(one.world)).toEqual([]);
    });
  });

  it("that cannot be written, or are others since", { timeout: 300_000 }, async () => {
    const one = new Case();
    const sources = layAll(one, others);
    const before = filesOf(one.dir);
    execFileSync("mount", ["--bind", one.dir, one.dir]);
    try {
      execFileSync("mount", ["-o", "remount,ro,bind", one.dir]);
      const ran = await one.quiet(["migrate", ...sources, "--to", "vault", "--yes"], 4);
      expect(ran.stderr).toContain("no permission for");
    } finally {
      execFileSync("umount", [one.dir]);
    }
    expect([filesOf(one.dir), leftovers(one.world)]).toEqual([before, []]);
    await expect(bao.api("GET", "secret/data/apps/0")).rejects.toThrow("404");
    await one.quiet(["plan", ...sources, "--to", "vault", "--json", "-o", "a.plan"], 0, { env: LOUD });
    appendFileSync(join(one.dir, Object.keys(before).at(-1) ?? ""), "\n# changed\n");
    const changed = await one.quiet(["apply", "a.plan"], 1);
    expect(changed.stderr).toContain("has changed since the plan was made");
  });
});

/** Values that can stand on one line, without quotes. */
const plain = (value: string): boolean => /^[\w:/@.?=#!-]{8,200}$/.test(value);

describe("all in one", () => {
  let one: Case;
  const sources: string[] = [];

  beforeAll(() => {
    one = new Case(plain);
    sources.push(...layAll(one, FORMATS));
    const build = one.secrets.map(([name, value]) => `ENV ${name}=${value}\nRUN deploy --token=${value} $${name}\n`);
    const command = one.secrets.map(([name, value]) => `--${name.toLowerCase()}=${value}`);
    layFiles(join(one.dir, "build"), {
      Dockerfile: `FROM a\n${build.join("")}COPY .env ./\n`,
      ".env": one.secrets.map((pair) => `${pair.join("=")}\n`).join(""),
      "compose.yaml": JSON.stringify({ services: { api: { image: BUSYBOX, command, env_file: ".env" } } }),
    });
    sources.push(`dockerfile:${one.dir}/build`, `compose:${one.dir}/build`, "swarm:");
    const env = one.secrets.flatMap((pair) => ["--env", pair.join("=")]);
    engine.docker("service", "create", "--detach", "--name", "seen", "--replicas", "0", ...env, BUSYBOX, ...command);
  });

  // A baseline holds no names.
  it.each(FORMAT_NAMES.filter((format) => format !== "baseline"))("scan --format %s", async (format) => {
    const ran = await one.quiet(["scan", ...sources, "--min-confidence", "low", "--format", format], 3);
    for (const { name } of one.canaries) expect(ran.stdout.replaceAll("\\", "")).toContain(name);
  });

  it.each([[[]], [["--json"]], [["--deliver", "file", "--only", "*TOKEN"]]])("plan %j", async (more) => {
    const ran = await one.quiet(["plan", ...sources, "--to", "vault", ...more], 3);
    expect(ran.stdout).toMatch(/docker build --secret/);
  });

  it("what cannot be read", async () => {
    for (const [name, value] of one.secrets.slice(0, 2)) {
      writeFileSync(join(one.dir, "broken.yaml"), `${value}\n a: [${name}: ${value}\n`);
      for (const kind of ["env", "compose", "kubernetes", "dockerfile"]) {
        const ran = await quiet(one.world, one.watch, ["scan", `${kind}:${one.dir}/broken.yaml`], {}, one.dir);
        expect([0, 1, 3]).toContain(ran.code);
      }
    }
  });
});

describe("services", () => {
  // The second start is the first migration's.
  const script = `n=x$(cat /starts/n 2>/dev/null); printf %s "$n" >/starts/n; if [ "$n" = xx ]; then env; exit 3; fi; ${APP}`;
  const expectQuietEngine = ({ watch }: Case): void =>
    expect(["data/containers", "exec"].flatMap((dir) => watch.findInFiles(join(engine.dir, dir)))).toEqual([]);

  it("a Compose project", { timeout: 300_000 }, async () => {
    const one = new Case();
    const quoted = (pairs: Case["secrets"]): string =>
      pairs
        .map(([name, value]) => `      ${name}: ${JSON.stringify(value).replaceAll("$", "$$$$")} # rotate\n`)
        .join("");
    const start = join(one.world.memory, "starts");
    mkdirSync(start);
    layFiles(one.dir, {
      "compose.yaml": `services:\n  api:\n    image: ${BUSYBOX}\n    network_mode: none\n    volumes: ["${start}:/starts"]\n    command: ["sh", "-c", ${JSON.stringify(script).replaceAll("$", "$$$$")}]\n    env_file: api.env\n    environment:\n${quoted(one.secrets.slice(0, 9))}`,
      "api.env": one.secrets
        .slice(9)
        .map(([name, value]) => `${name}='${value}'\n`)
        .join(""),
    });
    const compose = (...args: string[]): Buffer =>
      execFileSync(program, ["-p", "shop", ...args], { cwd: one.dir, env: { ...one.world.env }, stdio: "pipe" });
    compose("up", "-d");
    const before = filesOf(one.dir);
    const options = ["--to", "local", "--deliver", "shim", "--grace", "100ms"];
    const died = await one.quiet(["migrate", "docker:shop-*", ...options, "--yes"], 1);
    expect(died.stderr).toContain("its last words");
    expect([filesOf(one.dir), one.watch.findInFiles(one.world.dir)]).toEqual([before, []]);
    await throughAll(
      one,
      ["docker:shop-*"],
      options,
      () => {
        expect(one.watch.findInFiles(one.dir)).toEqual([]);
        expectQuietEngine(one);
      },
      () => expect(filesOf(one.dir)).toEqual(before),
    );
    compose("down", "-t", "1");
  });

  it("a Swarm service", { timeout: 300_000 }, async () => {
    const one = new Case((value) => !value.includes("\0"));
    const env = one.secrets.flatMap((pair) => ["--env", pair.join("=")]);
    const quick = ["--quiet", "--update-monitor", "100ms", "--restart-delay", "100ms", "--update-order", "start-first"];
    engine.docker("service", "create", "--name", "moved", ...quick, ...env, BUSYBOX, "sh", "-c", APP);
    const shown = (what: string): string[] =>
      one.watch.find(engine.docker("service", "inspect", "--format", what, "moved"));
    const options = ["--to", "vault", "--deliver", "shim", "--grace", "100ms", "--health-timeout", "20s"];
    await throughAll(
      one,
      ["swarm:moved"],
      options,
      () => expect(shown("{{json .Spec}}")).toEqual([]),
      () => expect(shown("{{json .Spec}}")).not.toEqual([]),
      5, // what the swarm remembers of old tasks only it can forget
    );
    // Its spec from before, too.
    expect(shown("{{json .}}")).toEqual([]);
  });
});

describe("images", () => {
  it("in an engine", { timeout: 300_000 }, async () => {
    const one = new Case(plain);
    const lines = one.secrets.map(([name, value]) => `ENV ${name}=${value}\nLABEL copy.${name}=${value}\n`);
    layFiles(one.dir, { Dockerfile: `FROM ${BUSYBOX}\n${lines.join("")}` });
    engine.docker("build", "--quiet", "--network", "none", "-t", "leak/app:1", one.dir);
    rmSync(join(one.dir, "Dockerfile"));
    const shown = (): readonly string[] => {
      const file = join(one.dir, "saved.tar");
      engine.docker("save", "-o", file, "leak/app:1");
      const told =
        engine.docker("image", "inspect", "leak/app:1") + engine.docker("history", "--no-trunc", "leak/app:1");
      const found = one.watch.find(told + readFileSync(file, "latin1"));
      rmSync(file);
      return found;
    };
    expect(shown()).not.toEqual([]);
    const gone = (): void => expect(shown()).toEqual([]);
    await throughAll(one, ["image:leak/app:1"], ["--to", "vault"], gone, () => expect(shown()).not.toEqual([]));
  });

  it("in a registry", { timeout: 300_000 }, async () => {
    const one = new Case(plain);
    const server = await startRegistry();
    const registry = clientOf(server);
    try {
      const pairs = one.secrets.map((pair) => pair.join("="));
      const history = pairs.map((pair) => ({ created_by: `ENV ${pair}`, empty_layer: true }));
      const annotations = { "org.example.token": one.secrets[0]?.[1] ?? "" };
      await pushImage(registry, "leak/app", ["1"], { config: { Env: pairs }, history }, { annotations });
      const bodies = (): readonly string[] => one.watch.findInFiles(join(server.dir, "data"));
      expect(bodies()).not.toEqual([]);
      const source = `registry:${server.host}/leak/app:1`;
      // What only the old image named stays until the registry's own garbage collection.
      await throughAll(
        one,
        [source],
        ["--to", "vault"],
        () => undefined,
        () => undefined,
        5,
      );
      const scanned = await one.quiet(["scan", source], 0);
      expect(scanned.stdout).toContain("no secrets found");
    } finally {
      registry.close();
      await server.stop();
    }
  });
});
