import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FORMAT_NAMES } from "../src/cli/views/index.ts";
import { startEngine, type TestEngine } from "./services/engine.ts";
import { BUSYBOX, FILE_ENV, makeImages } from "./services/images.ts";
import { startOpenBao, type OpenBao } from "./services/openbao.ts";
import { startRegistry } from "./services/registry.ts";
import { filesBelow, placedCanaries, variableCanaries, Watch, type Canary } from "./support/canary.ts";
import { proxyEngine } from "./support/engine-proxy.ts";
import { startGate } from "./support/gate.ts";
import { clientOf, dockerConfig, pushImage } from "./support/pushed.ts";
import { quiet as quietIn } from "./support/quiet.ts";
import { watched, type WatchedRan, type WatchOptions } from "./support/watched.ts";
import { makeWorld, type World } from "./support/world.ts";

// The guard of Law 1: made-up secrets of every kind go through every command and format, in success and failure, and
// turn up nowhere: not on stdout or stderr, in no file outside tmpfs and the store, in no process's arguments or
// environment, not in the engine's files of the new container. Encoded, or in pieces, counts too.

let engine: TestEngine;
let bao: OpenBao;
let world: World;

beforeAll(async () => {
  [engine, bao] = await Promise.all([startEngine(), startOpenBao()]);
  await makeImages(engine);
  world = makeWorld(engine.host, { VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token });
  mkdirSync(join(world.dir, "tmp"));
  world.env["TMPDIR"] = join(world.dir, "tmp");
});

afterAll(async () => {
  await engine?.stop();
  await bao?.stop();
  world?.remove();
});

const APP = "trap 'exit 0' TERM; while :; do sleep 1000 & wait $!; done";

/** A container with these variables that stays up. */
function runContainer(
  name: string,
  canaries: readonly Canary[],
  more: readonly string[] = [],
  script = APP,
  image = BUSYBOX,
): void {
  const env = canaries.flatMap((one) => ["-e", `${one.name}=${one.value}`]);
  const init = ["run", "-d", "--name", name, "--network", "none", "--stop-timeout", "1"];
  engine.docker(...init, ...env, ...more, image, "sh", "-c", script);
}

function idOf(name: string): string {
  return engine.docker("inspect", "-f", "{{.Id}}", name);
}

const quiet = (watch: Watch, args: readonly string[], options: WatchOptions = {}): Promise<WatchedRan> =>
  quietIn(world, watch, args, options);

/** The engine's own files of a container: what it knows of it, and the bundle that its runtime was given. */
function expectQuietEngine(watch: Watch, id: string): void {
  const dirs = [join(engine.dir, "data/containers", id), ...bundles(id)];
  expect(filesBelow(dirs[0] ?? "").length).toBeGreaterThan(2);
  for (const dir of dirs) expect.soft(watch.findInFiles(dir), dir).toEqual([]);
}

function bundles(id: string): string[] {
  const found = filesBelow(join(engine.dir, "exec")).filter(
    (file) => file.includes(id) && file.endsWith("config.json"),
  );
  return found.map((file) => join(file, ".."));
}

const runIdOf = (text: string): string => /\d{8}-\d{6}-[0-9a-f]{4}/.exec(text)?.[0] ?? "no run id was said";

describe("the watch itself", () => {
  it("finds a canary whole, encoded and in pieces", () => {
    const canaries = variableCanaries();
    const watch = new Watch(canaries);
    for (const { name, parts } of canaries) {
      for (const part of parts) {
        const bytes = Buffer.from(part);
        const piece = part.length > 60 ? [part.slice(part.length - 40)] : [];
        const line = part.split("\n").find((one) => one.length >= 8) ?? part;
        const forms = [
          part,
          bytes.toString("base64"),
          Buffer.from(`x${part}`).toString("base64url"),
          bytes.toString("hex"),
          encodeURIComponent(part),
          JSON.stringify(part),
          line,
          ...piece,
        ];
        for (const form of forms) expect(watch.find(`before ${form} after`), name).not.toEqual([]);
      }
    }
    expect(watch.find(readFileSync(import.meta.filename, "utf8"))).toEqual([]);
  });

  it("sees arguments, environment and writes that exist for a moment", async () => {
    const [canary] = variableCanaries();
    const watch = new Watch(canary ? [canary] : []);
    const script = `import { execFileSync } from "node:child_process"; import { writeFileSync, rmSync } from "node:fs"; import { open } from "node:fs/promises";
      execFileSync("sleep", ["0.1"], { env: { A: ${JSON.stringify(canary?.value)} } });
      writeFileSync("moment", ${JSON.stringify(canary?.value)}); rmSync("moment");
      const file = await open("moment", "w"); await file.writeFile(${JSON.stringify(canary?.value)}); await file.close(); rmSync("moment");`;
    const ran = await watched(world, ["completion", "bash"], {
      nodeArgs: ["--import", `data:text/javascript,${encodeURIComponent(script)}`],
    });
    expect(ran.code).toBe(0);
    const found = ran.shown.filter((one) => watch.find(one.text).length > 0).map((one) => one.where);
    expect(found.filter((where) => where.startsWith("write ") && where.endsWith("moment"))).toHaveLength(2);
    expect(found.some((where) => where.endsWith("/environ"))).toBe(true);
  });
});

