import { chownSync, mkdtempSync, mkdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import type { Assembly } from "../../src/assembly/index.ts";
import { movingChecks, movingFault } from "../../src/cli/moving-checks.ts";
import { UnsprawlError } from "../../src/model/error.ts";

const dir = mkdtempSync(join(tmpdir(), "unsprawl-moving-"));
afterAll(() => rmSync(dir, { recursive: true }));
mkdirSync(join(dir, "containers"));
mkdirSync(join(dir, "overlay-containers"));

const PODMAN = { BuildahVersion: "1.39.3", Driver: "overlay" };

/** What is asked of an engine that is reached like this. */
function reached(via: "unix" | "tcp" | "ssh", info: object = {}): Assembly {
  const engine = {
    connection: { via, address: `${via}://engine`, host: "engine", user: via === "ssh" ? "ops" : null },
    info: async () => ({ ID: "engine", DockerRootDir: dir, ...info }),
    call: async () => null,
    docker: async () => ({}),
  };
  return { engine: async () => engine, state: () => join(dir, "state") } as unknown as Assembly;
}

it("nothing can be moved on an engine elsewhere without its plugin, which is said once, with the way", async () => {
  expect((await movingFault(reached("tcp")))?.why).toBe("the engine is not on this host (tcp://engine)");
  const [first, ...rows] = await movingChecks(reached("tcp"));
  expect(first).toMatchObject({ state: "warn", hint: expect.stringContaining("unsprawl plugin install --to STORE") });
  expect(rows.map(({ text }) => text.split(", ")[0])).toEqual([
    "scan: works here",
    "move by volume: not here",
    "move by file or shim: not here",
    "move by runtime: not here",
    "serve new values by the agent: not here",
    "roll back: not here",
  ]);
});

it.runIf(process.getuid?.() === 0)("as root on its host files can be given, to Podman's containers too", async () => {
  expect(await movingFault(reached("unix"))).toBeNull();
  const rows = await movingChecks(reached("unix", PODMAN));
  expect(rows.map(({ text }) => text)).toEqual(
    expect.arrayContaining([
      "move by volume: not here, Podman has no managed plugins",
      "move by file or shim: works here",
      "roll back: works here",
    ]),
  );
});

it("Podman without root is moved by its own user alone, and nobody is sent to a plugin or to root", async () => {
  const rootless = { ...PODMAN, Rootless: true, SecurityOptions: ["name=rootless"] };
  expect(await movingFault(reached("unix", rootless))).toBeNull();
  const others = mkdtempSync(join(tmpdir(), "unsprawl-moving-"));
  mkdirSync(join(others, "overlay-containers"));
  const theirs = reached("unix", { ...rootless, DockerRootDir: others });
  if (process.getuid?.() === 0) {
    chownSync(join(others, "overlay-containers"), 30_100, 30_100);
    expect(await movingFault(theirs)).toEqual({
      why: "this Podman is the one of another user (uid 30100)",
      way: "the same as the user who runs Podman, on its own host",
    });
  }
  rmSync(others, { recursive: true });
  for (const one of [theirs, reached("tcp", rootless), reached("tcp", PODMAN)]) {
    const checks = await movingChecks(one);
    expect(checks[0]).toMatchObject({ state: "warn", hint: expect.stringMatching(/^the same as/) });
    expect(JSON.stringify(checks)).not.toMatch(/plugin install|runtime install/);
  }
});

it("Podman by ssh is moved on its own host, since nothing of ours would bring values back there", async () => {
  for (const info of [PODMAN, { ...PODMAN, Rootless: true }])
    expect(await movingFault(reached("ssh", info))).toEqual({
      why: "the engine is not on this host (ssh://engine)",
      way: "the same on the engine's own host: ssh ops@engine unsprawl plan …",
    });
});

it.each(["rootless", "userns"])(
  "nobody is sent to root for a Docker with name=%s: its ids are others there too",
  async (name) => {
    for (const via of ["unix", "tcp"] as const) {
      const away = await movingFault(reached(via, { SecurityOptions: [`name=${name}`] }));
      expect(away?.why).toMatch(/^(?:user ids are others|the engine is not on this host)/);
      expect(away?.way).toBe("unsprawl plugin install --to STORE");
    }
  },
);

it("an engine that does not answer says nothing of it", async () => {
  const engine = async (): Promise<never> => Promise.reject(new UnsprawlError("unreachable", "no such socket"));
  expect(await movingFault({ ...reached("unix"), engine })).toBeNull();
});
