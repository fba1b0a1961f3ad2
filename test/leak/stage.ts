import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect } from "vitest";
import { BUSYBOX } from "../services/images.ts";
import { startOpenBao, type OpenBao } from "../services/openbao.ts";
import { workerEngine, type WorkerEngine } from "../services/worker-engine.ts";
import { filesBelow, type Canary, type Watch } from "../support/canary.ts";
import { quiet } from "../support/quiet.ts";
import type { WatchedRan, WatchOptions } from "../support/watched.ts";
import { makeWorld, type World } from "../support/world.ts";

/** What the tests of a file share: an engine, a Vault and one world. */
export type Stage = {
  readonly engine: WorkerEngine;
  readonly bao: OpenBao;
  readonly world: World;
  /** A container with these variables that stays up. */
  readonly runContainer: (
    name: string,
    canaries: readonly Canary[],
    more?: readonly string[],
    script?: string,
    image?: string,
  ) => void;
  readonly idOf: (name: string) => string;
  readonly quiet: (watch: Watch, args: readonly string[], options?: WatchOptions) => Promise<WatchedRan>;
  /** Looks at the engine's own files of a container: what it knows of it, and the bundle that its runtime was given. */
  readonly expectQuietEngine: (watch: Watch, id: string) => void;
};

export const APP = "trap 'exit 0' TERM; while :; do sleep 1000 & wait $!; done";

export const runIdOf = (text: string): string => /\d{8}-\d{6}-[0-9a-f]{4}/.exec(text)?.[0] ?? "no run id was printed";

/** Starts all of it before the tests of this file and stops it after them. */
export function makeStage(): Stage {
  let engine: WorkerEngine;
  let bao: OpenBao;
  let world: World;

  beforeAll(async () => {
    [engine, bao] = await Promise.all([workerEngine(), startOpenBao()]);
    world = makeWorld(engine.host, { VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token });
    mkdirSync(join(world.dir, "tmp"));
    world.env["TMPDIR"] = join(world.dir, "tmp");
  });
  afterAll(async () => {
    await engine?.clean();
    await bao?.stop();
    world?.remove();
  });

  return {
    get engine() {
      return engine;
    },
    get bao() {
      return bao;
    },
    get world() {
      return world;
    },
    runContainer(name, canaries, more = [], script = APP, image = BUSYBOX) {
      const env = canaries.flatMap((one) => ["-e", `${one.name}=${one.value}`]);
      const init = ["run", "-d", "--name", name, "--network", "none", "--stop-timeout", "1"];
      engine.docker(...init, ...env, ...more, image, "sh", "-c", script);
    },
    idOf: (name) => engine.docker("inspect", "-f", "{{.Id}}", name),
    quiet: (watch, args, options = {}) => quiet(world, watch, args, options),
    expectQuietEngine(watch, id) {
      const known = join(engine.dir, "data/containers", id);
      expect(filesBelow(known).length).toBeGreaterThan(2);
      for (const dir of [known, ...bundlesOf(engine.dir, id)]) expect.soft(watch.findInFiles(dir), dir).toEqual([]);
    },
  };
}

function bundlesOf(engineDir: string, id: string): string[] {
  const found = filesBelow(join(engineDir, "exec")).filter((file) => file.includes(id) && file.endsWith("config.json"));
  return found.map((file) => join(file, ".."));
}