describe("what only reads", () => {
  const variables = variableCanaries();
  const placed = placedCanaries();
  const watch = new Watch([...variables, ...placed.canaries]);

  beforeAll(() => {
    runContainer("leaky", variables);
    engine.docker("create", "--name", "placed", "--network", "none", ...placed.options, BUSYBOX, ...placed.command);
  });

  it.each(FORMAT_NAMES)("scan --format %s", async (format) => {
    const scan = ["scan", "docker:leaky", "docker:placed", "image:*", "--min-confidence", "low", "--format", format];
    const ran = await quiet(watch, scan);
    expect(ran.code).toBe(3);
    const said = ran.stdout.replaceAll("\\", ""); // Markdown escapes the underscore
    for (const { name } of variables) expect(said).toContain(name);
    const saved = await quiet(watch, [...scan, "-o", `report.${format}`]);
    expect(saved.code, saved.stderr).toBe(3);
    expect(readFileSync(join(world.dir, `report.${format}`), "utf8").replaceAll("\\", "")).toContain("SESSION_SECRET");
  });

  it("scan --remember and watch: what is told, and what the history keeps", async () => {
    const sources = ["docker:leaky", "docker:placed", "image:*"];
    const remembered = await quiet(watch, ["scan", ...sources, "--remember", "--min-confidence", "low"]);
    expect(remembered.code).toBe(3);
    const history = readFileSync(join(world.dir, "state/unsprawl/history.db"));
    expect(history.includes("SESSION_SECRET")).toBe(true);
    expect(watch.find(history.toString("latin1"))).toEqual([]);
    rmSync(join(world.dir, "state/unsprawl/history.db"));
    const once = ["watch", ...sources, "--once", "--min-confidence", "low"];
    expect((await quiet(watch, once)).code).toBe(3);
    expect((await quiet(watch, [...once, "--json"])).code).toBe(0); // known by now
    expect(watch.find(readFileSync(join(world.dir, "state/unsprawl/history.db"), "latin1"))).toEqual([]);
  });

  it("scan of a registry: its login and its tokens, and what is kept of an interrupted scan", async () => {
    const server = await startRegistry({ auth: "token" });
    const registry = clientOf(server);
    const config = { Env: variables.map((one) => `${one.name}=${one.value}`) };
    for (let at = 0; at < 40; at++)
      await pushImage(registry, "leaky/app", [`v${at}`], { config: { ...config, Labels: { at: String(at) } } });
    let answers = true;
    const gate = await startGate(server.host, (_request, response) => {
      if (answers || gate.seen.length < 80) return false;
      response.destroy();
      return true;
    });
    const docker = join(world.memory, "docker");
    mkdirSync(docker);
    writeFileSync(
      join(docker, "config.json"),
      readFileSync(join(dockerConfig({ ...server, host: gate.host }), "config.json")),
    );
    const login = Buffer.from(`${server.username}:${server.password}`).toString("base64");
    const own = [server.password, login].map((value) => ({ name: "the login", value, parts: [value] }));
    const all = new Watch([...variables, ...own]);
    const env = { DOCKER_CONFIG: docker };
    const scan = ["scan", `registry:${gate.host}/leaky/app:*`, "--min-confidence", "low"];
    const shown: string[] = [];
    const run = async (...more: string[]): Promise<number | null> => {
      const ran = await quiet(all, [...scan, ...more], { env });
      shown.push(ran.stdout, ran.stderr);
      return ran.code;
    };
    expect(await run("--json")).toBe(3);
    answers = false;
    gate.seen.length = 0;
    expect(await run()).toBe(1);
    const kept = filesBelow(join(world.dir, "state")).filter((file) => file.includes("/scans/"));
    expect(kept).toHaveLength(1);
    expect(readFileSync(kept[0] ?? "", "utf8")).toContain("SESSION_SECRET");
    const given = server.tokens?.given ?? [];
    expect(given.length).toBeGreaterThan(1);
    const tokens = new Watch(given.map((value) => ({ name: "a token", value, parts: [value] })));
    expect(tokens.find(shown.join("\n"))).toEqual([]);
    expect(tokens.findInFiles(world.dir)).toEqual([]);
    answers = true;
    expect(await run("--resume", "--format", "html")).toBe(3);
    registry.close();
    await gate.stop();
    await server.stop();
  });

  it("scan finds every canary, so that the rest of this file proves something", async () => {
    const { stdout } = await quiet(watch, [
      "scan",
      "docker:leaky",
      "docker:placed",
      "--json",
      "--min-confidence",
      "low",
    ]);
    const { findings } = JSON.parse(stdout) as {
      findings: { name: string; location: { where: string; subjectName: string } }[];
    };
    const inVariables = findings.filter((one) => one.location.where === "env").map((one) => one.name);
    expect(inVariables.sort()).toEqual(variables.map((one) => one.name).sort());
    const places = new Set(
      findings.filter((one) => one.location.subjectName === "placed").map((one) => one.location.where),
    );
    expect([...places].sort()).toEqual(["annotation", "cmd", "healthcheck", "label", "log-opt"]);
  });

  describe("scan of layers, and of archives whole and broken", () => {
    const single = variables.filter(({ value }) => !value.includes("\n"));
    // What is in a document is told by its own key.
    const names = single.flatMap(({ name, value }) => (value.startsWith("{") ? [] : [name]));
    let context: string;

    beforeAll(() => {
      context = mkdtempSync(join(world.dir, "../leak-"));
      writeFileSync(join(context, "app.env"), single.map(({ name, value }) => `${name}=${value}\n`).join(""));
      writeFileSync(join(context, "Dockerfile"), `FROM ${BUSYBOX}\nCOPY app.env /app/.env\n`);
      const docker = ["build", "--network", "none", "-q", "-t", "leaky:layers", context];
      execFileSync("docker", docker, {
        env: { ...process.env, DOCKER_HOST: engine.host, DOCKER_BUILDKIT: "0" },
        stdio: "pipe",
      });
      engine.docker("save", "-o", join(context, "saved.tar"), "leaky:layers");
      const whole = readFileSync(join(context, "saved.tar"));
      writeFileSync(join(context, "cut.tar"), whole.subarray(0, whole.indexOf("SESSION_SECRET") + 700));
      writeFileSync(join(context, "packed.tar.gz"), gzipSync(whole));
    });
    afterAll(() => rmSync(context, { recursive: true, force: true }));

    it.each(["table", "json", "sarif", "html", "markdown", "ndjson"])("as %s", async (format) => {
      for (const source of ["image:leaky:layers", `archive:${context}/packed.tar.gz`]) {
        const ran = await quiet(watch, ["scan", source, "--layers", "--min-confidence", "low", "--format", format]);
        expect(ran.code, ran.stderr).toBe(3);
        for (const name of names) expect(ran.stdout.replaceAll("\\", "")).toContain(name);
      }
    });

    it("cut off in the middle", async () => {
      const cut = await quiet(watch, ["scan", `archive:${context}/cut.tar`, "--layers"]);
      expect(cut.code).toBe(1);
    });
  });

  it("scan over ssh: nothing in the client's arguments or environment", async () => {
    const bin = join(world.dir, "bin");
    mkdirSync(bin);
    writeFileSync(join(bin, "ssh"), `#!/bin/sh\nexec docker -H ${engine.host} system dial-stdio\n`);
    chmodSync(join(bin, "ssh"), 0o755);
    const env = { DOCKER_HOST: "ssh://user@engine", PATH: `${bin}:${world.env["PATH"] ?? ""}` };
    const ran = await quiet(watch, ["scan", "docker:leaky"], { env });
    expect(ran.code).toBe(3);
    expect(ran.shown.some((one) => one.where === "spawn ssh")).toBe(true);
    expect(ran.shown.some((one) => one.where.endsWith("/cmdline") && one.text.includes("dial-stdio"))).toBe(true);
  });

  it("scan of saved inspect output, whole and broken", async () => {
    const document = engine.docker("inspect", "leaky", "placed");
    const whole = await quiet(watch, ["scan", "inspect:-"], { stdin: document });
    expect(whole.code).toBe(3);
    for (const stdin of [
      document.slice(0, document.indexOf("SESSION_SECRET") + 40),
      document.replace('"Id"', "Id"),
      variables.map((one) => one.value).join("\n"),
    ]) {
      const broken = await quiet(watch, ["scan", "inspect:-"], { stdin });
      expect([1, 2]).toContain(broken.code);
    }
  });

  it("classify, and its bad lines", async () => {
    const all = [...variables, ...placed.canaries];
    const good = all.map((one, id) => JSON.stringify({ id, where: "env", name: one.name, value: one.value }));
    const bad = all.flatMap((one) => [
      one.value.split("\n")[0] ?? "",
      `{"id":1,"name":"A","value":${JSON.stringify(one.value)}`,
      JSON.stringify({ id: 1, where: one.value, name: "A", value: one.value }),
    ]);
    const ran = await quiet(watch, ["classify"], { stdin: [...good, ...bad].join("\n") });
    expect(ran.code).toBe(1);
    expect(ran.stdout.trim().split("\n")).toHaveLength(good.length + bad.length);
    expect(ran.stdout.match(/"secret":true/g)?.length).toBeGreaterThanOrEqual(variables.length - 1);
  });

  it("rules test of each value", async () => {
    await Promise.all(
      [0, 1].map(async (half) => {
        for (const [at, { name, value }] of variables.entries()) {
          if (at % 2 !== half) continue;
          const ran = await quiet(watch, ["rules", "test", "--name", name, ...(at % 4 < 2 ? ["--json"] : [])], {
            stdin: value,
          });
          expect(ran.code).toBe(0);
        }
      }),
    );
  });

  it.each(["local", "vault"])("plan --to %s: text, JSON and file", async (to) => {
    const shown = await quiet(watch, ["plan", "docker:leaky", "docker:placed", "--to", to, "-o", `${to}.plan`]);
    expect(shown.code).toBe(3); // what stands in the command line stays
    for (const { name } of variables) expect(shown.stdout).toContain(name);
    const json = await quiet(watch, [
      "plan",
      "docker:leaky",
      "docker:placed",
      "--to",
      to,
      "--json",
      "--min-confidence",
      "low",
    ]);
    expect(JSON.parse(json.stdout)).toMatchObject({ version: 1 });
    expect(readFileSync(join(world.dir, `${to}.plan`), "utf8")).toContain("SESSION_SECRET");
  });

  it("plan where the store holds another value, and where a value stands elsewhere too", async () => {
    const [first] = variables;
    await bao.api("POST", "secret/data/apps/leaky", { data: { DB_PASSWORD: "another" } });
    const taken = await quiet(watch, ["plan", "docker:leaky", "--to", "vault"]);
    expect(taken.stdout).toContain("the store holds another value");
    await bao.api("DELETE", "secret/metadata/apps/leaky");
    runContainer("twice", first ? [first] : [], ["--label", `com.example.copy=${first?.value ?? ""}`]);
    const twice = await quiet(watch, ["plan", "docker:twice", "--to", "local"]);
    expect(twice.stdout).toContain("is also at Config.Labels");
  });

  it.each([
    [["--json"], {}],
    [[], { DOCKER_HOST: "unix:///nowhere/docker.sock" }],
    [["-o", "/proc/nowhere/report"], {}],
    [["-o", "report.json/below"], {}],
    [["--min-confidence", "none"], {}],
    [["--baseline", "broken.json"], {}],
  ])("scan %j with %j", async (more, env) => {
    writeFileSync(join(world.dir, "broken.json"), "{");
    const ran = await quiet(watch, ["scan", "docker:leaky", ...more], { env });
    expect(ran.code).not.toBe(0);
  });
});

