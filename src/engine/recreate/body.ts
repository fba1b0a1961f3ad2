import { hostname } from "node:os";
import { posix } from "node:path";
import type { RunChange, RunMount } from "../../contract/delivery.ts";
import type { ContainerDoc, NetworkEndpoint, HostConfig, Mount, ImageDoc } from "../types.ts";

/** The body of `POST /containers/create`, and the networks to connect one by one afterwards. */
export type CreateBody = {
  readonly body: { readonly [key: string]: unknown };
  readonly connectLater: readonly { readonly network: string; readonly endpoint: NetworkEndpoint }[];
};

/** A container that is recreated as it is. */
export const NO_CHANGE: RunChange = {
  unset: [],
  set: [],
  mounts: [],
  entrypointPrefix: null,
  healthcheckPrefix: null,
  runtime: null,
};

/** The API version from which a container can be created with several networks (moby API changelog, v1.44). */
const MANY_NETWORKS = [1, 44] as const;
const RANDOM_MACS = [1, 48] as const;

/**
 * The request that makes the engine create an equal container from the container's own image, except for `change`.
 * Config and HostConfig are passed as raw JSON in their original order, including values inherited from the image: the
 * engine merges the image's values only where nothing is set (moby `daemon/commit.go`, merge), so the result from the
 * same image is the same.
 */
export function createBody(
  old: ContainerDoc,
  image: ImageDoc,
  imageRef: string,
  change: RunChange,
  apiVersion: string,
): CreateBody {
  const config = ownConfig(old, image, change);
  const endpoints = ownEndpoints(old, apiVersion);
  const many = atLeast(apiVersion, MANY_NETWORKS);
  const [first, ...rest] = Object.entries(endpoints);
  const atCreate = many ? endpoints : first ? { [first[0]]: first[1] } : {};
  return {
    body: {
      ...config,
      Image: imageRef,
      HostConfig: ownHostConfig(old, change),
      ...(Object.keys(atCreate).length > 0 ? { NetworkingConfig: { EndpointsConfig: atCreate } } : {}),
    },
    connectLater: many ? [] : rest.map(([network, endpoint]) => ({ network, endpoint })),
  };
}

function ownConfig(old: ContainerDoc, image: ImageDoc, change: RunChange): { [key: string]: unknown } {
  const config: { [key: string]: unknown } = { ...old.Config };
  config["Env"] = changedEnv(ownEnv(old), change);

  if (change.labels && change.labels.length > 0)
    config["Labels"] = {
      ...old.Config.Labels,
      ...Object.fromEntries(change.labels.map(({ name, value }) => [name, value])),
    };
  if (change.entrypointPrefix) {
    // The prefix execs the original entrypoint with its arguments; the engine still appends Cmd.
    config["Entrypoint"] = [...change.entrypointPrefix, ...(old.Config.Entrypoint ?? [])];
  } else if (!old.Config.Entrypoint && (image.Config?.Entrypoint ?? []).length > 0) {
    config["Entrypoint"] = [""]; // how `--entrypoint ""` clears the image's (docker/cli opts)
  }
  if (change.healthcheckPrefix && old.Config.Healthcheck?.Test) {
    const shell = old.Config.Shell?.length ? old.Config.Shell : ["/bin/sh", "-c"];
    config["Healthcheck"] = {
      ...old.Config.Healthcheck,
      Test: prefixedTest(old.Config.Healthcheck.Test, change.healthcheckPrefix, shell),
    };
  }
  return withoutGenerated(config, old);
}

/** Without what the engine has filled in, or does not accept together with the network of another container. */
function withoutGenerated(config: { [key: string]: unknown }, old: ContainerDoc): { [key: string]: unknown } {
  const mode = old.HostConfig.NetworkMode ?? "";
  const generated =
    old.Config.Hostname === old.Id.slice(0, 12) || (mode === "host" && old.Config.Hostname === hostname());
  if (generated || mode.startsWith("container:")) delete config["Hostname"];
  if (mode.startsWith("container:")) {
    delete config["ExposedPorts"];
    delete config["Domainname"];
  }
  delete config["MacAddress"]; // gone from Config since API 1.44; it goes into the endpoint below
  return config;
}

