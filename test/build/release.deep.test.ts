import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { VERSION } from "../../src/model/version.ts";
import { need } from "../services/apt.ts";
import { startEngine, type TestEngine } from "../services/engine.ts";
import { APP, BUSYBOX, makeImages, staticBusybox } from "../services/images.ts";
import { random } from "../support/canary.ts";

// What a release holds, installed as people install it, on roots without Node.

const ROOT = new URL("../..", import.meta.url).pathname;
const NAME = `unsprawl-${VERSION}-linux-x64`;
const MIB = 1024 * 1024;

let dir: string;
let release: string;
let engine: TestEngine;

beforeAll(async () => {
  await Promise.all([
    need("x86_64-linux-gnu-strip", ["binutils"]),
    need("aarch64-linux-gnu-strip", ["binutils-aarch64-linux-gnu"]),
    need("rpm", ["rpm"]),
    need("debootstrap", ["debootstrap"]),
  ]);
  dir = mkdtempSync(join(tmpdir(), "unsprawl-release-"));
  chmodSync(dir, 0o755);
  execFileSync("npm", ["run", "--silent", "release"], { cwd: ROOT, stdio: "pipe" });
  release = join(dir, "release");
  cpSync(join(ROOT, "dist/release"), release, { recursive: true });
  engine = await startEngine();
  await makeImages(engine);
}, 1_800_000);

afterAll(async () => {
  await engine?.stop();
  rmSync(dir, { recursive: true, force: true });
});

const file = (ending: string): string => join(release, `${NAME}${ending}`);

/** Runs in a root folder; fails with what it printed unless it ends with this code. */
function within(root: string, words: readonly string[], code = 0, env: NodeJS.ProcessEnv = {}): string {
  const all = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", HOME: "/root", ...env };
  const ran = spawnSync("chroot", [root, ...words], { encoding: "utf8", env: all });
  expect(ran.status, ran.stdout + ran.stderr + String(ran.error ?? "")).toBe(code);
  return ran.stdout + ran.stderr;
}

function leakyFolder(root: string): string {
  const value = random(24);
  mkdirSync(join(root, "srv/app"), { recursive: true });
  writeFileSync(join(root, "srv/app/.env"), `DB_PASSWORD=${value}\n`);
  return value;
}

/** A scan finds the secret and does not show it. */
function finds(root: string, program: string, value: string): void {
  const said = within(root, [program, "scan", "dir:/srv/app"], 3);
  expect(said).toContain("DB_PASSWORD");
  expect(said).not.toContain(value);
}

