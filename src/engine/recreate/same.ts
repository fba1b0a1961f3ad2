import { UnsprawlError } from "../../model/error.ts";
import { nameOf } from "../names.ts";
import type { ContainerDoc, HostConfig, Mount, NetworkEndpoint } from "../types.ts";
import { isByPodman, ownAliases, ownEnv, type CreateBody } from "./body.ts";
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
  const asked: { [field: string]: readonly string[] } = {
    ...volumes,
    ...requestedVolumes(request, volumes),
    ...requestFields(request),
  };
  const made: { [field: string]: readonly string[] } = {
    ...volumesOf(fresh.Mounts ?? []),
    ...madeFields(fresh, request),
  };
  const isByEffect = tellsMountsAsBinds(fresh, request);
  if (isByEffect) {
    for (const fields of [asked, made]) {
      for (const name of MOUNTS) delete fields[name];
      // In any order.
      fields["Config.Env"] = (fields["Config.Env"] ?? []).toSorted();
    }
    Object.assign(asked, requestedMounts(request));
    Object.assign(made, mountsAt(fresh.Mounts ?? []));
  }
  // Podman without root shows these from the container's first start on.
  if (isByPodman(fresh) && made[ULIMITS]?.length === 0) delete asked[ULIMITS];
  // What was not asked for, the engine fills in.
  const unasked = Object.keys(made).filter((field) => !Object.hasOwn(asked, field));
  return differences(asked, made, Object.fromEntries(unasked.map((field) => [field, "may differ"])));
}

const ULIMITS = "HostConfig.Ulimits";
const MOUNTS = ["HostConfig.Binds", "HostConfig.Mounts"];

/** Podman answers with binds for what was asked as mounts, in its words: then the effect is compared. */
function tellsMountsAsBinds({ HostConfig }: ContainerDoc, { body }: CreateBody): boolean {
  const asked = (body["HostConfig"] as HostConfig | undefined)?.Mounts ?? [];
  return asked.length > 0 && (HostConfig.Mounts ?? []).length === 0;
}

/** What a request mounts where, by its effect. */
function requestedMounts({ body }: CreateBody): DocumentFields {
  const { Mounts, Binds } = (body["HostConfig"] ?? {}) as HostConfig;
  const mounts = (Mounts ?? []).map(({ Type = "volume", Source = "", Target = "", ReadOnly }) =>
    effectAt(Target, Type, Source, ReadOnly !== true),
  );
  const binds = (Binds ?? []).map((bind) => {
    const [source = "", target = "", options = ""] = bind.split(":");
    return effectAt(target, source.startsWith("/") ? "bind" : "volume", source, !options.split(",").includes("ro"));
  });
  return Object.fromEntries([...mounts, ...binds]);
}

const mountsAt = (mounts: readonly Mount[]): DocumentFields =>
  Object.fromEntries(
    mounts.map(({ Type, Name, Source = "", Destination, RW }) =>
      effectAt(Destination, Type, Type === "volume" ? (Name ?? "") : Source, RW !== false),
    ),
  );

const effectAt = (
  target: string,
  type: string,
  source: string,
  isWritable: boolean,
): readonly [string, readonly string[]] => [`the mount at ${target}`, [`${type} ${source} ${isWritable}`]];

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
    ...settingsOf({ ...fresh.Config, Env: ownEnv(fresh) }, (name) => `Config.${name}`),
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