/**
 * Prepends `prefix` to a health check's test. `CMD-SHELL text` runs in the container's shell, so it becomes a CMD with
 * that shell.
 */
export function prefixedTest(test: readonly string[], prefix: readonly string[], shell: readonly string[]): string[] {
  const [kind, ...words] = test;
  if (kind === "CMD-SHELL") return ["CMD", ...prefix, ...shell, ...words];
  if (kind === "CMD") return ["CMD", ...prefix, ...words];
  return [...test];
}

/** A container's variables without those that Podman makes for it. */
export function ownEnv(doc: Pick<ContainerDoc, "Id" | "Config" | "HostConfig">): readonly string[] {
  const { Id, Config } = doc;
  const all = Config.Env ?? [];
  if (!isByPodman(doc)) return all;
  const made = new Set([BY_PODMAN, `HOSTNAME=${Id.slice(0, 12)}`, "HOME="]);
  return all.filter((entry) => !made.has(entry));
}

const BY_PODMAN = "container=podman";

/**
 * Whether Podman made a container: each has this variable then, as anybody's may have, and the runtime that it names for all
 * (podman `libpod/container_inspect.go`).
 */
export const isByPodman = ({ Config, HostConfig }: Pick<ContainerDoc, "Config" | "HostConfig">): boolean =>
  HostConfig.Runtime === "oci" && (Config.Env ?? []).includes(BY_PODMAN);

/** The variables with the change, each in its place. */
export function changedEnv(own: readonly string[], change: RunChange): string[] {
  const unset = new Set(change.unset);
  const set = new Map(change.set.map(({ name, value }) => [name, value]));
  const kept: string[] = [];
  for (const entry of own) {
    const name = entry.split("=", 1)[0] ?? "";
    const value = set.get(name);
    // A name that occurs twice is set once, so that its second value does not remain.
    if (value !== undefined && !unset.has(name)) {
      kept.push(`${name}=${value}`);
      unset.add(name);
    } else if (!unset.has(name)) kept.push(entry);
  }
  const present = new Set(kept);
  const added = [...set].map(([name, value]) => `${name}=${value}`).filter((entry) => !present.has(entry));
  return [...kept, ...added];
}

function ownHostConfig(old: ContainerDoc, change: RunChange): { [key: string]: unknown } {
  const host: HostConfig = old.HostConfig;
  const volumes = (old.Mounts ?? []).filter((mount) => mount.Type === "volume" && mount.Name);
  const volumeAt = (path: string): Mount | undefined => volumes.find((one) => one.Destination === clean(path));
  const unmounted = new Set(change.unmount);
  const own = (host.Mounts ?? []).filter((mount) => !unmounted.has(clean(mount.Target ?? "")));
  const named = own.map((mount) => {
    const actual = volumeAt(mount.Target ?? "");
    return mount.Type === "volume" && !mount.Source && actual ? { ...mount, Source: actual.Name } : mount;
  });
  // A bind without a source (`/data`) is an anonymous volume, and so are the paths in Config.Volumes. The engine would
  // create new, empty volumes: name the existing one that holds the data.
  const bound = (host.Binds ?? []).filter((bind) => !unmounted.has(clean(bind.split(":")[1] ?? "")));
  const binds = bound.map((bind) => {
    const actual = bind.includes(":") ? undefined : volumeAt(bind);
    return actual ? `${actual.Name ?? ""}:${bind}` : bind;
  });
  const declared = new Set(Object.keys(old.Config.Volumes ?? {}).map(clean));
  const covered = new Set([
    ...binds.map((bind) => clean(bind.split(":")[1] ?? "")),
    ...named.map((mount) => clean(mount.Target ?? "")),
  ]);
  const anonymous = volumes.filter((mount) => declared.has(mount.Destination) && !covered.has(mount.Destination));
  // Sorted, since the engine lists them in any order.
  const held = anonymous
    .map((mount) => `${mount.Name ?? ""}:${mount.Destination}${mount.RW === false ? ":ro" : ""}`)
    .sort();
  const all = [...binds, ...held];
  const added = change.mounts.map(addedMount);
  return {
    ...host,
    ...(all.length + unmounted.size > 0 ? { Binds: all } : {}),
    ...(named.length + added.length + unmounted.size > 0 ? { Mounts: [...named, ...added] } : {}),
    ...(host.Links ? { Links: host.Links.map(linkText) } : {}),
    ...(change.runtime === null ? {} : { Runtime: change.runtime }),
  };
}

