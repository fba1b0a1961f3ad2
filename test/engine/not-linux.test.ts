import { createHash } from "node:crypto";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { connect, createServer, type AddressInfo, type Server } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dockerClient } from "../services/engine.ts";
import { need } from "../services/apt.ts";
import { APP, BUSYBOX } from "../services/images.ts";
import { workerEngine } from "../services/worker-engine.ts";
import { password } from "../residue/looking.ts";
import { makeWorld, type Ran, type World } from "../support/world.ts";

// What goes through the engine's API has nothing of Linux in it: /proc, /sys and user ids are not there.

const PRELOAD = fileURLToPath(new URL("../support/not-linux.mjs", import.meta.url));
const { host, dir } = await workerEngine();
const socket = host.replace("unix://", "");
const docker = dockerClient(await need("docker", ["docker-cli"]), dir);
let proxy: Server;
let worlds: { readonly [platform: string]: World };

beforeAll(async () => {
  proxy = createServer((from) => {
    const to = connect(socket);
    for (const one of [from, to]) one.on("error", () => [from, to].forEach((other) => other.destroy()));
    from.pipe(to).pipe(from);
  });
  await new Promise<void>((done) => proxy.listen(0, "127.0.0.1", done));
  const mac = makeWorld("");
  desktop(mac.dir);
  worlds = { darwin: mac, win32: makeWorld(`tcp://127.0.0.1:${(proxy.address() as AddressInfo).port}`) };
  docker("run", "-d", "--name", "not-linux", "--network", "none", "-e", `DB_PASSWORD=${password()}`, BUSYBOX, ...APP);
});

afterAll(() => {
  docker("rm", "-f", "not-linux");
  proxy?.close();
  for (const world of Object.values(worlds ?? {})) world.remove();
});

/** As Docker Desktop leaves its socket and its context on a Mac. */
function desktop(home: string): void {
  const folder = join(home, ".docker");
  const meta = join(folder, "contexts/meta", createHash("sha256").update("desktop-linux").digest("hex"));
  for (const one of [join(folder, "run"), meta]) mkdirSync(one, { recursive: true });
  symlinkSync(socket, join(folder, "run/docker.sock"));
  writeFileSync(join(folder, "config.json"), JSON.stringify({ currentContext: "desktop-linux" }));
  const Host = `unix://${folder}/run/docker.sock`;
  writeFileSync(join(meta, "meta.json"), JSON.stringify({ Name: "desktop-linux", Endpoints: { docker: { Host } } }));
}

describe.each(["darwin", "win32"])("on %s", (platform) => {
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
});
