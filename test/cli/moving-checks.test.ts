import { mkdtempSync, mkdirSync, rmSync } from "node:fs";
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

/** What is asked of an engine that is reached like this. */
function reached(via: "unix" | "tcp", info: object = {}): Assembly {
  const engine = {
    connection: { via, address: `${via}://engine` },
    info: async () => ({ ID: "engine", DockerRootDir: dir, ...info }),
    call: async () => null,
    docker: async () => ({}),
  };
  return { engine: async () => engine, state: () => join(dir, "state") } as unknown as Assembly;
}

it("nothing can be moved on an engine elsewhere without its plugin, which is said once, with the way", async () => {
  expect(await movingFault(reached("tcp"))).toBe("the engine is not on this host (tcp://engine)");
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
  const rows = await movingChecks(reached("unix", { BuildahVersion: "1.39.3" }));
  expect(rows.map(({ text }) => text)).toEqual(
    expect.arrayContaining([
      "move by volume: not here, Podman has no managed plugins",
      "move by file or shim: works here",
      "roll back: works here",
    ]),
  );
});

it("an engine that does not answer says nothing of it", async () => {
  const engine = async (): Promise<never> => Promise.reject(new UnsprawlError("unreachable", "no such socket"));
  expect(await movingFault({ ...reached("unix"), engine })).toBeNull();
});
