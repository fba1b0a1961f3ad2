import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { startEngineOf, type EngineKind, type EngineOfKind } from "../../services/engines.ts";
import { APP, BUSYBOX } from "../../services/images.ts";
import { startOpenBao, type OpenBao } from "../../services/openbao.ts";
import { unmountBelow } from "../../services/running.ts";
import { random, Watch, type Canary } from "../../support/canary.ts";
import { DEEP } from "../../support/deep.ts";
import type { Ran, World } from "../../support/world.ts";

// One story on each kind of engine that people have: the engine alone serves its containers, and no file of it or of the
// client shows a value.

const ALL: readonly EngineKind[] = ["remote", "root", "group", "userns-remap", "rootless"];
const [FIRST, SECOND] = ["API_TOKEN", "DB_PASSWORD"] as const;

/** By kind of engine, the steps that went well. */
const matrix = new Map<EngineKind, readonly string[]>();
afterAll(() => {
  const steps = [...new Set([...matrix.values()].flat())];
  const cell = (done: readonly string[], step: string): string =>
    (done.includes(step) ? "yes" : "NO").padEnd(step.length + 2);
  const rows = [...matrix].map(([kind, done]) => `${kind.padEnd(14)}${steps.map((step) => cell(done, step)).join("")}`);
  process.stdout.write(`\n${"engine".padEnd(14)}${steps.join("  ")}\n${rows.join("\n")}\n`);
});

type Stage = { readonly engine: EngineOfKind; readonly bao: OpenBao; readonly world: World };

it.each(DEEP ? ALL : ALL.slice(0, 1))("an engine of the kind %s", { timeout: 400_000 }, async (kind) => {
  matrix.set(kind, []);
  const engine = await startEngineOf(kind);
  const bao = await startOpenBao({ at: engine.address });
  const world = engine.world({ VAULT_ADDR: bao.address, VAULT_TOKEN: bao.token });
  try {
    for (const [name, act] of story({ engine, bao, world })) {
      await act();
      matrix.set(kind, [...(matrix.get(kind) ?? []), name]);
    }
  } finally {
    await engine.stop();
    await bao.stop();
    world.remove();
  }
});

/** Each step begins where the one before it ended. */
function story({ engine, bao, world }: Stage): readonly (readonly [name: string, act: () => Promise<void>])[] {
  const values = { [FIRST]: random(24), [SECOND]: random(26) };
  const changed = { ...values, [SECOND]: random(28) };
  const canaries = { ...values, "changed value": changed[SECOND], "the client's token": bao.token };
  world.plant({ ...values, changed: changed[SECOND] });
  const watch = new Watch(Object.entries(canaries).map(([name, value]): Canary => ({ name, value, parts: [value] })));
  const unsprawl = async (words: readonly string[], code = 0): Promise<Ran> => {
    const ran = await world.unsprawl(words);
    expect(ran.code, ran.stderr + ran.stdout).toBe(code);
    return ran;
  };
  // As root on the engine's host other deliveries fit, too.
  const deliver = engine.isPerson ? [] : ["--deliver", "volume"];
  const migrate = (...more: readonly string[]): Promise<Ran> =>
    unsprawl(["migrate", "docker:web", "--to", "vault", "--yes", "--grace", "1s", ...deliver, ...more]);
  const served = (): object => valuesIn(engine, "web", [FIRST, SECOND]);
  return [
    [
      "scan",
      async () => {
        const how = ["--network", "none", "--restart", "always", "--stop-timeout", "1", "--user", "1000"];
        const variables = Object.entries(values).flatMap(([name, value]) => ["-e", `${name}=${value}`]);
        engine.docker("run", "-d", "--name", "web", ...how, ...variables, BUSYBOX, ...APP);
        expect((await unsprawl(["scan"], 3)).stdout).toContain("2 secrets");
      },
    ],
    [
      "install",
      async () => {
        const { stderr } = await unsprawl(["plugin", "install", "--to", "vault", "--yes"]);
        expect(stderr).toBe("");
        expect((await unsprawl(["plugin", "status"])).stdout).toContain("answers with the plugin's own credential");
      },
    ],
    [
      "migrate",
      async () => {
        const { stdout, stderr } = await migrate("--only", FIRST);
        expect(stderr).toContain("1 of 1 received");
        expect(stdout).toContain("by volume");
        expect(served()).toEqual(values);
      },
    ],
    [
      "second secret",
      async () => {
        expect((await migrate()).stderr).toContain("1 of 1 received");
        expect(served()).toEqual(values);
      },
    ],
    [
      "changed value",
      async () => {
        await bao.api("PATCH", "secret/data/apps/web", { data: { [SECOND]: changed[SECOND] } });
        engine.docker("restart", "web");
        await expect.poll(served).toEqual(changed);
      },
    ],
    [
      "reboot",
      async () => {
        await engine.reboot();
        await expect.poll(served).toEqual(changed);
      },
    ],
    [
      "rollback",
      async () => {
        await bao.api("PATCH", "secret/data/apps/web", { data: { [SECOND]: values[SECOND] } });
        for (const which of [["last"], []]) {
          await unsprawl(["rollback", ...which]);
          await expect.poll(served).toEqual(values);
        }
        const shown = JSON.parse(engine.docker("inspect", "-f", "{{json .Config.Env}}", "web")) as readonly string[];
        expect(shown).toEqual(expect.arrayContaining(Object.entries(values).map((pair) => pair.join("="))));
        expect(engine.docker("volume", "ls", "-q")).toBe("");
      },
    ],
    [
      "scrub",
      async () => {
        await migrate();
        await unsprawl(["scrub", "last"]);
        await expect.poll(served).toEqual(values);
        expect(engine.docker("ps", "-aq").split("\n")).toHaveLength(1);
      },
    ],
    [
      "no trace",
      async () => {
        expect(watch.find(inspected(engine))).toEqual([]);
        const root = engine.docker("info", "--format", "{{.DockerRootDir}}");
        // What is left without the engine is on a disk.
        await engine.kill();
        unmountBelow(engine.dir);
        const folders = ["containers", "volumes", "plugins", "image"].map((name) => join(root, name));
        expect([...folders, world.dir].flatMap((folder) => watch.findInFiles(folder))).toEqual([]);
      },
    ],
  ];
}

/** Those of these variables that a container's first process has; none while it is just being started. */
function valuesIn(engine: EngineOfKind, container: string, names: readonly string[]): { [name: string]: string } {
  try {
    const entries = engine.docker("exec", container, "cat", "/proc/1/environ").split("\0");
    const found = entries.map((entry): [string, string] => [
      entry.slice(0, entry.indexOf("=")),
      entry.slice(entry.indexOf("=") + 1),
    ]);
    return Object.fromEntries(found.filter(([name]) => names.includes(name)));
  } catch {
    return {};
  }
}

/** All that the engine shows of containers, volumes and the plugin. */
function inspected({ docker }: EngineOfKind): string {
  const volumes = docker("volume", "ls", "-q").split("\n");
  return [
    docker("inspect", ...docker("ps", "-aq").split("\n")),
    docker("volume", "inspect", ...volumes),
    docker("plugin", "inspect", "unsprawl"),
  ].join("\n");
}