describe("DEBUG and NODE_DEBUG", () => {
  const env = { DEBUG: "*", NODE_DEBUG: "*" };

  it("make no library show a value in scan, plan, migrate, run and rollback", async () => {
    const canaries = variableCanaries();
    const watch = new Watch(canaries);
    runContainer("debugged", canaries);
    const scanned = await quiet(watch, ["scan", "docker:debugged", "--json"], { env });
    expect(scanned.code).toBe(3);
    for (const to of ["local", "vault"]) {
      const moved = await quiet(
        watch,
        ["migrate", "docker:debugged", "--to", to, "--deliver", "shim", "--grace", "300ms", "--yes"],
        { env },
      );
      expect(moved.code, moved.stderr.slice(-500)).toBe(0);
      const back = await quiet(watch, ["rollback"], { env });
      expect(back.code).toBe(0);
    }
    const [first] = canaries;
    await bao.api("POST", "secret/data/apps/debugged", { data: { DB_PASSWORD: first?.value } });
    const ran = await watched(world, ["run", "--", "true"], {
      env: { ...env, DB_PASSWORD: "ref+vault://secret/apps/debugged#/DB_PASSWORD" },
    });
    expect(ran.code).toBe(0);
    expect(watch.find(ran.stdout + ran.stderr)).toEqual([]);
  });
});

