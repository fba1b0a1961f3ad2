/*
 * The run-configuration formats: one folder each, one entry in `FORMATS` each. An about.ts is loaded at start; a migration
 * or a source when it is first used. To add a format, write its folder (index.ts what moves, read.ts what is found,
 * about.ts what it says of itself) and its entry here; nothing else names it.
 */
import type { DockerConsumerTools } from "./docker-container/consumers.ts";
import type { DockerContainerTools } from "./docker-container/index.ts";
import type { ScriptConsumerTools } from "./docker-run/consumers.ts";
import type { DockerRunTools } from "./docker-run/index.ts";
import type { ImageTools } from "./image/index.ts";
import type { RegistryMigrationTools } from "./registry/index.ts";
import type { StoreMigrationTools } from "./store/index.ts";
import type { SwarmTools } from "./swarm/index.ts";
import type { UnitConsumerTools } from "./systemd/consumers.ts";
import type { SystemdTools } from "./systemd/index.ts";
import { FORMAT_STAGES, type FormatAbout } from "../src/contract/about.ts";
import type { DeclaredReader } from "../src/contract/declared.ts";
import type { Migration } from "../src/contract/migration.ts";
import type { ConsumerReader } from "../src/contract/supplies.ts";
import type { LazySource } from "../src/sources/index.ts";
import { about as compose } from "./compose/about.ts";
import { about as dockerContainer } from "./docker-container/about.ts";
import { about as dockerRun } from "./docker-run/about.ts";
import { about as dockerfile } from "./dockerfile/about.ts";
import { about as envFile } from "./env-file/about.ts";
import { about as image } from "./image/about.ts";
import { about as kubernetes } from "./kubernetes/about.ts";
import { about as platformFile } from "./platform-file/about.ts";
import { about as quadlet } from "./quadlet/about.ts";
import { about as registry } from "./registry/about.ts";
import { about as store } from "./store/about.ts";
import { about as swarm } from "./swarm/about.ts";
import { about as systemd } from "./systemd/about.ts";
import type { KubernetesTools } from "./kubernetes/plan.ts";
import type { ComposeTools } from "./compose/tools.ts";

/** What is handed to a migration; each takes what it needs. */
export type MigrationTools = ComposeTools &
  DockerContainerTools &
  DockerRunTools &
  ImageTools &
  KubernetesTools &
  RegistryMigrationTools &
  StoreMigrationTools &
  SwarmTools &
  SystemdTools;

type FormatEntry = {
  readonly about: FormatAbout;
  readonly migration: (tools: MigrationTools) => Promise<Migration>;
  /** Present where `about` has a source. */
  readonly source?: LazySource["load"];
  /** For sources that come by files of any kind: reads the variables that a file of the format declares. */
  readonly declares?: () => Promise<DeclaredReader>;
  /** Reads back what a migration left in the run configuration; present where that needs files on this host. */
  readonly consumers?: (tools: ConsumerTools) => Promise<ConsumerReader>;
  /** The git work tree in which a store's files may be committed along with what a source names; null for none. */
  readonly team?: TeamFolder;
};

type TeamFolder = (what: string, cwd: string, env: NodeJS.ProcessEnv) => Promise<string | null>;

/** What is handed to a reader of consumers; each takes what it needs. */
export type ConsumerTools = DockerConsumerTools &
  ScriptConsumerTools &
  UnitConsumerTools & { readonly env: NodeJS.ProcessEnv };

