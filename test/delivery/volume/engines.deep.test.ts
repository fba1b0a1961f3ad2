import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { personsWorld, startEngineOf, type EngineOfKind } from "../../services/engines.ts";
import { APP, BUSYBOX, importImage, staticBusybox, tools } from "../../services/images.ts";
import { startOpenBao, type OpenBao } from "../../services/openbao.ts";
import { startPodman } from "../../services/podman.ts";
import { unmountBelow } from "../../services/running.ts";
import { random, Watch, type Canary } from "../../support/canary.ts";
import { makeWorld, type Ran, type World } from "../../support/world.ts";

// One story on each kind of engine that people have: its containers are served, by the engine alone where it takes plugins,
// and no file of it or of the client shows a value.

const ALL = ["remote", "root", "group", "userns-remap", "rootless", "podman", "podman rootless"] as const;
type Kind = (typeof ALL)[number];
const [FIRST, SECOND] = ["API_TOKEN", "DB_PASSWORD"] as const;

/** By kind of engine, the steps that went well. */
const matrix = new Map<Kind, readonly string[]>();
afterAll(() => {
  const steps = [...new Set([...matrix.values()].flat())];
  const width = Math.max(...ALL.map(({ length }) => length)) + 2;
  const cell = (kind: Kind, done: readonly string[], step: string): string =>
    (done.includes(step) ? "yes" : isPodman(kind) && step === "install" ? "–" : "NO").padEnd(step.length + 2);
  const rows = [...matrix].map(
    ([kind, done]) => `${kind.padEnd(width)}${steps.map((step) => cell(kind, done, step)).join("")}`,
  );
  const hole = "–: Podman takes no plugins: there the agent serves, by shim";
  process.stdout.write(`\n${"engine".padEnd(width)}${steps.join("  ")}\n${rows.join("\n")}\n${hole}\n`);
});

type Stage = { readonly engine: StoryEngine; readonly bao: OpenBao; readonly world: World };

it.each(ALL)("an engine of the kind %s", { timeout: 400_000 }, async (kind) => {
  matrix.set(kind, []);
  const engine = isPodman(kind) ? await startPodmanOf(kind) : pluginEngine(await startEngineOf(kind));
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
  const migrate = (...more: readonly string[]): Promise<Ran> =>
    unsprawl(["migrate", "docker:web", "--to", "vault", "--yes", "--grace", "1s", ...engine.deliver, ...more]);
  const served = (): object => valuesIn(engine, "web", [FIRST, SECOND]);
  return [
    [
      "scan",
      async () => {
        const how = ["--network", "none", "--restart", "always", "--stop-timeout", "1", "--user", "1000"];
        const variables = Object.entries(values).flatMap(([name, value]) => ["-e", `${name}=${value}`]);
        engine.docker("run", "-d", "--name", "web", ...how, ...variables, engine.image, ...APP);
        expect((await unsprawl(["scan"], 3)).stdout).toContain("2 secrets");
        // Where they are looked for at the end, they stand now.
        const found = engine.folders().flatMap((folder) => watch.findInFiles(folder));
        for (const name of Object.keys(values)) expect(found.some((one) => one.includes(name))).toBe(true);
      },
    ],
    ...(engine.takesPlugins
      ? [
          [
            "install",
            async () => {
              const { stderr } = await unsprawl(["plugin", "install", "--to", "vault", "--yes"]);
              expect(stderr).toBe("");
              expect((await unsprawl(["plugin", "status"])).stdout).toContain(
                "answers with the plugin's own credential",
              );
            },
          ] as const,
        ]
      : []),
    [
      "migrate",
      async () => {
        const { stdout, stderr } = await migrate("--only", FIRST);
        expect(stderr).toContain("1 of 1 received");
        expect(stdout).toContain(`by ${engine.by}`);
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
        if (engine.takesPlugins) engine.docker("restart", "web");
        else await unsprawl(["agent", "--once"]);
        await expect.poll(served).toEqual(changed);
      },
    ],
    [
      "reboot",
      async () => {
        await engine.reboot(world);
        await expect.poll(served).toEqual(changed);
      },
    ],
    [
      "rollback",
      async () => {
        await bao.api("PATCH", "secret/data/apps/web", { data: { [SECOND]: values[SECOND] } });
        if (!engine.takesPlugins) await unsprawl(["agent", "--once"]);
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
        const folders = engine.folders();
        // What is left without the engine is on a disk.
        await engine.kill();
        expect([...folders, world.dir].flatMap((folder) => watch.findInFiles(folder))).toEqual([]);
      },
    ],
  ];
}

/** What the story asks of an engine. */
type StoryEngine = Pick<EngineOfKind, "address" | "docker" | "kill" | "stop" | "world"> & {
  readonly takesPlugins: boolean;
  readonly by: "volume" | "shim";
  readonly deliver: readonly string[];
  readonly image: string;
  /** The host of who has this world boots; nothing but what a host starts by itself is started. */
  readonly reboot: (world: World) => Promise<void>;
  /** Where it keeps what it was told. */
  readonly folders: () => readonly string[];
};

const isPodman = (kind: Kind): kind is "podman" | "podman rootless" => kind.startsWith("podman");

const pluginEngine = (engine: EngineOfKind): StoryEngine => ({
  ...engine,
  takesPlugins: true,
  by: "volume",
  // As root on the engine's host other deliveries fit, too.
  deliver: engine.isPerson ? [] : ["--deliver", "volume"],
  image: BUSYBOX,
  async kill() {
    await engine.kill();
    unmountBelow(engine.dir);
  },
  folders() {
    const root = engine.docker("info", "--format", "{{.DockerRootDir}}");
    return ["containers", "volumes", "plugins", "image"].map((name) => join(root, name));
  },
});

async function startPodmanOf(kind: "podman" | "podman rootless"): Promise<StoryEngine> {
  const rootless = kind === "podman rootless";
  const [podman, image] = [await startPodman({ rootless }), "localhost/busybox:1"];
  const busybox = await staticBusybox();
  importImage(podman, image, (root) => tools(root, busybox, ["sh", "cat", "sleep", "ls"]), ["ENV PATH=/bin"]);
  return {
    ...podman,
    ...{ address: "127.0.0.1", takesPlugins: false, by: "shim", deliver: [], image },
    world: (env) => (rootless ? personsWorld(podman.host, env) : makeWorld(podman.host, env)),
    async reboot(world) {
      await podman.kill();
      rmSync(join(world.memory, "units"), { recursive: true });
      await podman.start();
      // As the agent's unit does, and Podman's own after it: podman-restart.service.
      expect(await world.unsprawl(["agent", "--once"])).toMatchObject({ code: 0 });
      podman.podman(["start", "--all", "--filter", "restart-policy=always"]);
    },
    folders: () =>
      ["storage/overlay-containers", "storage/volumes", "storage/libpod", "storage/db.sql"].flatMap((name) =>
        join(podman.dir, rootless ? "home" : "", name),
      ),
  };
}

/** Those of these variables that a container's first process has; none while it is just being started. */
function valuesIn(engine: StoryEngine, container: string, names: readonly string[]): { [name: string]: string } {
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
function inspected({ docker, takesPlugins }: StoryEngine): string {
  const volumes = docker("volume", "ls", "-q").split("\n").filter(Boolean);
  return [
    docker("inspect", ...docker("ps", "-aq").split("\n")),
    ...volumes.map((volume) => docker("volume", "inspect", volume)),
    ...(takesPlugins ? [docker("plugin", "inspect", "unsprawl")] : []),
  ].join("\n");
}