describe("moving", () => {
  beforeAll(async () => {
    // Makes the age key, of which the runtime gets a copy.
    await world.unsprawl(["stores", "check", "local"]);
    const installed = await world.unsprawl([
      "runtime",
      "install",
      "--to",
      "vault",
      "--to",
      "local",
      "--daemon-config",
      engine.configFile,
    ]);
    expect(installed.code, installed.stderr).toBe(0);
  });

  it.each([
    ["shim", "local"],
    ["shim", "vault"],
    ["runtime", "local"],
    ["runtime", "vault"],
    ["file", "local"],
    ["file", "vault"],
  ])("by %s to %s: plan, apply, runs, render, rollback, migrate, run, scrub", async (deliver, to) => {
    const name = `moved-${deliver}-${to}`;
    const all = variableCanaries();
    const canaries = deliver === "file" ? all.filter((one) => ["DB_PASSWORD", "API_TOKEN"].includes(one.name)) : all;
    const watch = new Watch(canaries);
    runContainer(name, canaries, [], APP, deliver === "file" ? FILE_ENV : BUSYBOX);
    const old = idOf(name);
    const target = [`docker:${name}`, "--to", to, "--deliver", deliver, "--grace", "300ms"];

    const planned = await quiet(watch, ["plan", ...target, "-o", `${name}.plan`]);
    expect(planned.code).toBe(0);
    const applied = await quiet(watch, ["apply", `${name}.plan`]);
    expect(applied.code, applied.stderr).toBe(0);
    expect(applied.stderr).toContain(`${canaries.length} of ${canaries.length} received`);
    expect(idOf(name)).not.toBe(old);
    expectQuietEngine(watch, idOf(name));
    expect(watch.find(engine.docker("inspect", name))).toEqual([]);
    const run = runIdOf(planned.stdout);
    for (const args of [
      ["runs"],
      ["runs", run],
      ["runs", run, "--json"],
      ["render", run],
      ["render", "--all", "--json"],
      ["doctor", "--json"],
    ]) {
      const ran = await quiet(watch, args);
      expect(ran.code, args.join(" ")).toBe(0);
    }
    const back = await quiet(watch, ["rollback", run]);
    expect(back.code).toBe(0);
    expect(idOf(name)).toBe(old);

    const moved = await quiet(watch, ["migrate", ...target, "--yes", "--json"]);
    expect(moved.code, moved.stderr).toBe(0);
    // The resolver lives for a moment, at each of the two starts.
    if (deliver === "runtime")
      expect(
        [...applied.shown, ...moved.shown].some(
          ({ where, text }) => where.endsWith("/cmdline") && text.includes("resolve-main"),
        ),
      ).toBe(true);
    const references = Object.fromEntries(canaries.map((one) => [one.name, reference(name, to, one.name)]));
    const ran = await watched(world, ["run", "--", "sh", "-c", 'test "${#DB_PASSWORD}" -eq 18 && echo it has it'], {
      env: references,
    });
    expect(ran.stdout).toBe("it has it\n");
    expect(watch.find(ran.stderr)).toEqual([]);
    const scrubbed = await quiet(watch, ["scrub", runIdOf(moved.stdout)]);
    // Of another test there may be one container whose log nobody can read: that alone is told, and changes the code.
    const unseen = scrubbed.stdout.split("\n").filter((line) => line.startsWith("not looked at: "));
    expect(unseen.filter((line) => !line.includes("placed"))).toEqual([]);
    expect(scrubbed.stdout).not.toContain("residue: ");
    expect(scrubbed.code, scrubbed.stdout).toBe(unseen.length > 0 ? 5 : 0);
    expectQuietEngine(watch, idOf(name));
    expect(watch.findInFiles(join(engine.dir, "data/containers"))).toEqual([]);
    expect(watch.findInFiles(join(engine.dir, "exec"))).toEqual([]);
    expect(watch.findInFiles("/etc/unsprawl")).toEqual([]);
  });

  function reference(name: string, to: string, variable: string): string {
    return to === "local"
      ? `ref+sops://${world.dir}/secrets/${name}.sops.yaml#/${variable}`
      : `ref+vault://secret/apps/${name}#/${variable}`;
  }

  it.each([
    [["doctor"]],
    [["stores"]],
    [["stores", "--json"]],
    [["stores", "check", "local"]],
    [["stores", "check", "vault", "--json"]],
    [["rules"]],
    [["rules", "show", "github-pat"]],
    [["runs", "--json"]],
    [["completion", "bash"]],
    [["completion", "zsh"]],
    [["completion", "fish"]],
    [["runtime", "status"]],
    [["runtime", "status", "--json"]],
    [["runtime", "install", "--print"]],
    [["runtime", "uninstall"]],
    [["--help"]],
    [["--version"]],
    [[]],
  ])("%j, with secrets in its own environment, says none", async (args) => {
    const canaries = variableCanaries();
    const watch = new Watch(canaries);
    const env = Object.fromEntries(canaries.map((one) => [one.name, one.value]));
    const ran = await watched(world, args, { env });
    expect([0, 1, 2]).toContain(ran.code);
    expect(ran.stdout + ran.stderr).not.toBe("");
    expect(watch.find(ran.stdout + ran.stderr)).toEqual([]);
    expect(ran.shown.filter((one) => one.where.startsWith("write") && watch.find(one.text).length > 0)).toEqual([]);
    expect(watch.findInFiles(world.dir)).toEqual([]);
  });
});

