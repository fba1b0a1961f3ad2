/*
 * Read-only places without a migration (folders, saved inspect documents, image archives), what several sources share,
 * and the list of all sources. The source of a run-config format is in the format's folder; its line is in
 * migrations/index.ts.
 */
import type { DeclaredReader } from "../contract/declared.ts";
import type { SourceAbout } from "../contract/about.ts";
import type { Provider } from "../contract/provider.ts";
import type { SourceReading, SourceReadOptions } from "../contract/source.ts";
import type { FastSource } from "../fast/index.ts";
import type { Engine } from "../engine/engine.ts";
import type { SharedShelf, LayerCache } from "../images/layers/index.ts";
import type { Registry } from "../images/registry/client.ts";
import { OWN_SOURCES } from "./about.ts";

export type SourceTools = {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly engine: () => Promise<Engine>;
  readonly registry: (host: string) => Promise<Registry>;
  /** Called with notes for people about what was read, besides findings. */
  readonly note: (text: string) => void;
  readonly store: (name: string) => Promise<Provider>;
  /** Reads the variables that the files of some formats declare. */
  readonly declared: () => Promise<readonly DeclaredReader[]>;
  /** Reads a format's files in a separate thread; null where this is that thread. */
  readonly apart: ReadApart | null;
  /** Where others find what was read from layers; null if there is no such cache. */
  readonly shared: SharedShelf | null;
};

/** See `subjectsApart`: what is read, by the source's kind. */
export type ReadApart = (
  source: string,
  what: string,
  signal: AbortSignal,
  options: SourceReadOptions | undefined,
) => AsyncIterable<SourceReading>;

/**
 * What a source is opened with. `shelf` is shared by all: a layer that one source has read need not be read by another.
 */
export type OpenTools = Omit<SourceTools, "apart"> & { readonly shelf: () => Promise<LayerCache> };

/** A source in the list; `load` is called when it is first read. */
export type LazySource = Omit<FastSource, "read"> & {
  readonly reads?: SourceAbout["reads"];
  readonly load: (tools: OpenTools) => Promise<FastSource>;
};

const OWN: readonly LazySource[] = [
  {
    ...OWN_SOURCES.archive,
    load: async ({ cwd, shelf }) => (await import("./archive.ts")).archiveSource(cwd, await shelf()),
  },
  {
    ...OWN_SOURCES.inspect,
    threaded: true,
    load: async () => (await import("./inspect-file.ts")).inspectSource(() => process.stdin as AsyncIterable<Buffer>),
  },
  {
    ...OWN_SOURCES.dir,
    threaded: true,
    load: async ({ cwd, declared }) => (await import("./dir.ts")).dirSource(cwd, await declared()),
  },
];

/**
 * Every source by its kind: those of formats, those in this folder, and each store by its name. Each is loaded when it
 * is first read. A store with the name of a source's kind is not listed.
 */
export function allSources(
  tools: SourceTools,
  ofFormats: readonly LazySource[],
  stores: { readonly names: readonly string[]; readonly read: (name: string) => Omit<LazySource, "kind"> },
): readonly FastSource[] {
  let kept: Promise<LayerCache> | null = null;
  const shelf = (): Promise<LayerCache> =>
    (kept ??= import("../images/layers/index.ts").then((layers) => new layers.LayerCache(tools.note, tools.shared)));
  const opened = { ...tools, shelf };
  const own = [...ofFormats.map((one) => apart(one, tools.apart)), ...OWN];
  const names = stores.names.filter((name) => !own.some(({ kind }) => kind === name));
  return [...own, ...names.map((name) => ({ ...stores.read(name), kind: name }))].map((one) => lazy(one, opened));
}

/** What reads nothing but files reads what others wrote. */
function apart(source: LazySource, read: ReadApart | null): LazySource {
  if (read === null || source.reads !== "files") return source;
  const { kind } = source;
  const load = async (): Promise<FastSource> => ({
    kind,
    read: (what, signal, options) => read(kind, what, signal, options),
  });
  return { ...source, load };
}

function lazy({ load, ...source }: LazySource, tools: OpenTools): FastSource {
  return {
    ...source,
    async *read(...request) {
      yield* (await load(tools)).read(...request);
    },
  };
}
