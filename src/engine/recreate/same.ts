import { UnsprawlError } from "../../model/error.ts";
import { nameOf } from "../names.ts";
import type { ContainerDoc, HostConfig, Mount, NetworkEndpoint } from "../types.ts";
import { ownAliases, type CreateBody } from "./body.ts";
import { baseName, differences, itemsOf, type DocumentFields } from "./compare.ts";

/**
 * Throws `refused` unless the engine created what was requested. Called before the old container is stopped: an engine
 * silently drops settings that the API version in use does not support, and a missing volume would mean data loss.
 */
export function mustMatchRequest(old: ContainerDoc, fresh: ContainerDoc, request: CreateBody): void {
  const lost = unlikeRequest(old, fresh, request);
  if (lost.length === 0) return;
  throw new UnsprawlError(
    "refused",
    `the engine would not give the new ${nameOf(old)} all that the old one has: ${lost.slice(0, 5).join(", ")}`,
    process.env["DOCKER_API_VERSION"] ? "unset DOCKER_API_VERSION, then plan again" : "please report this",
  );
}

/** In what a container, which was never started, differs from a request to replace the old one. */
export function unlikeRequest(old: ContainerDoc, fresh: ContainerDoc, request: CreateBody): readonly string[] {
  const volumes = volumesOf((old.Mounts ?? []).filter(({ Type }) => Type === "volume"));
  const asked = { ...volumes, ...requestedVolumes(request, volumes), ...requestFields(request) };
  const made = { ...volumesOf(fresh.Mounts ?? []), ...madeFields(fresh, request) };
  // What was not asked for, the engine fills in.
  const unasked = Object.keys(made).filter((field) => !Object.hasOwn(asked, field));
  return differences(asked, made, Object.fromEntries(unasked.map((field) => [field, "may differ"])));
}

const volumesOf = (mounts: readonly Pick<Mount, "Destination" | "Name">[]): DocumentFields =>
  Object.fromEntries(mounts.map(({ Destination, Name = "" }) => [`the volume at ${Destination}`, [Name]]));

/** The volumes that the request puts in the place of these. */
function requestedVolumes({ body }: CreateBody, replaced: DocumentFields): DocumentFields {
  const { Mounts = [] } = (body.HostConfig ?? {}) as { readonly Mounts?: HostConfig["Mounts"] };
  const asked = (Mounts ?? []).filter(({ Type, Source }) => Type === "volume" && Source);
  const volumes = volumesOf(asked.map(({ Target = "", Source = "" }) => ({ Destination: Target, Name: Source })));
  return Object.fromEntries(Object.entries(volumes).filter(([field]) => Object.hasOwn(replaced, field)));
}

function requestFields({ body, connectLater }: CreateBody): DocumentFields {
  const { HostConfig, NetworkingConfig, Image: _image, ...config } = body;
  const { EndpointsConfig = {} } = (NetworkingConfig ?? {}) as {
    readonly EndpointsConfig?: { readonly [network: string]: NetworkEndpoint };
  };
  return {
    ...settingsOf(config, (name) => `Config.${name}`),
    ...settingsOf(HostConfig as object, (name) => `HostConfig.${name}`),
    ...endpointsOf([
      ...Object.entries(EndpointsConfig),
      ...connectLater.map(({ network, endpoint }) => [network, endpoint] as const),
    ]),
  };
}

function madeFields(fresh: ContainerDoc, { connectLater }: CreateBody): DocumentFields {
  const later = new Set(connectLater.map(({ network }) => network));
  const endpoints = Object.entries(fresh.NetworkSettings?.Networks ?? {}).map(([network, { MacAddress, ...made }]) => {
    // The address of a network that is connected later is shown, but not kept at the start.
    const kept = later.has(network) || MacAddress === undefined ? {} : { MacAddress };
    return [network, { ...made, ...kept, Aliases: ownAliases(fresh, made) }] as const;
  });
  return {
    ...settingsOf(fresh.Config, (name) => `Config.${name}`),
    ...settingsOf(fresh.HostConfig, (name) => `HostConfig.${name}`),
    ...endpointsOf(endpoints),
  };
}

const endpointsOf = (endpoints: readonly (readonly [network: string, NetworkEndpoint])[]): DocumentFields =>
  Object.assign(
    {},
    ...endpoints.map(([network, one]) => settingsOf(one, (name) => `${name} in the network ${network}`)),
  );

const settingsOf = (settings: object, fieldOf: (name: string) => string): DocumentFields =>
  Object.fromEntries(Object.entries(settings).map(([name, value]) => [fieldOf(name), settingItems(name, value)]));

/** Links lose the container's name that the engine adds. */
const settingItems = (name: string, value: unknown): readonly string[] =>
  itemsOf(
    name === "Links" && Array.isArray(value)
      ? value.map((link) => String(link).split(":").map(baseName).join(":")).sort()
      : value,
  );