describe("values that are everywhere still", () => {
  it("scrub and doctor find them, and say, start and write none", async () => {
    const canaries = variableCanaries();
    const watch = new Watch(canaries);
    // In memory, where the watch does not look: these places hold the values.
    const home = join(world.memory, "home");
    const repository = join(home, "shop");
    mkdirSync(repository, { recursive: true });
    const dotenv = canaries.map(({ name, value }) => `${name}='${value.replaceAll("'", "")}'\n`).join("");
    const simple = canaries.filter(({ value }) => /^[\w+/=-]+$/.test(value) && value.length < 200);
    writeFileSync(join(home, ".bash_history"), simple.map(({ name, value }) => `export ${name}=${value}\n`).join(""));
    writeFileSync(join(repository, "app.env"), simple.map(({ name, value }) => `${name}=${value}\n`).join(""));
    writeFileSync(join(repository, "app.env.bak"), dotenv);
    const author = ["-c", "user.name=A", "-c", "user.email=a@example.org"];
    for (const args of [
      ["init", "-q"],
      ["add", "app.env"],
      [...author, "commit", "-q", "-m", "first"],
    ])
      execFileSync("git", ["-C", repository, ...args], { env: { PATH: process.env["PATH"], HOME: home } });
    runContainer("everywhere", canaries, ["-v", `${repository}:/in:ro`], "cat /in/app.env; sleep 100000");
    const file = ["migrate", `env:${join(repository, "app.env")}`, "--to", "vault", "--min-confidence", "low", "--yes"];
    const env = { HOME: home };
    const moved = await quiet(watch, file, { env });
    expect(moved.code, moved.stderr).toBe(0);
    const run = runIdOf(moved.stdout);
    for (const args of [["doctor"], ["doctor", "--json"], ["scrub", run], ["scrub", run, "--json"]]) {
      const ran = await quiet(watch, args, { env });
      expect(ran.code, ran.stderr).toBe(args[0] === "scrub" ? 5 : 1);
      const kinds = ["container everywhere", "log everywhere", "app.env.bak", ".bash_history", "since commit"];
      for (const kind of kinds.filter((one) => !args.includes("--json") || !one.includes(" ")))
        expect.soft(ran.stdout, `${args.join(" ")}: ${ran.stderr}`).toContain(kind);
      expect(ran.shown.some((one) => one.where === "spawn git")).toBe(true);
    }
    engine.docker("rm", "-f", "everywhere");
  });
});

