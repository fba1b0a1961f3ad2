import type { DockerContainerTools } from "./docker-container/index.ts";
import type { Migration } from "../src/contract/migration.ts";

/** Run-configuration formats by name; each folder is loaded on first use. */
export const migrations: { readonly [name: string]: (tools: DockerContainerTools) => Promise<Migration> } = {
  "docker-container": async (tools) => (await import("./docker-container/index.ts")).dockerContainer(tools),
};
