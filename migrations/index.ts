import type { ComposeTools } from "./compose/index.ts";
import type { DockerContainerTools } from "./docker-container/index.ts";
import type { DockerRunTools } from "./docker-run/index.ts";
import type { ImageTools } from "./image/index.ts";
import type { KubernetesTools } from "./kubernetes/index.ts";
import type { RegistryMigrationTools } from "./registry/index.ts";
import type { StoreMigrationTools } from "./store/index.ts";
import type { SwarmTools } from "./swarm/index.ts";
import type { SystemdTools } from "./systemd/index.ts";
import type { Migration } from "../src/contract/migration.ts";
import type { LazySource } from "../src/sources/index.ts";

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

/** Run-configuration formats by name; each folder is loaded on first use. */
export const migrations: { readonly [name: string]: (tools: MigrationTools) => Promise<Migration> } = {
  "env-file": async (tools) => (await import("./env-file/index.ts")).envFileMigration(tools),
  systemd: async (tools) => (await import("./systemd/index.ts")).systemdMigration(tools),
  quadlet: async (tools) => (await import("./quadlet/index.ts")).quadletMigration(tools),
  "docker-run": async (tools) => (await import("./docker-run/index.ts")).dockerRunMigration(tools),
  dockerfile: async (tools) => (await import("./dockerfile/index.ts")).dockerfileMigration(tools),
  compose: async (tools) => (await import("./compose/index.ts")).composeMigration(tools),
  "docker-container": async (tools) => (await import("./docker-container/index.ts")).dockerContainer(tools),
  image: async (tools) => (await import("./image/index.ts")).imageMigration(tools),
  kubernetes: async (tools) => (await import("./kubernetes/index.ts")).kubernetesMigration(tools),
  registry: async (tools) => (await import("./registry/index.ts")).registryMigration(tools),
  store: async (tools) => (await import("./store/index.ts")).storeMigration(tools),
  swarm: async (tools) => (await import("./swarm/index.ts")).swarmServices(tools),
};

/** The sources of the formats, by the kind that people type before the colon; each is loaded when it is first read. */
export const sources: readonly LazySource[] = [
  {
    kind: "docker",
    layers: true,
    load: async ({ engine, shelf }) => (await import("./docker-container/read.ts")).dockerSource(engine, await shelf()),
  },
  {
    kind: "image",
    layers: true,
    load: async ({ engine, shelf }) => (await import("./image/read.ts")).imageSource(engine, await shelf()),
  },
  { kind: "compose", load: async ({ cwd, env }) => (await import("./compose/read.ts")).composeSource(cwd, env) },
  { kind: "env", load: async ({ cwd }) => (await import("./env-file/read.ts")).envFileSource(cwd) },
  { kind: "systemd", load: async ({ cwd }) => (await import("./systemd/read.ts")).systemdSource(cwd) },
  { kind: "script", load: async ({ cwd }) => (await import("./docker-run/read.ts")).scriptSource(cwd) },
  { kind: "dockerfile", load: async ({ cwd }) => (await import("./dockerfile/read.ts")).dockerfileSource(cwd) },
  { kind: "swarm", load: async ({ engine }) => (await import("./swarm/read.ts")).swarmSource(engine) },
  { kind: "kubernetes", load: async ({ cwd }) => (await import("./kubernetes/read.ts")).kubernetesSource(cwd) },
  {
    kind: "registry",
    layers: true,
    resumable: true,
    load: async ({ registry, note, shelf }) =>
      (await import("./registry/read/index.ts")).registrySource(registry, note, await shelf()),
  },
];

/** A store that is read as a source by its name. */
export const storeSource = (name: string): Omit<LazySource, "kind"> => ({
  load: async ({ store }) => (await import("./store/read.ts")).storeSource(name, () => store(name)),
});