describe("what fails", () => {
  it.each([
    ["sealed or gone", { VAULT_ADDR: "http://127.0.0.1:9" }, 1],
    ["a wrong token", { VAULT_TOKEN: "wrong" }, 4],
    ["no engine", { DOCKER_HOST: "unix:///nowhere/docker.sock" }, 1],
    ["a state folder that cannot be", { XDG_STATE_HOME: "/dev/null/state" }, 1],
    ["a memory folder on disk", { UNSPRAWL_RUNTIME_DIR: "/var/tmp/unsprawl-on-disk" }, 3],
  ])("migrate with %s", async (what, env, code) => {
    const canaries = variableCanaries();
    const watch = new Watch(canaries);
    const name = `fails-${what.replace(/\W/g, "-")}`;
    runContainer(name, canaries);
    const ran = await quiet(
      watch,
      ["migrate", `docker:${name}`, "--to", "vault", "--deliver", "shim", "--grace", "300ms", "--yes"],
      { env },
    );
    expect(ran.code, ran.stderr).toBe(code);
    expect(existsSync("/var/tmp/unsprawl-on-disk")).toBe(false);
  });

  it("migrate with a token that may only read", async () => {
    const canaries = variableCanaries();
    const watch = new Watch(canaries);
    runContainer("read-only", canaries);
    await bao.api("PUT", "sys/policies/acl/reads", { policy: 'path "secret/*" { capabilities = ["read", "list"] }' });
    const { auth } = (await bao.api("POST", "auth/token/create", { policies: ["reads"] })) as {
      auth: { client_token: string };
    };
    const ran = await quiet(watch, ["migrate", "docker:read-only", "--to", "vault", "--deliver", "shim", "--yes"], {
      env: { VAULT_TOKEN: auth.client_token },
    });
    expect(ran.code, ran.stderr).toBe(4);
  });

  it.each([400, 403, 500])("a Vault that answers a write with %i and what was sent", async (status) => {
    const canaries = variableCanaries();
    const watch = new Watch(canaries);
    const name = `echo-${status}`;
    runContainer(name, canaries);
    let echoed = 0;
    const server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk: Buffer) => (body += chunk.toString("utf8")));
      request.on("end", () => {
        const mount = request.url?.includes("/internal/ui/mounts")
          ? { data: { type: "kv", path: "secret/", options: { version: "2" } } }
          : null;
        if (request.method !== "GET" && body !== "") echoed++;
        const code = mount
          ? 200
          : request.method === "GET"
            ? request.url?.includes("lookup-self")
              ? 200
              : 404
            : status;
        response
          .writeHead(code, { "content-type": "application/json" })
          .end(
            JSON.stringify(
              mount ??
                (code === 200 ? { data: {} } : { errors: code === 404 ? [] : [`cannot store ${body}`], data: null }),
            ),
          );
      });
    });
    await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
    const address = server.address();
    const env = { VAULT_ADDR: `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}` };
    try {
      const ran = await quiet(watch, ["migrate", `docker:${name}`, "--to", "vault", "--deliver", "shim", "--yes"], {
        env,
      });
      expect([1, 4, 5]).toContain(ran.code);
      expect(echoed).toBeGreaterThan(0);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it("an engine that quotes the values in its error", async () => {
    const canaries = variableCanaries();
    const watch = new Watch(canaries);
    runContainer("quoted", canaries);
    let failed = 0;
    const proxy = await proxyEngine(engine.socket, join(world.memory, "quoting.sock"), (method, path) => {
      if (method !== "POST" || !path.endsWith("/start") || failed > 0) return "pass";
      failed++;
      const values = canaries.map(
        (one) => `${one.name}=${one.value}, ${JSON.stringify(one.value)}, ${Buffer.from(one.value).toString("base64")}`,
      );
      return { status: 500, message: `OCI runtime create failed: bad environment [${values.join(" ")}]: unknown` };
    });
    try {
      const ran = await quiet(watch, ["migrate", "docker:quoted", "--to", "local", "--deliver", "shim", "--yes"], {
        env: { DOCKER_HOST: proxy.host },
      });
      expect(failed).toBe(1);
      expect(ran.code).toBe(1);
      expect(ran.stderr).toContain("OCI runtime create failed");
      const runs = await quiet(watch, ["runs", runIdOf(ran.stdout), "--json"]);
      expect(runs.stdout).toContain("OCI runtime create failed");
    } finally {
      await proxy.stop();
    }
  });

  const b64 = (name: string): string => `printf %s "$${name}" | busybox base64 -w 0; echo`;
  it.each([
    [
      "raw, as base64 and as hex",
      `echo "password is $DB_PASSWORD"; ${b64("DB_PASSWORD")}; ${b64("GITHUB_TOKEN")}; printf %s "$ROOT_PASSWORD" | busybox hexdump -v -e '/1 "%02x"'; echo`,
    ],
    ["more of one than is quoted", 'echo "bad license $LICENSE_SECRET"'],
    ["one of many lines", 'echo "bad key $TLS_PRIVATE_KEY"'],
    [
      "the password out of a URL",
      'rest=${DATABASE_URL#postgres://app:}; echo "password authentication failed for app with ${rest%%@*}"',
    ],
    ["a token out of JSON", `rest=\${SERVICE_ACCOUNT_CREDENTIALS##*'"token":"'}; echo "401 for token \${rest%%'"'*}"`],
    [
      "the key out of JSON",
      `rest=\${SERVICE_ACCOUNT_CREDENTIALS##*'"private_key":"'}; printf '%b' "\${rest%%'"'*}" | busybox head -n 20 | busybox tail -n 4`,
    ],
    ["cut short", 'echo "${STRIPE_SECRET_KEY%????????????}... is not a key"'],
    ["all of them", "env"],
  ])("a container that dies at its start and logs its secrets: %s", async (what, log) => {
    const canaries = variableCanaries();
    const watch = new Watch(canaries);
    const name = `dies-${what.replace(/\W/g, "-")}`;
    const counter = join(world.memory, name);
    mkdirSync(counter);
    // The second start is the migration's.
    const script = `n=x$(cat /starts/n 2>/dev/null); printf %s "$n" >/starts/n; if [ "$n" = xx ]; then ${log}; exit 3; fi; ${APP}`;
    runContainer(name, canaries, ["-v", `${counter}:/starts`], script);
    const old = idOf(name);
    const json = what.length % 2 === 0 ? ["--json"] : [];
    const migrate = [
      "migrate",
      `docker:${name}`,
      "--to",
      "local",
      "--deliver",
      "shim",
      "--grace",
      "1s",
      "--yes",
      ...json,
    ];
    const ran = await quiet(watch, migrate);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain("its last words");
    expect(idOf(name)).toBe(old);
    const runs = await quiet(watch, ["runs", runIdOf(ran.stdout), ...json]);
    expect(runs.stdout).toContain("its last words");
  });

  it.each(["SIGINT", "SIGTERM", "SIGKILL"] as const)("%s in the middle of apply, then resume", async (signal) => {
    const canaries = variableCanaries();
    const watch = new Watch(canaries);
    const name = `signal-${signal.toLowerCase()}`;
    runContainer(name, canaries);
    let sent = false;
    const onStderr = (said: string, pid: number): void => {
      if (sent || !said.includes("✓")) return;
      sent = true;
      process.kill(pid, signal);
    };
    const target = ["migrate", `docker:${name}`, "--to", "vault", "--deliver", "shim", "--grace", "300ms", "--yes"];
    const ran = await quiet(watch, target, { onStderr });
    expect(ran.code ?? ran.signal).toBe(signal === "SIGKILL" ? "SIGKILL" : 130);
    if (signal === "SIGKILL") {
      const resumed = await quiet(watch, ["resume", runIdOf(ran.stdout)]);
      expect(resumed.code, resumed.stderr).toBe(0);
      expectQuietEngine(watch, idOf(name));
    }
  });

  it("a crash in the middle of apply: Node's own words and its diagnostic report", async () => {
    const canaries = variableCanaries();
    const watch = new Watch(canaries);
    runContainer("crashed", canaries);
    const flag = join(world.memory, "crash-now");
    const crash = `import { existsSync } from "node:fs"; setInterval(() => { if (existsSync(${JSON.stringify(flag)})) throw new Error("made to fail"); }, 2).unref();`;
    const nodeArgs = [
      "--report-uncaught-exception",
      "--report-on-fatalerror",
      `--report-directory=${join(world.dir, "tmp")}`,
      "--import",
      `data:text/javascript,${encodeURIComponent(crash)}`,
    ];
    const ran = await quiet(
      watch,
      ["migrate", "docker:crashed", "--to", "local", "--deliver", "shim", "--grace", "300ms", "--yes"],
      {
        nodeArgs,
        onStderr: (said) => {
          if (said.includes("✓")) writeFileSync(flag, "");
        },
      },
    );
    expect(ran.code).not.toBe(0);
    expect(ran.stderr).toContain("made to fail");
    expect(readdirSync(join(world.dir, "tmp")).some((file) => file.startsWith("report."))).toBe(true);
    const back = await quiet(watch, ["rollback", runIdOf(ran.stdout)]);
    expect(back.code).toBe(0);
  });

  it("apply of a plan file that is a secret, and a plan that cannot be saved", async () => {
    const canaries = variableCanaries();
    const watch = new Watch(canaries);
    runContainer("unsaved", canaries);
    const secret = join(world.memory, "not-a-plan");
    for (const { value } of canaries.slice(0, 4)) {
      writeFileSync(secret, value);
      const ran = await quiet(watch, ["apply", secret]);
      expect(ran.code).toBe(2);
    }
    symlinkSync("/proc/nowhere/plan", join(world.dir, "dangling"));
    for (const file of ["/proc/nowhere/plan", "tmp", "dangling"]) {
      const ran = await quiet(watch, ["plan", "docker:unsaved", "--to", "local", "-o", file]);
      expect([1, 4]).toContain(ran.code);
    }
  });

  it("a script's run line: scanned, planned, moved, put back", async () => {
    const canaries = variableCanaries();
    const watch = new Watch(canaries);
    engine.docker("create", "--name", "by-script", BUSYBOX);
    const file = join(world.memory, "deploy.sh");
    const flags = canaries.map(({ name, value }) => `-e ${name}='${value.replaceAll("'", String.raw`'\''`)}'`);
    const text = `#!/bin/sh\ndocker run -d --name by-script \\\n  ${flags.join(" \\\n  ")} \\\n  ${BUSYBOX} ${APP}\n`;
    writeFileSync(file, text);
    for (const format of ["table", "json", "sarif", "junit", "github", "gitlab"])
      expect((await quiet(watch, ["scan", `script:${file}`, "--format", format])).code).toBe(3);
    await quiet(watch, ["plan", `script:${file}`, "--to", "vault", "--deliver", "shim", "-o", "script-plan.json"]);
    const target = ["migrate", `script:${file}`, "--to", "vault", "--deliver", "shim", "--yes"];
    const ran = await quiet(watch, target);
    expect(ran.code, ran.stderr).toBe(0);
    expect(watch.find(readFileSync(file, "utf8"))).toEqual([]);
    expect((await quiet(watch, ["rollback", runIdOf(ran.stdout)])).code).toBe(0);
    expect(readFileSync(file, "utf8")).toBe(text);
  });

  it("a configuration that is a secret", async () => {
    const canaries = variableCanaries();
    const watch = new Watch(canaries);
    for (const { value } of [canaries[0], canaries[4]].filter((one) => one !== undefined)) {
      for (const text of [
        value,
        `stores: ${value}`,
        `stores: { a: { provider: vault, address: ${JSON.stringify(value)} } }`,
        `failOn: ${JSON.stringify(value)}`,
      ]) {
        writeFileSync(join(world.memory, "config.yaml"), text);
        const ran = await watched(world, ["stores", "check", "a", "--config", join(world.memory, "config.yaml")]);
        expect(ran.code).not.toBe(0);
        expect.soft(watch.find(ran.stdout + ran.stderr)).toEqual([]);
      }
    }
  });
});
