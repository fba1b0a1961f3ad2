import { hostname } from "node:os";
import { posix } from "node:path";
import type { RunChange } from "../contract/delivery.ts";
import type { ContainerDoc, Endpoint, HostConfig, Mount, ImageDoc, RunConfig } from "./types.ts";

/** The body of `POST /containers/create`, and the networks that must be connected one by one afterwards. */
export type CreateBody = {
  readonly body: { readonly [key: string]: unknown };
  readonly connectLater: readonly { readonly network: string; readonly endpoint: Endpoint }[];
};

/** From this API version on a container can be created with many networks at once (moby API changelog, v1.44). */
const MANY_NETWORKS = [1, 44] as const;

/**
 * The configuration that makes the engine create an equal container from the container's own image, but for `change`.
 * HostConfig passes as raw JSON. What the image gives is left out of Env, Labels and Volumes; the engine merges it
 * back (moby `daemon/commit.go`, merge).
 */
export function createBody(
  old: ContainerDoc,
  image: ImageDoc,
  imageRef: string,
  change: RunChange,
  apiVersion: string,
): CreateBody {
  const config = ownConfig(old, image, change);
  const endpoints = ownEndpoints(old);
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
  const theirs: RunConfig = image.Config ?? {};
  config["Env"] = changedEnv(old.Config.Env ?? [], theirs.Env ?? [], change);
  config["Labels"] = without(old.Config.Labels, theirs.Labels);
  config["Volumes"] = without(old.Config.Volumes, theirs.Volumes);
  if (equal(old.Config.Healthcheck, theirs.Healthcheck)) delete config["Healthcheck"];

  const entrypoint = old.Config.Entrypoint ?? [];
  const cmd = old.Config.Cmd ?? [];
  if (change.entrypointPrefix) {
    // The prefix execs the original entrypoint with its arguments; Cmd stays, as the engine appends it.
    config["Entrypoint"] = [...change.entrypointPrefix, ...entrypoint];
  } else if (entrypoint.length === 0 && (theirs.Entrypoint ?? []).length > 0) {
    config["Entrypoint"] = [""]; // how `--entrypoint ""` clears the image's (docker/cli opts)
  }
  config["Cmd"] = cmd.length > 0 ? cmd : null;
  if (change.healthcheckPrefix && old.Config.Healthcheck?.Test) {
    config["Healthcheck"] = {
      ...old.Config.Healthcheck,
      Test: prefixedTest(old.Config.Healthcheck.Test, change.healthcheckPrefix),
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

/** `CMD-SHELL text` runs in the image's shell, so it becomes a CMD of that shell behind the prefix. */
function prefixedTest(test: readonly string[], prefix: readonly string[]): string[] {
  const [kind, ...words] = test;
  if (kind === "CMD-SHELL") return ["CMD", ...prefix, "/bin/sh", "-c", ...words];
  if (kind === "CMD") return ["CMD", ...prefix, ...words];
  return [...test];
}

function changedEnv(own: readonly string[], image: readonly string[], change: RunChange): string[] {
  const fromImage = new Set(image);
  const unset = new Set(change.unset);
  const set = new Map(change.set.map(({ name, value }) => [name, value]));
  const kept: string[] = [];
  for (const entry of own) {
    const name = entry.split("=", 1)[0] ?? "";
    const value = set.get(name);
    if (value !== undefined) {
      kept.push(`${name}=${value}`);
      set.delete(name);
    } else if (!unset.has(name) && !fromImage.has(entry)) kept.push(entry);
  }
  return [...kept, ...[...set].map(([name, value]) => `${name}=${value}`)];
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
  const binds = [
    ...own,
    ...anonymous.map((mount) => `${mount.Name ?? ""}:${mount.Destination}${mount.RW === false ? ":ro" : ""}`),
  ];
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

function ownEndpoints(old: ContainerDoc): { [network: string]: Endpoint } {
  const mode = old.HostConfig.NetworkMode ?? "default";
  if (mode === "host" || mode === "none" || mode.startsWith("container:")) return {};
  const mac = old.Config["MacAddress"];
  const endpoints = Object.entries(old.NetworkSettings?.Networks ?? {}).map(([name, endpoint]) => {
    const aliases = endpoint.Aliases?.filter((alias) => alias !== old.Id.slice(0, 12));
    const primary = name === mode || (name === "bridge" && mode === "default");
    const own: Endpoint = {
      // What the user asked for, not what the engine assigned: addresses come from IPAMConfig alone.
      ...(endpoint.IPAMConfig && Object.keys(endpoint.IPAMConfig).length > 0
        ? { IPAMConfig: endpoint.IPAMConfig }
        : {}),
      ...(endpoint.Links ? { Links: endpoint.Links } : {}),
      ...(aliases && aliases.length > 0 ? { Aliases: aliases } : {}),
      ...(endpoint.DriverOpts ? { DriverOpts: endpoint.DriverOpts } : {}),
      ...(endpoint.GwPriority ? { GwPriority: endpoint.GwPriority } : {}),
      ...(primary && typeof mac === "string" && mac !== "" ? { MacAddress: mac } : {}),
    };
    return [name, own, primary] as const;
  });
  // The network that NetworkMode names must come first, for engines that take only one at create.
  endpoints.sort((a, b) => Number(b[2]) - Number(a[2]));
  return Object.fromEntries(endpoints.map(([name, own]) => [name, own]));
}

function without<T>(
  own: { readonly [key: string]: T } | null | undefined,
  theirs: { readonly [key: string]: T } | null | undefined,
): { [key: string]: T } {
  return Object.fromEntries(
    Object.entries(own ?? {}).filter(([key, value]) => !(theirs && key in theirs && equal(theirs[key], value))),
  );
}

function equal(a: unknown, b: unknown): boolean {
  return JSON.stringify(a ?? null) === JSON.stringify(b ?? null);
}

function atLeast(version: string, [major, minor]: readonly [number, number]): boolean {
  const [is = 0, part = 0] = version.split(".").map(Number);
  return is > major || (is === major && part >= minor);
}
