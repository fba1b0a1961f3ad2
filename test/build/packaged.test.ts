import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { change, emptyMemory, startAgent, valueIn } from "../agent/stage.ts";
import { APP, BUSYBOX, FILE_ENV } from "../services/images.ts";
import { startOpenBao, type OpenBao } from "../services/openbao.ts";
import { workerEngine, type WorkerEngine } from "../services/worker-engine.ts";
import { answer } from "../session/ask.ts";
import { makeHome, start } from "../session/driver.ts";
import { random } from "../support/canary.ts";
import { DEEP } from "../support/deep.ts";
import { startEngineDouble } from "../support/engine-double.ts";
import { makeWorld, type World } from "../support/world.ts";
import { loadsAtOnce, type Parts } from "./loads.ts";
import { makeProgram } from "./program.ts";

// What people do, with the program that they install: the one-file executable, in which nothing is loaded as in the build.

let dir: string;
let engine: WorkerEngine;
let bao: OpenBao;
let world: World;
let parts: Parts;
const values: { [name: string]: string } = {};

/** A line of the bundle that imports another part, as rolldown writes it. */
const IMPORT = /^(?:import|export)\b[^"\n;]*"\.\/([\w.-]+)";?$/gm;

/** An application for each delivery, and for two stores. */
const APPS = [
  { name: "by-shim", image: BUSYBOX, deliver: "shim", to: "vault" },
  { name: "by-runtime", image: BUSYBOX, deliver: "runtime", to: "vault" },
  { name: "by-file", image: FILE_ENV, deliver: "file", to: "local" },
];

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "unsprawl-packaged-"));
  const making = makeProgram(dir);
  [engine, bao] = await Promise.all([workerEngine(), startOpenBao()]);
  const { program, ...made } = await making;
  ({ parts } = made);
  world = makeWorld(engine.host, { VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token }, { packaged: program });
  for (const { name, image } of APPS) {
    const value = random(24);
    world.plant({ [name]: value });
    values[name] = value;
    engine.docker("run", "-d", "--name", name, "--restart", "always", "-e", `API_TOKEN=${value}`, image, ...APP);
  }
});

afterAll(async () => {
  await engine?.clean();
  await bao?.stop();
  world?.remove();
  rmSync(dir, { recursive: true, force: true });
});

/** Runs the program to its end, which is with this code; gives what it printed. */
async function unsprawl(words: readonly string[], code = 0): Promise<string> {
  const ran = await world.unsprawl(words);
  expect(ran.code, ran.stderr + ran.stdout).toBe(code);
  return ran.stdout + ran.stderr;
}

async function everyoneServes(): Promise<void> {
  for (const { name } of APPS) await expect.poll(() => valueIn(engine, name), { message: name }).toBe(values[name]);
}

/** What a reboot takes: containers, and what was in memory. The runtime asks the store by itself. */
function stopAll(): void {
  for (const { name } of APPS) engine.docker("stop", name);
  emptyMemory(world);
  for (const { name, deliver } of APPS)
    if (deliver !== "runtime") expect(() => engine.docker("start", name), name).toThrow("failed to start containers");
}

async function startAll(): Promise<void> {
  for (const { name } of APPS) engine.docker("start", name);
  await everyoneServes();
}

describe("on a host", () => {
  it("scan finds each secret, in a folder too, which threads read", async () => {
    const report = JSON.parse(await unsprawl(["scan", "--json"], 3)) as { readonly findings: readonly object[] };
    expect(report.findings).toHaveLength(APPS.length);
    mkdirSync(join(world.dir, "srv"));
    writeFileSync(join(world.dir, "srv/.env"), `API_TOKEN=${values["by-shim"] ?? ""}\n`);
    expect(await unsprawl(["scan", `dir:${join(world.dir, "srv")}`], 3)).toContain("1 secret in 1 place");
  });

  it("plan and apply move each, to its store and by its delivery", async () => {
    await unsprawl(["runtime", "install", "--to", "vault", "--daemon-config", engine.configFile]);
    for (const { name, deliver, to } of APPS) {
      const how = ["--to", to, "--deliver", deliver, "--grace", "100ms", "-o", "plan.json"];
      await unsprawl(["plan", `docker:${name}`, ...how]);
      await unsprawl(["apply", "plan.json"]);
      expect(engine.docker("inspect", name)).not.toContain(values[name]);
    }
    await everyoneServes();
    expect(await unsprawl(["runs"])).toContain("by-shim");
  });

  it("after a reboot one pass of the agent writes what was in memory, before the engine and beside it", async () => {
    for (const boot of [["--boot-timeout", "30s"], []]) {
      stopAll();
      const said = await unsprawl(["agent", "--once", ...boot]);
      for (const name of ["by-file", "by-shim"]) expect(said).toContain(`container:${name}: wrote API_TOKEN`);
      await startAll();
    }
  });

  it("the agent's service does too, and hands over what changes in a store", async () => {
    stopAll();
    const agent = startAgent(world, "--grace", "100ms");
    await expect
      .poll(() => agent.output())
      .toMatch(/by-file: wrote[^]*by-shim: wrote|by-shim: wrote[^]*by-file: wrote/);
    await startAll();
    values["by-shim"] = await change(bao, world, "by-shim");
    await everyoneServes();
    expect(await agent.end(), agent.output()).toBe(0);
  });

  it("rollback undoes the last run", async () => {
    await unsprawl(["rollback", "last"]);
    expect(engine.docker("inspect", "by-file")).toContain(values["by-file"]);
  });
});

