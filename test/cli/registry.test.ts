import { spawn } from "node:child_process";
import { appendFileSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startRegistry, type TestRegistry } from "../services/registry.ts";
import { filesBelow, random } from "../support/canary.ts";
import { startGate, type Gate } from "../support/gate.ts";
import { bytesOf, clientOf, dockerConfig, forever, OCI, pushImage, put, sha256 } from "../support/pushed.ts";
import { MAIN, makeWorld, type World } from "../support/world.ts";
import { reportOf } from "./containers.ts";

const PASSWORD = random(20);
let world: World;

beforeAll(() => {
  world = makeWorld("unix:///nowhere/docker.sock");
});
afterAll(() => world?.remove());

describe("an open registry", () => {
  let server: TestRegistry;
  let gate: Gate;
  let told: { readonly [header: string]: string } = {};

  beforeAll(async () => {
    server = await startRegistry();
    const registry = clientOf(server);
    const leaky = { config: { Env: ["LOG_LEVEL=info", `DB_PASSWORD=${PASSWORD}`] } };
    await pushImage(registry, "team/app", ["1.0", "latest"], leaky);
    await pushImage(registry, "team/plain", ["1.0"], { config: { Env: ["LOG_LEVEL=info"] } });
    const built = { history: [{ created_by: `RUN |1 NPM_TOKEN=${random(30)} /bin/sh -c npm ci # buildkit` }] };
    await pushImage(registry, "team/built", ["1.0"], built);
    gate = await startGate(server.host, (_request, response) => {
      for (const [name, value] of Object.entries(told)) response.setHeader(name, value);
      return false;
    });
    registry.close();
  });
  afterAll(async () => {
    await gate?.stop();
    await server?.stop();
  });

  it("is scanned by one command, and the findings say where", async () => {
    const ran = await world.unsprawl(["scan", `registry:${server.host}/team/app:*`, "--json"]);
    expect(ran.code).toBe(3);
    expect(ran.stderr).toBe("");
    const { findings, summary } = reportOf(ran);
    const { sources } = JSON.parse(ran.stdout) as { sources: unknown };
    expect(sources).toEqual([{ source: `registry:${server.host}/team/app:*`, subjects: 1, errors: [] }]);
    expect(summary.subjects).toBe(1);
    expect(findings).toMatchObject([
      {
        name: "DB_PASSWORD",
        location: {
          subject: "image",
          subjectName: `${server.host}/team/app:1.0, latest`,
          subjectId: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) as string,
          where: "image-env",
          path: "Config.Env[1]",
        },
        exposure: [`anyone who can reach ${server.host}, without a login`],
      },
    ]);
    expect(ran.stdout).not.toContain(PASSWORD);
  });

  it("is scanned whole, and says the same twice", async () => {
    const scan = async () => reportOf(await world.unsprawl(["scan", `registry:${server.host}/*`, "--json"]));
    const [first, second] = [await scan(), await scan()];
    expect(new Set(first.findings.map(({ name }) => name))).toEqual(new Set(["DB_PASSWORD", "NPM_TOKEN"]));
    expect(first.findings).toHaveLength(2);
    expect(second.findings).toEqual(first.findings);
  });

  it("with nothing to find is fine; what is not there, and what makes no sense, is not", async () => {
    const code = async (what: string): Promise<number | null> =>
      (await world.unsprawl(["scan", `registry:${what}`])).code;
    expect(await code(`${server.host}/team/plain:1.0`)).toBe(0);
    expect(await code(`${server.host}/team/nothing`)).toBe(1);
    expect(await code(`${server.host}/Team/App`)).toBe(2);
    expect(await code("docker.io/*")).toBe(2);
  });

  it("tells the pulls that are left, in the notes", async () => {
    told = { "ratelimit-limit": "200;w=21600", "ratelimit-remaining": "12;w=21600" };
    const { notes } = reportOf(
      await world.unsprawl(["scan", `registry:${gate.host}/team/plain:1.0`, "--json"]),
    ) as unknown as {
      notes: unknown;
    };
    told = {};
    expect(notes).toEqual([`${gate.host}: 12 of 200 pulls left in 6 h`]);
  });

  it("is planned for, without its values", async () => {
    const ran = await world.unsprawl(["plan", `registry:${server.host}/team/app:1.0`, "--to", "local", "--json"]);
    expect(ran.stderr).toBe("");
    expect(ran.code).toBe(0);
    expect(ran.stdout).toContain("DB_PASSWORD");
    expect(ran.stdout).not.toContain(PASSWORD);
  });

  it("names of its own making are shown escaped", async () => {
    const registry = clientOf(server);
    const config = bytesOf({ a: 1 });
    await registry.putBlob("team/strange", config, forever);
    const type = `application/x\u001b[2J\u202eevil`;
    const described = { mediaType: type, digest: sha256(config), size: config.length };
    const annotations = { "x\u001b]0;title\u0007": `ghp_${random(36)}` };
    await put(
      registry,
      "team/strange",
      ["1"],
      bytesOf({ schemaVersion: 2, mediaType: OCI.manifest, config: described, layers: [], annotations }),
    );
    for (const format of ["table", "markdown", "html"]) {
      const { stdout, stderr } = await world.unsprawl([
        "scan",
        `registry:${server.host}/team/strange:1`,
        "--format",
        format,
      ]);
      expect(stdout + stderr).toContain("artifact");
      expect(stdout + stderr).not.toMatch(/[\u0007\u001b\u202e]/);
    }
    registry.close();
  });
});

