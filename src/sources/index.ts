import type { Provider } from "../contract/provider.ts";
import type { Source } from "../contract/source.ts";
import type { Engine } from "../docker/engine.ts";
import type { SharedShelf, Shelf } from "../layers/index.ts";
import type { Registry } from "../registry/client.ts";

export type SourceTools = {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly engine: () => Promise<Engine>;
  readonly registry: (host: string) => Promise<Registry>;
  /** Told what a person should know of what was read, besides findings. */
  readonly note: (text: string) => void;
  readonly store: (name: string) => Promise<Provider>;
  /** Where others find what was read of layers; null when there are none. */
  readonly shared: SharedShelf | null;
};

/** Every source by its kind; `stores` are read as sources by their names. Each is loaded when it is first read. */
export function allSources(tools: SourceTools, stores: readonly string[]): readonly Source[] {
  const { cwd, env, engine } = tools;
  const stdin = (): AsyncIterable<Buffer> => process.stdin as AsyncIterable<Buffer>;
  // What one source has read of a layer, no other need read again.
  let kept: Promise<Shelf> | null = null;
  const shelf = (): Promise<Shelf> =>
    (kept ??= import("../layers/index.ts").then((layers) => new layers.Shelf(tools.note, tools.shared)));
  const own = [
    layered("docker", async () => (await import("./docker.ts")).dockerSource(engine, await shelf())),
    layered("image", async () => (await import("./image.ts")).imageSource(engine, await shelf())),
    layered("archive", async () => (await import("./archive.ts")).archiveSource(cwd, await shelf())),
    { ...lazy("inspect", async () => (await import("./inspect-file.ts")).inspectSource(stdin)), byCrew: true } as const,
    { ...lazy("dir", async () => (await import("./dir.ts")).dirSource(cwd)), byCrew: true } as const,
    lazy("compose", async () => (await import("./compose.ts")).composeSource(cwd, env)),
    lazy("env", async () => (await import("./env-file.ts")).envFileSource(cwd)),
    lazy("systemd", async () => (await import("./systemd.ts")).systemdSource(cwd)),
    lazy("script", async () => (await import("./script.ts")).scriptSource(cwd)),
    lazy("dockerfile", async () => (await import("./dockerfile.ts")).dockerfileSource(cwd)),
    lazy("swarm", async () => (await import("./swarm.ts")).swarmSource(engine)),
    lazy("kubernetes", async () => (await import("./kubernetes.ts")).kubernetesSource(cwd)),
    {
      ...layered("registry", async () =>
        (await import("./registry.ts")).registrySource(tools.registry, tools.note, await shelf()),
      ),
      resumable: true,
    } as const,
  ];
  const names = stores.filter((name) => !own.some(({ kind }) => kind === name));
  return [
    ...own,
    ...names.map((name) =>
      lazy(name, async () => (await import("./store.ts")).storeSource(name, () => tools.store(name))),
    ),
  ];
}

function lazy(kind: string, load: () => Promise<Source>): Source {
  return {
    kind,
    async *read(...request) {
      yield* (await load()).read(...request);
    },
  };
}

function layered(kind: string, load: () => Promise<Source>): Source {
  return { ...lazy(kind, load), layers: true };
}
