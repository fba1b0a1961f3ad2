import { realpathSync } from "node:fs";
import { posix } from "node:path";
import type { ComposeConfig, ProjectCall } from "./cli.ts";
import type { RunMount } from "../../../src/contract/delivery.ts";
import type { Engine } from "../../../src/engine/engine.ts";
import type { ContainerDoc } from "../../../src/engine/types.ts";
import { cmd } from "../../../src/kit/shell.ts";
import { UnsprawlError } from "../../../src/model/error.ts";
import type { JsonObject } from "../../../src/kit/json-object.ts";

/** A service to be recreated: its present containers, and the mounts that its delivery adds. */
export type Recreated = {
  readonly service: string;
  readonly docs: readonly ContainerDoc[];
  readonly mounts: readonly RunMount[];
};

/**
 * Throws `refused` if Compose would create more than the containers of these services: creating a network, a volume or
 * a folder on the host has effects as root before any containers are compared.
 */
export async function mayCreate(
  engine: Engine,
  config: ComposeConfig,
  call: ProjectCall,
  all: readonly Recreated[],
): Promise<void> {
  const docker = await engine.docker();
  const listed = (await engine.call("list networks", () => docker.listNetworks())) ?? [];
  const networks = new Set(listed.map(({ Name }) => Name));
  const volumes = new Set((await engine.volumes()).map(({ Name }) => Name));
  for (const { service, docs, mounts } of all) {
    const own = config.services[service] ?? {};
    for (const key of Object.keys(own["networks"] ?? {}))
      if (!networks.has(named(config, "networks", key, call)))
        throw missing(service, `the network ${named(config, "networks", key, call)}`, call);
    const known = new Set([...mounts.map(({ source }) => source), ...docs.flatMap(bindsOf)].map(real));
    for (const { type, source } of (own["volumes"] ?? []) as readonly JsonObject[]) {
      if (typeof source !== "string" || source === "") continue;
      const volume = type === "volume" ? named(config, "volumes", source, call) : null;
      const isDelivered = mounts.some((one) => one.volume !== undefined && one.source === volume);
      if (volume !== null && !volumes.has(volume) && !isDelivered) throw missing(service, `the volume ${volume}`, call);
      if (type === "bind" && !known.has(real(source)))
        throw new UnsprawlError(
          "refused",
          `the files give ${service} the folder ${source} of this host, which its container does not have`,
          again(call, service),
        );
    }
  }
}

function missing(service: string, what: string, call: ProjectCall): UnsprawlError {
  return new UnsprawlError(
    "refused",
    `${service} needs ${what}, which does not exist: docker compose up creates it first`,
    again(call, service),
  );
}

const again = ({ dir }: ProjectCall, service: string): string =>
  cmd`docker compose --project-directory ${dir} up -d ${service}, then plan again`;

/** The engine's name for a network or volume of the project. */
function named(config: ComposeConfig, kind: "networks" | "volumes", key: string, { name }: ProjectCall): string {
  const found = ((config[kind] ?? {}) as { readonly [key: string]: JsonObject | null })[key]?.["name"];
  return typeof found === "string" ? found : `${name}_${key}`;
}

function bindsOf({ Mounts, HostConfig }: ContainerDoc): string[] {
  return [
    ...(Mounts ?? []).flatMap(({ Type, Source }) => (Type === "bind" && Source !== undefined ? [Source] : [])),
    ...(HostConfig.Mounts ?? []).flatMap(({ Type, Source }) => (Type === "bind" && Source ? [Source] : [])),
    ...(HostConfig.Binds ?? []).map((one) => one.split(":")[0] ?? "").filter((one) => one.startsWith("/")),
  ];
}

function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return posix.normalize(path);
  }
}