it("the same commit makes the same bytes, in another folder too", () => {
  const clone = join(dir, "elsewhere");
  execFileSync("git", ["clone", "--quiet", ROOT, clone]);
  // The same files, in a folder of the clone's own: what is built names where each part is from.
  const libraries = realpathSync(join(ROOT, "node_modules"));
  execFileSync("cp", ["--archive", "--link", libraries, join(clone, "node_modules")]);
  execFileSync("npm", ["run", "--silent", "release"], { cwd: clone, stdio: "pipe" });
  const sums = (folder: string): string => readFileSync(join(folder, "SHA256SUMS"), "utf8");
  expect(sums(join(clone, "dist/release"))).toBe(sums(release));
  execFileSync("sha256sum", ["--check", "--quiet", "SHA256SUMS"], { cwd: release });
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

describe("Debian without Node", () => {
  let root: string;

  beforeAll(() => {
    root = join(dir, "debian");
    execFileSync("debootstrap", ["--variant=minbase", "trixie", root], { stdio: "pipe" });
    cpSync(file(".deb"), join(root, "unsprawl.deb"));
    within(root, ["dpkg", "--install", "/unsprawl.deb"]);
  }, 600_000);

  it("finds a first secret with what the package installed", () => {
    expect(within(root, ["unsprawl", "--version"]).trim()).toBe(VERSION);
    finds(root, "unsprawl", leakyFolder(root));
    for (const path of [
      "usr/share/man/man1/unsprawl.1",
      "usr/share/bash-completion/completions/unsprawl",
      "usr/lib/systemd/system/unsprawl-agent.service",
      "usr/share/doc/unsprawl/THIRD-PARTY-LICENSES",
    ])
      expect(existsSync(join(root, path)), path).toBe(true);
    expect(within(root, ["/usr/libexec/docker/cli-plugins/docker-unsprawl", "docker-cli-plugin-metadata"])).toContain(
      '"SchemaVersion":"0.1.0"',
    );
  });

  it("starts no agent by itself", () => {
    const wants = within(root, ["find", "/etc/systemd", "-name", "unsprawl-agent.service"]);
    expect(wants).toBe("");
  });

  it("migrates a container of an engine that it reaches, serves its files, and cannot be removed while it is needed", () => {
    const value = random(24);
    engine.docker("run", "-d", "--name", "shop", "-e", `API_TOKEN=${value}`, BUSYBOX, ...APP);
    // The engine and unsprawl have to see the same files: those that containers mount, the engine's own and its socket.
    const memory = mkdtempSync("/dev/shm/unsprawl-release-");
    const mounts = [
      ["--bind", memory, join(root, memory)],
      ["--bind", engine.dir, join(root, engine.dir)],
      ["-t", "proc", "proc", join(root, "proc")],
    ] as const;
    for (const words of mounts) {
      mkdirSync(words.at(-1) ?? "", { recursive: true });
      execFileSync("mount", [...words]);
    }
    const env = { DOCKER_HOST: engine.host, UNSPRAWL_RUNTIME_DIR: memory };
    try {
      const said = within(
        root,
        ["unsprawl", "migrate", "docker:shop", "--to", "local", "--deliver", "shim", "--grace", "100ms", "--yes"],
        0,
        env,
      );
      expect(said).not.toContain(value);
      expect(engine.docker("inspect", "shop")).not.toContain(value);
      expect(engine.docker("exec", "shop", "sh", "-c", "tr '\\0' '\\n' </proc/1/environ")).toContain(value);
      within(root, ["unsprawl", "agent", "--once"], 0, env);
      expect(within(root, ["dpkg", "--remove", "unsprawl"], 1, env)).toContain("1 container needs unsprawl to start");
      // An update in place keeps what there is.
      within(root, ["dpkg", "--install", "/unsprawl.deb"], 0, env);
      within(root, ["unsprawl", "rollback"], 0, env);
      within(root, ["dpkg", "--remove", "unsprawl"], 0, env);
      expect(existsSync(join(root, "usr/bin/unsprawl"))).toBe(false);
    } finally {
      for (const words of [...mounts].reverse()) spawnSync("umount", [words.at(-1) ?? ""]);
      engine.docker("rm", "--force", "shop");
      rmSync(memory, { recursive: true, force: true });
    }
  });
});

it("the package for Alpine brings its own C library", async () => {
  const root = join(dir, "alpine");
  mkdirSync(root);
  // An apk is a tar archive in gzip members; its first entries are the package's own (Alpine, "Apk spec").
  execFileSync("tar", ["-xzf", file(".apk"), "-C", root], { stdio: "pipe" });
  cpSync(await staticBusybox(), join(root, "busybox"));
  mkdirSync(join(root, "tmp"));
  expect(within(root, ["/usr/bin/unsprawl", "--version"]).trim()).toBe(VERSION);
  finds(root, "/usr/bin/unsprawl", leakyFolder(root));
});

it("the package for Fedora installs the same files, and its digests are right", () => {
  const files = execFileSync("rpm", ["--query", "--package", "--list", file(".rpm")], { encoding: "utf8" }).split("\n");
  expect(files).toEqual(expect.arrayContaining(["/usr/bin/unsprawl", "/usr/share/man/man1/unsprawl.1"]));
  execFileSync("rpm", ["--checksig", "--nosignature", file(".rpm")]);
  const needs = execFileSync("rpm", ["--query", "--package", "--requires", file(".rpm")], { encoding: "utf8" });
  expect(needs).toContain("glibc >= 2.28");
});

it("the archive is unpacked anywhere, and the executable in it is the one beside it", () => {
  execFileSync("tar", ["-xzf", file(".tar.gz"), "-C", dir]);
  expect(readFileSync(join(dir, NAME, "unsprawl")).equals(readFileSync(file("")))).toBe(true);
  expect(lstatSync(join(dir, NAME, "share/man/man1/unsprawl.1")).isFile()).toBe(true);
});

it("the executable is nobody's to steer from outside: NODE_OPTIONS counts for nothing", () => {
  const env = { PATH: "/usr/bin:/bin", NODE_OPTIONS: "--require=/nowhere.js" };
  expect(execFileSync(file(""), ["--version"], { env, encoding: "utf8" }).trim()).toBe(VERSION);
});

describe("the image", () => {
  const socket = (): string[] => ["-v", `${engine.socket}:/var/run/docker.sock`];
  let value: string;

  beforeAll(() => {
    engine.docker("load", "--input", file("-image.tar"));
    value = random(24);
    engine.docker("run", "-d", "--name", "leaky", "-e", `DB_PASSWORD=${value}`, BUSYBOX, ...APP);
  });

  it.each([
    ["root's, with the socket alone", []],
    ["a user's whose group may open the socket, read-only", ["--read-only", "--cap-drop", "ALL"]],
  ])("scans the engine as %s", (_who, more) => {
    const user = more.length === 0 ? [] : ["--user", `65532:${statSync(engine.socket).gid}`, "--tmpfs", "/tmp"];
    const words = ["run", "--rm", ...socket(), ...more, ...user, `unsprawl:${VERSION}`, "scan", "--fail-on", "never"];
    const said = engine.docker(...words);
    expect(said).toContain("DB_PASSWORD");
    expect(said).not.toContain(value);
  });
});
