import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { driverProgram } from "../../src/kit/program.ts";
import { password } from "../residue/looking.ts";
import { startEngine, type TestEngine } from "../services/engine.ts";
import { APP, BUSYBOX, importImage, makeImages, staticBusybox, tools } from "../services/images.ts";
import { startOpenBao, type OpenBao } from "../services/openbao.ts";
import { sample } from "../support/deep.ts";
import { expectServed } from "../support/served.ts";
import { makeWorld, type Ran, type World } from "../support/world.ts";

// What goes through the engine's API has nothing of Linux in it: /proc, /sys and user ids are not there.

const PRELOAD = fileURLToPath(new URL("../support/not-linux.mjs", import.meta.url));
/** An image of unsprawl, as on Docker Desktop the engine has one: the program that runs there is none for its machine. */
const IMAGE = "unsprawl-test/own:1";
/** The default pipe of Docker on Windows. Here it is a socket of that name in the folder in which unsprawl runs. */
const PIPE = String.raw`\\.\pipe\docker_engine`;
const DB_PASSWORD = password();
let engine: TestEngine;
let bao: OpenBao;
let proxy: Server;
let worlds: { readonly [platform: string]: World };

beforeAll(async () => {
  [engine, bao] = await Promise.all([startEngine(), startOpenBao()]);
  await makeImages(engine);
  const busybox = await staticBusybox();
  importImage(engine, IMAGE, (root) => ownImage(root, busybox), []);
  const env = { VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token };
  worlds = { darwin: makeWorld("", env), win32: makeWorld("", env) };
  desktop(worlds["darwin"]?.dir ?? "");
  proxy = createServer((from) => {
    const to = connect(engine.host.replace("unix://", ""));
    for (const one of [from, to]) one.on("error", () => [from, to].forEach((other) => other.destroy()));
    from.pipe(to).pipe(from);
  });
  await new Promise<void>((done) => proxy.listen(join(worlds["win32"]?.dir ?? "", PIPE), done));
  const how = ["--network", "none", "--stop-timeout", "1"];
  engine.docker("run", "-d", "--name", "not-linux", ...how, "-e", `DB_PASSWORD=${DB_PASSWORD}`, BUSYBOX, ...APP);
});

afterAll(async () => {
  proxy?.close();
  for (const world of Object.values(worlds ?? {})) world.remove();
  await engine?.stop();
  await bao?.stop();
});

/** As a release lays it out. */
function ownImage(root: string, busybox: string): void {
  tools(root, busybox, ["sh"]);
  const { files, words } = driverProgram();
  const libraries = execFileSync("ldd", [process.execPath], { encoding: "utf8" }).matchAll(/(\/\S+) \(0x/g);
  const all = [...files, ...[...libraries].map(([, path = ""]) => ({ from: path, to: path }))];
  for (const { from, to } of all) {
    mkdirSync(join(root, dirname(to)), { recursive: true });
    copyFileSync(realpathSync(from), join(root, to));
  }
  writeFileSync(join(root, "usr/bin/unsprawl"), `#!/bin/sh\nexec ${words.join(" ")}\n`, { mode: 0o755 });
}

/** As Docker Desktop leaves its socket and its context on a Mac. */
function desktop(home: string): void {
  const folder = join(home, ".docker");
  const meta = join(folder, "contexts/meta", createHash("sha256").update("desktop-linux").digest("hex"));
  for (const one of [join(folder, "run"), meta]) mkdirSync(one, { recursive: true });
  symlinkSync(engine.host.replace("unix://", ""), join(folder, "run/docker.sock"));
  writeFileSync(join(folder, "config.json"), JSON.stringify({ currentContext: "desktop-linux" }));
  const Host = `unix://${folder}/run/docker.sock`;
  writeFileSync(join(meta, "meta.json"), JSON.stringify({ Name: "desktop-linux", Endpoints: { docker: { Host } } }));
}

describe.each(sample(["darwin", "win32"], 1))("on %s", (platform) => {
  const run = async (...args: string[]): Promise<Ran> => {
    const ran = await (worlds[platform] as World).unsprawl(args, {
      nodeArgs: ["--import", PRELOAD],
      env: { UNSPRAWL_TEST_PLATFORM: platform },
    });
    expect(ran.stdout + ran.stderr).not.toContain("only Linux has");
    return ran;
  };

  it("a scan finds", async () => {
    const { code, stdout } = await run("scan", "docker:not-linux");
    expect(stdout).toContain("DB_PASSWORD");
    expect(code).toBe(3);
  });

  it.each([[["plan"]], [["migrate", "--dry-run"]]])("%s names what helps", async (words) => {
    const { code, stdout } = await run(...words, "docker:not-linux", "--to", "local");
    expect(stdout).toContain("nothing can be moved from here: the engine");
    expect(stdout).toContain("unsprawl plugin install --to STORE");
    expect(code).toBe(3);
  });

  it("doctor has its rows", async () => {
    const { stdout } = await run("doctor", "--no-residue");
    expect(stdout).toContain("scan: works here");
    expect(stdout).toContain("move by file or shim: not here, the engine");
  });

  it("the plugin is made of an image, and moves, proves and puts back", async () => {
    const own = await run("plugin", "install", "--to", "vault", "--yes");
    expect(own.stderr).toContain("unsprawl plugin install --from IMAGE");
    const steps = [
      [["plugin", "install", "--to", "vault", "--from", IMAGE], "installed the volume plugin"],
      [["migrate", "docker:not-linux", "--to", "vault", "--grace", "100ms"], "by volume"],
    ] as const;
    for (const [words, says] of steps) {
      const { code, stdout, stderr } = await run(...words, "--yes");
      expect(code, stderr).toBe(0);
      expect(stdout).toContain(says);
    }
    expect(engine.docker("inspect", "-f", "{{json .Config.Env}}", "not-linux")).not.toContain("DB_PASSWORD");
    await expectServed(engine.docker, "not-linux", { DB_PASSWORD });
    const { code, stdout } = await run("rollback", "last", "--yes");
    expect(stdout).toContain("as before");
    expect(code).toBe(0);
    expect(engine.docker("inspect", "-f", "{{json .Config.Env}}", "not-linux")).toContain("DB_PASSWORD");
    expect((await run("plugin", "uninstall", "--yes")).code).toBe(0);
  });
});