function addedMount({ source, target, volume }: RunMount): { [key: string]: unknown } {
  if (volume === undefined) return { Type: "bind", Source: source, Target: target, ReadOnly: true };
  const DriverConfig = { Name: volume.driver, Options: volume.options };
  // Nothing of the image's folder is copied into it.
  return {
    Type: "volume",
    Source: source,
    Target: target,
    ReadOnly: true,
    VolumeOptions: { NoCopy: true, DriverConfig },
  };
}

/** A path as in `Mounts[].Destination`: `/data/` becomes `/data`. */
function clean(path: string): string {
  return posix.normalize(path).replace(/(?<=.)\/+$/, "");
}

/** Converts a link from its form in inspect, `/db:/api/db`, to the form for create, `db:db`. */
function linkText(link: string): string {
  const [from = "", to = ""] = link.split(":");
  return `${from.replace(/^\//, "")}:${to.split("/").at(-1) ?? ""}`;
}

function ownEndpoints(old: ContainerDoc, apiVersion: string): { [network: string]: NetworkEndpoint } {
  const mode = old.HostConfig.NetworkMode ?? "default";
  if (mode === "host" || mode === "none" || mode.startsWith("container:")) return {};
  const mac = old.Config["MacAddress"];
  const endpoints = Object.entries(old.NetworkSettings?.Networks ?? {}).map(([name, endpoint]) => {
    const aliases = ownAliases(old, endpoint);
    const primary = name === mode || (name === "bridge" && mode === "default");
    const own: NetworkEndpoint = {
      // What the user configured, not what the engine assigned: addresses come only from IPAMConfig.
      ...(endpoint.IPAMConfig ? { IPAMConfig: endpoint.IPAMConfig } : {}),
      ...(endpoint.Links ? { Links: endpoint.Links } : {}),
      ...(aliases.length > 0 ? { Aliases: aliases } : {}),
      ...(endpoint.DriverOpts ? { DriverOpts: endpoint.DriverOpts } : {}),
      ...(endpoint.GwPriority ? { GwPriority: endpoint.GwPriority } : {}),
      ...(primary && typeof mac === "string" && mac !== "" ? { MacAddress: mac } : askedMac(endpoint, apiVersion)),
    };
    return [name, own, primary] as const;
  });
  // The network of NetworkMode comes first, for engines that accept only one at create.
  endpoints.sort((a, b) => Number(b[2]) - Number(a[2]));
  return Object.fromEntries(endpoints.map(([name, own]) => [name, own]));
}

/** The configured aliases: up to API 1.44, inspect appends the short id and then the hostname. */
export function ownAliases({ Id, Config }: ContainerDoc, { Aliases }: NetworkEndpoint): string[] {
  const id = Aliases?.indexOf(Id.slice(0, 12)) ?? -1;
  return (Aliases ?? []).filter((alias, at) => id < 0 || at < id || (at > id && alias !== Config.Hostname));
}

/**
 * The configured MAC address. Inspect shows configured and generated addresses in the same field, and before the first
 * start only configured ones. Up to API 1.47 generated addresses start with 02:42 (libnetwork's genMAC); later ones are
 * random, so that none is taken as configured.
 */
function askedMac(
  { MacAddress = "", EndpointID }: NetworkEndpoint,
  apiVersion: string,
): { readonly MacAddress?: string } {
  const asked = EndpointID ? !atLeast(apiVersion, RANDOM_MACS) && !MacAddress.startsWith("02:42:") : true;
  return asked && MacAddress !== "" ? { MacAddress } : {};
}

function atLeast(version: string, [major, minor]: readonly [number, number]): boolean {
  const [is = 0, part = 0] = version.split(".").map(Number);
  return is > major || (is === major && part >= minor);
}