it("installs itself as the engine's volume plugin, which answers", async () => {
  try {
    expect(await unsprawl(["plugin", "install", "--to", "vault", "--yes"])).toContain("reads vault");
    expect(await unsprawl(["plugin", "status"])).toContain("answers with the plugin's own credential");
  } finally {
    await unsprawl(["plugin", "uninstall", "--yes"]);
  }
});

it("scan --hosts makes one report of two hosts", async () => {
  const value = values["by-shim"] ?? "";
  const doubles = await Promise.all(["web", "api"].map((name) => startEngineDouble({ [name]: { API_TOKEN: value } })));
  try {
    const hosts = doubles.map(({ host }, at) => `  h${at}: { address: "${host}" }\n`).join("");
    writeFileSync(join(world.dir, "unsprawl.yaml"), `hosts:\n${hosts}`);
    const said = await unsprawl(["scan", "--hosts", "--fail-on", "never"]);
    for (const place of ["h0: web", "h1: api"]) expect(said).toContain(place);
  } finally {
    for (const double of doubles) await double.stop();
    rmSync(join(world.dir, "unsprawl.yaml"));
  }
});

it("--accessible goes from scan to proof to undo line by line", async () => {
  const home = makeHome(engine.host, world.program);
  const terminal = start(80, 50, home, {}, ["docker:by-file", "--accessible"]);
  try {
    await answer(terminal, "1. high, API_TOKEN", "m all");
    await answer(terminal, "or enter for local", "");
    await answer(terminal, "create only, read back", "y");
    await answer(terminal, /migrated {2}by-file[^]*shows no value in any field/, "L");
    await answer(terminal, /1. done[^]*u 1 undo/, "u 1");
    await answer(terminal, "Undo run", "y");
    await answer(terminal, "as before  by-file", "q");
    expect(await terminal.exit()).toBe(0);
  } finally {
    terminal.close();
    home.remove();
  }
});

describe("parts that are imported when they are first needed, at once", () => {
  const importsIn = (text: string): string[] => [...text.matchAll(IMPORT)].map(([, name = ""]) => name);
  const firstImports = (): string[] => {
    const named = Object.values(parts).flatMap((text) => [...text.matchAll(/\bimport\("\.\/([\w.-]+)"\)/g)]);
    return [...new Set(named.map(([, name = ""]) => name))].filter((name) => name in parts).sort();
  };

  it("all of them", () => {
    // Tools for developers of Ink, which are not there.
    const names = firstImports().filter((name) => !name.startsWith("devtools-"));
    expect(names.length).toBeGreaterThan(150);
    const [{ errors } = { errors: ["not loaded"] }] = loadsAtOnce(parts, [names]);
    expect(errors.filter(Boolean)).toEqual([]);
  });

  // What each imports, without its code: that alone decides what is still being loaded when a second import begins.
  it("every two that share a part", () => {
    const imports = new Map(Object.entries(parts).map(([name, text]) => [name, importsIn(text)]));
    const needed = (...names: string[]): Set<string> => {
      const found = new Set(names);
      for (const one of found) for (const other of imports.get(one) ?? []) found.add(other);
      return found;
    };
    // The command line and what it needs are there before; the deep tier begins with nothing.
    const cli = Object.keys(parts).filter((name) => /^(?:main\.js$|cli-)/.test(name));
    const there = DEEP ? new Set<string>() : needed(...cli);
    const rest = firstImports().map((name) => [name, [...needed(name)].filter((one) => !there.has(one))] as const);
    const pairs = rest.flatMap(([name, needs], at) =>
      rest.slice(at + 1).flatMap(([other, too]) => (too.some((one) => needs.includes(one)) ? [[name, other]] : [])),
    );
    const bare = [...imports].map(([name, of]) => [
      name,
      of
        .filter((one) => !there.has(one))
        .map((one) => `import "./${one}";`)
        .join(""),
    ]);
    expect(pairs.length).toBeGreaterThan(500);
    const loaded = loadsAtOnce(Object.fromEntries(bare) as Parts, pairs);
    expect(loaded.flatMap(({ errors }, at) => (errors.some(Boolean) ? [[pairs[at], errors]] : []))).toEqual([]);
  });
});