/** In the order in which help lists them; within a stage it is also the order in which a finding is offered to them. */
const FORMATS: readonly FormatEntry[] = [
  {
    about: dockerContainer,
    migration: async (tools) => (await import("./docker-container/index.ts")).dockerContainer(tools),
    source: async ({ engine, shelf }) =>
      (await import("./docker-container/read.ts")).dockerSource(engine, await shelf()),
    consumers: async (tools) => (await import("./docker-container/consumers.ts")).dockerConsumers(tools),
  },
  {
    about: image,
    migration: async (tools) => (await import("./image/index.ts")).imageMigration(tools),
    source: async ({ engine, shelf }) => (await import("./image/read.ts")).imageSource(engine, await shelf()),
  },
  {
    about: registry,
    migration: async (tools) => (await import("./registry/index.ts")).registryMigration(tools),
    source: async ({ registry, note, shelf }) =>
      (await import("./registry/read/index.ts")).registrySource(registry, note, await shelf()),
  },
  {
    about: compose,
    migration: async (tools) => (await import("./compose/index.ts")).composeMigration(tools),
    source: async ({ cwd, env }) => (await import("./compose/read.ts")).composeSource(cwd, env),
    consumers: async (tools) => (await import("./compose/consumers.ts")).composeConsumers(tools),
    team: async (...of) => (await import("./compose/team.ts")).teamFolder(...of),
  },
  {
    about: swarm,
    migration: async (tools) => (await import("./swarm/index.ts")).swarmServices(tools),
    source: async ({ engine }) => (await import("./swarm/read.ts")).swarmSource(engine),
  },
  {
    about: envFile,
    migration: async (tools) => (await import("./env-file/index.ts")).envFileMigration(tools),
    source: async ({ cwd }) => (await import("./env-file/read.ts")).envFileSource(cwd),
  },
  {
    about: systemd,
    migration: async (tools) => (await import("./systemd/index.ts")).systemdMigration(tools),
    source: async ({ cwd, env }) => (await import("./systemd/read.ts")).systemdSource(cwd, env),
    consumers: async (tools) => (await import("./systemd/consumers.ts")).unitConsumers(tools),
  },
  {
    about: quadlet,
    migration: async (tools) => (await import("./quadlet/index.ts")).quadletMigration(tools),
  },
  {
    about: dockerRun,
    migration: async (tools) => (await import("./docker-run/index.ts")).dockerRunMigration(tools),
    source: async ({ cwd }) => (await import("./docker-run/read.ts")).scriptSource(cwd),
    consumers: async (tools) => (await import("./docker-run/consumers.ts")).scriptConsumers(tools),
  },
  {
    about: dockerfile,
    migration: async (tools) => (await import("./dockerfile/index.ts")).dockerfileMigration(tools),
    source: async ({ cwd }) => (await import("./dockerfile/read.ts")).dockerfileSource(cwd),
  },
  {
    about: kubernetes,
    migration: async (tools) => (await import("./kubernetes/index.ts")).kubernetesMigration(tools),
    source: async ({ cwd }) => (await import("./kubernetes/read.ts")).kubernetesSource(cwd),
  },
  {
    about: platformFile,
    migration: async (tools) => (await import("./platform-file/index.ts")).platformFileMigration(tools),
    declares: async () => (await import("./platform-file/read.ts")).platformReader,
  },
  {
    about: store,
    migration: async (tools) => (await import("./store/index.ts")).storeMigration(tools),
  },
];

/** What each format says of itself. */
export const formats: readonly FormatAbout[] = FORMATS.map(({ about }) => about);

/** The formats' migrations by name. */
export const migrations: { readonly [name: string]: (tools: MigrationTools) => Promise<Migration> } =
  Object.fromEntries(FORMATS.map(({ about, migration }) => [about.name, migration]));

/** The formats' sources. */
export const sources: readonly LazySource[] = FORMATS.flatMap(({ about, source }) =>
  about.source === null || source === undefined ? [] : [{ ...about.source, load: source }],
);

/** The readers of what files declare, loaded at the first folder that is scanned. */
export const declaredReaders = async (): Promise<readonly DeclaredReader[]> =>
  Promise.all(FORMATS.flatMap(({ declares }) => (declares === undefined ? [] : [declares()])));

/** The readers of consumers by the kind of their source. */
export const consumerReaders: { readonly [kind: string]: (tools: ConsumerTools) => Promise<ConsumerReader> } =
  Object.fromEntries(
    FORMATS.flatMap(({ about: { source }, consumers }) =>
      source === null || consumers === undefined ? [] : [[source.kind, consumers]],
    ),
  );

/** What knows the work tree of a source, by its kind. */
export const teamFolders: { readonly [kind: string]: TeamFolder } = Object.fromEntries(
  FORMATS.flatMap(({ about: { source }, team }) =>
    source === null || team === undefined ? [] : [[source.kind, team]],
  ),
);

/** The names of the migrations that a finding is offered to, in this order. */
export const runConfigurations: readonly string[] = FORMAT_STAGES.filter((stage) => stage !== "stores").flatMap(
  inStage,
);

/** The names of those that move what is in a store already. */
export const betweenStores: readonly string[] = inStage("stores");

function inStage(stage: FormatAbout["stage"]): readonly string[] {
  return formats.filter((one) => one.stage === stage).map(({ name }) => name);
}

/** A store that is read as a source by its name. */
export const storeSource = (name: string): Pick<LazySource, "load"> => ({
  load: async ({ store }) => (await import("./store/read.ts")).storeSource(name, () => store(name)),
});
