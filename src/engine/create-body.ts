import { hostname } from "node:os";
import { posix } from "node:path";
import type { RunChange } from "../contract/delivery.ts";
import type { ContainerDoc, NetworkEndpoint, HostConfig, Mount, ImageDoc } from "./types.ts";

/** The body of `POST /containers/create`, and the networks that must be connected one by one afterwards. */
export type CreateBody = {
  readonly body: { readonly [key: string]: unknown };
  readonly connectLater: readonly { readonly network: string; readonly endpoint: NetworkEndpoint }[];
};

/** From this API version on a container can be created with many networks at once (moby API changelog, v1.44). */
const MANY_NETWORKS = [1, 44] as const;
const RANDOM_MACS = [1, 48] as const;

/**
 * The configuration that makes the engine create an equal container from the container's own image, but for `change`.
 * Config and HostConfig pass as raw JSON, in their order. What the image gives passes too: the engine merges an image
 * in only where nothing is set (moby `daemon/commit.go`, merge), so that from the same image it comes out the same.
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
  config["Env"] = changedEnv(old.Config.Env ?? [], change);

  if (change.entrypointPrefix) {
    // The prefix execs the original entrypoint with its arguments; Cmd stays, as the engine appends it.
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

/** `CMD-SHELL text` runs in the container's shell, so it becomes a CMD of that shell behind the prefix. */
export function prefixedTest(test: readonly string[], prefix: readonly string[], shell: readonly string[]): string[] {
  const [kind, ...words] = test;
  if (kind === "CMD-SHELL") return ["CMD", ...prefix, ...shell, ...words];
  if (kind === "CMD") return ["CMD", ...prefix, ...words];
  return [...test];
}

function changedEnv(own: readonly string[], change: RunChange): string[] {
  const unset = new Set(change.unset);
  const set = new Map(change.set.map(({ name, value }) => [name, value]));
  const kept: string[] = [];
  for (const entry of own) {
    const name = entry.split("=", 1)[0] ?? "";
    const value = set.get(name);
    // A name that is there twice is set once: its second value must not stay either.
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
  const named = (host.Mounts ?? []).map((mount) => {
    const actual = volumeAt(mount.Target ?? "");
    return mount.Type === "volume" && !mount.Source && actual ? { ...mount, Source: actual.Name } : mount;
  });
  // A bind without a source (`/data`) is an anonymous volume, as are the paths of Config.Volumes. Each would be made
  // anew and empty: name the one that holds the data.
  const own = (host.Binds ?? []).map((bind) => {
    const actual = bind.includes(":") ? undefined : volumeAt(bind);
    return actual ? `${actual.Name ?? ""}:${bind}` : bind;
  });
  const declared = new Set(Object.keys(old.Config.Volumes ?? {}).map(clean));
  const covered = new Set([
    ...own.map((bind) => clean(bind.split(":")[1] ?? "")),
    ...named.map((mount) => clean(mount.Target ?? "")),
  ]);
  const anonymous = volumes.filter((mount) => declared.has(mount.Destination) && !covered.has(mount.Destination));
  // The engine lists them in any order.
  const held = anonymous
    .map((mount) => `${mount.Name ?? ""}:${mount.Destination}${mount.RW === false ? ":ro" : ""}`)
    .sort();
  const binds = [...own, ...held];
  const added = change.mounts.map(({ source, target }) => ({
    Type: "bind",
    Source: source,
    Target: target,
    ReadOnly: true,
  }));
  return {
    ...host,
    ...(binds.length > 0 ? { Binds: binds } : {}),
    ...(named.length + added.length > 0 ? { Mounts: [...named, ...added] } : {}),
    ...(host.Links ? { Links: host.Links.map(linkText) } : {}),
    ...(change.runtime === null ? {} : { Runtime: change.runtime }),
  };
}

/** A path as the engine shows it in `Mounts[].Destination`: `/data/` is `/data`. */
function clean(path: string): string {
  return posix.normalize(path).replace(/(?<=.)\/+$/, "");
}

/** `/db:/api/db` as inspect shows it → `db:db` as create wants it. */
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
      // What the user asked for, not what the engine assigned: addresses come from IPAMConfig alone.
      ...(endpoint.IPAMConfig ? { IPAMConfig: endpoint.IPAMConfig } : {}),
      ...(endpoint.Links ? { Links: endpoint.Links } : {}),
      ...(aliases.length > 0 ? { Aliases: aliases } : {}),
      ...(endpoint.DriverOpts ? { DriverOpts: endpoint.DriverOpts } : {}),
      ...(endpoint.GwPriority ? { GwPriority: endpoint.GwPriority } : {}),
      ...(primary && typeof mac === "string" && mac !== "" ? { MacAddress: mac } : askedMac(endpoint, apiVersion)),
    };
    return [name, own, primary] as const;
  });
  // The network that NetworkMode names must come first, for engines that take only one at create.
  endpoints.sort((a, b) => Number(b[2]) - Number(a[2]));
  return Object.fromEntries(endpoints.map(([name, own]) => [name, own]));
}

/** The aliases that were asked for: up to API 1.44 inspect shows the short id behind them, and the hostname behind that. */
export function ownAliases({ Id, Config }: ContainerDoc, { Aliases }: NetworkEndpoint): string[] {
  const id = Aliases?.indexOf(Id.slice(0, 12)) ?? -1;
  return (Aliases ?? []).filter((alias, at) => id < 0 || at < id || (at > id && alias !== Config.Hostname));
}

/**
 * Inspect shows the MAC address that was asked for and the one that the engine made in one field. Before a start there
 * is only the former. Up to API 1.47 it made them beginning with 02:42 (libnetwork's genMAC); later ones are random,
 * so that none is taken for asked for.
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