describe("a registry with a login", () => {
  it.each(["htpasswd", "token"] as const)(
    "%s: no word of it is shown or kept, whatever the registry says back",
    async (auth) => {
      const server = await startRegistry({ auth });
      const registry = clientOf(server);
      await pushImage(registry, "team/app", ["1.0"], { config: { Env: [`DB_PASSWORD=${PASSWORD}`] } });
      // Says back what it was sent, in every way that a server has.
      let echo = false;
      const gate = await startGate(server.host, ({ headers }, response) => {
        const sent = headers.authorization ?? "";
        if (!echo || sent === "") return false;
        response
          .writeHead(400, { "x-said": sent, "content-type": "application/json" })
          .end(JSON.stringify({ errors: [{ code: sent, message: sent }] }));
        return true;
      });
      mkdirSync(join(world.memory, auth));
      const config = readFileSync(join(dockerConfig({ ...server, host: gate.host }), "config.json"));
      writeFileSync(join(world.memory, auth, "config.json"), config);
      const env = { DOCKER_CONFIG: join(world.memory, auth) };
      const said: string[] = [];
      const scan = async (
        more: readonly string[] = [],
        with_ = env as { [name: string]: string | undefined },
      ): Promise<number | null> => {
        const ran = await world.unsprawl(["scan", `registry:${gate.host}/team/app:*`, ...more], { env: with_ });
        said.push(ran.stdout, ran.stderr);
        return ran.code;
      };
      expect(await scan()).toBe(3);
      expect(await scan(["--json"])).toBe(3);
      expect(reportOf({ stdout: said[2] ?? "" } as never).findings[0]?.["exposure"]).toEqual([
        `anyone who may pull from ${gate.host}/team/app`,
      ]);
      expect(await scan([], {})).toBe(4);
      expect(said.at(-1)).toContain(`docker login ${gate.host}`);
      echo = true;
      expect(await scan()).toBe(1);
      expect(await scan(["--json"])).toBe(1);

      const login = Buffer.from(`${server.username}:${server.password}`).toString("base64");
      const secrets = [server.password, login, PASSWORD, ...(server.tokens?.given ?? [])];
      expect(secrets.length).toBeGreaterThan(auth === "token" ? 5 : 2);
      const kept = filesBelow(world.dir).map((file) => readFileSync(file, "utf8"));
      for (const secret of secrets) for (const text of [...said, ...kept]) expect(text.includes(secret)).toBe(false);
      registry.close();
      await gate.stop();
      await server.stop();
    },
  );
});

describe("a scan that was interrupted", () => {
  const IMAGES = 60;
  let server: TestRegistry;
  let gate: Gate;
  /** After so many configurations the registry answers no more. */
  let stopsAfter = Infinity;
  let onStop: (() => void) | null = null;
  const configsRead = (): number => gate.seen.filter(({ path }) => path.includes("/blobs/")).length;

  beforeAll(async () => {
    server = await startRegistry();
    const registry = clientOf(server);
    for (let at = 0; at < IMAGES; at++)
      await pushImage(registry, "team/many", [`v${at}`], { config: { Env: [`DB_PASSWORD=${random(20)}`, `N=${at}`] } });
    registry.close();
    gate = await startGate(server.host, (_request, response) => {
      if (configsRead() <= stopsAfter) return false;
      // As a network that has gone: connections break, or nothing comes any more.
      if (onStop) onStop();
      else response.destroy();
      return true;
    });
  });
  afterAll(async () => {
    await gate?.stop();
    await server?.stop();
  });

  const scan = (...more: string[]): readonly string[] => [
    "scan",
    `registry:${gate.host}/team/many:*`,
    "--json",
    ...more,
  ];
  const keptFiles = (): readonly string[] => filesBelow(join(world.dir, "state/unsprawl/scans"));
  const findingsOf = (text: string): readonly object[] => (JSON.parse(text) as { findings: object[] }).findings;

  async function begun(): Promise<number | null> {
    gate.seen.length = 0;
    return (await world.unsprawl(scan())).code;
  }

  /** Ends it by this signal once the registry answers no more. */
  async function killed(signal: NodeJS.Signals): Promise<number | string | null> {
    gate.seen.length = 0;
    const child = spawn(process.execPath, [MAIN, ...scan()], { cwd: world.dir, env: world.env, stdio: "ignore" });
    const ended = new Promise<number | string | null>((done) => child.once("exit", (code, by) => done(code ?? by)));
    onStop = () => child.kill(signal);
    const how = await ended;
    onStop = null;
    return how;
  }

  it("by a registry that went away goes on where it was, and finds the same", async () => {
    const whole = await world.unsprawl(scan());
    expect(whole.code).toBe(3);
    expect(findingsOf(whole.stdout)).toHaveLength(IMAGES);
    expect(keptFiles()).toEqual([]);

    stopsAfter = 30;
    expect(await begun()).toBe(1);
    const [file = ""] = keptFiles();
    const kept = readFileSync(file, "utf8").split("\n").length - 1;
    expect(kept).toBeGreaterThan(10);
    expect(kept).toBeLessThanOrEqual(30);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, "utf8")).not.toMatch(/"value":/);

    stopsAfter = Infinity;
    gate.seen.length = 0;
    const resumed = await world.unsprawl(scan("--resume"));
    expect(resumed.code).toBe(3);
    expect(configsRead()).toBe(IMAGES - kept);
    const same = (text: string): object => ({ ...(JSON.parse(text) as object), scannedAt: "", durationMs: 0 });
    expect(same(resumed.stdout)).toEqual(same(whole.stdout));
    expect(keptFiles()).toEqual([]);
  });

  it.each([
    ["SIGKILL", "SIGKILL"],
    ["SIGINT", 130],
  ] as const)("by %s goes on too", async (signal, how) => {
    stopsAfter = 45;
    expect(await killed(signal)).toBe(how);
    // A last line that was being written.
    for (const file of keptFiles()) appendFileSync(file, '{"key":"sha256:');
    expect(keptFiles()).toHaveLength(1);
    stopsAfter = Infinity;
    gate.seen.length = 0;
    const resumed = await world.unsprawl(scan("--resume"));
    expect(findingsOf(resumed.stdout)).toHaveLength(IMAGES);
    expect(configsRead()).toBeLessThan(IMAGES - 10);
    expect(keptFiles()).toEqual([]);
  });

  it("twice goes on where the second was", async () => {
    for (const [after, more] of [
      [20, []],
      [15, ["--resume"]],
    ] as const) {
      stopsAfter = after;
      gate.seen.length = 0;
      expect((await world.unsprawl(scan(...more))).code).toBe(1);
      for (const file of keptFiles()) appendFileSync(file, '{"key":"sha256:');
    }
    stopsAfter = Infinity;
    gate.seen.length = 0;
    expect(findingsOf((await world.unsprawl(scan("--resume"))).stdout)).toHaveLength(IMAGES);
    expect(configsRead()).toBeLessThan(IMAGES - 20);
  });

  it("begins anew without --resume, and says so", async () => {
    stopsAfter = 30;
    await begun();
    stopsAfter = Infinity;
    gate.seen.length = 0;
    const anew = await world.unsprawl(scan());
    expect(anew.stderr).toContain("--resume continues it");
    expect(configsRead()).toBe(IMAGES);
    expect(keptFiles()).toEqual([]);
  });

  it("is another one under other settings", async () => {
    stopsAfter = 30;
    await begun();
    stopsAfter = Infinity;
    gate.seen.length = 0;
    await world.unsprawl(scan("--resume", "--min-confidence", "high"));
    expect(configsRead()).toBe(IMAGES);
    expect(keptFiles()).toHaveLength(1);
    gate.seen.length = 0;
    writeFileSync(join(world.dir, "unsprawl.yaml"), "stopWords: [nothing-like-it]\n");
    await world.unsprawl(scan("--resume"));
    rmSync(join(world.dir, "unsprawl.yaml"));
    expect(configsRead()).toBe(IMAGES);
    await world.unsprawl(scan("--resume"));
    expect(keptFiles()).toEqual([]);
  });

  it("cannot be gone on with where nothing is kept", async () => {
    expect((await world.unsprawl(["scan", "docker:", "--resume"])).code).toBe(2);
    expect((await world.unsprawl(scan("--resume", "--verify"))).code).toBe(2);
    expect((await world.unsprawl(scan("--resume", "--layers"))).code).toBe(2);
  });
});
