import type { Candidate } from "../model/candidate.ts";
import type { Location, Subject, SubjectFacts, Where } from "../model/location.ts";
import { Secret } from "../model/secret.ts";
import type { ContainerDoc, HistoryLine, ImageDoc, RunConfig } from "./types.ts";

/** A volume's own options, by the volume's name: where CIFS and NFS passwords sit. */
export type VolumeOptions = ReadonlyMap<string, { readonly [key: string]: string }>;

/**
 * Every place of a container's inspect document where a value can sit. `image` is the image that the container
 * was made from (null when it is gone): what the container holds only because of it has origin "image".
 */
export function containerCandidates(
  source: string,
  doc: ContainerDoc,
  image: ImageDoc | null,
  volumes: VolumeOptions = new Map(),
): Candidate[] {
  const subject: Subject = { kind: "container", name: doc.Name.replace(/^\//, ""), id: doc.Id };
  const found = configCandidates(source, subject, doc.Config, image?.Config ?? null);
  const add = adder(source, subject, found);
  const host = doc.HostConfig;
  map(host.LogConfig?.Config, (name, value) => add("log-opt", name, value, `HostConfig.LogConfig.Config${key(name)}`));
  map(host.Annotations, (name, value) => add("annotation", name, value, `HostConfig.Annotations${key(name)}`));
  for (const [index, mount] of (host.Mounts ?? []).entries()) {
    const driver = (mount["VolumeOptions"] as { DriverConfig?: { Options?: Strings } } | undefined)?.DriverConfig
      ?.Options;
    const at = `HostConfig.Mounts[${index}].VolumeOptions.DriverConfig.Options`;
    map(driver, (name, value) => add("volume-opt", name, value, at + key(name)));
  }
  for (const [index, mount] of (doc.Mounts ?? []).entries()) {
    const options = mount.Name === undefined ? undefined : volumes.get(mount.Name);
    map(options, (name, value) => add("volume-opt", name, value, `Mounts[${index}].Volume.Options${key(name)}`));
  }
  map(doc.NetworkSettings?.Networks, (network, endpoint) =>
    map(endpoint.DriverOpts, (name, value) =>
      add("annotation", name, value, `NetworkSettings.Networks${key(network)}.DriverOpts${key(name)}`),
    ),
  );
  return found;
}

/** Every place of an image's config and history where a value can sit. */
export function imageCandidates(
  source: string,
  name: string,
  doc: ImageDoc,
  history: readonly HistoryLine[],
): Candidate[] {
  const subject: Subject = { kind: "image", name, id: doc.Id };
  const found = configCandidates(source, subject, doc.Config ?? {}, null);
  const add = adder(source, subject, found);
  for (const [index, line] of history.entries()) {
    if (line.CreatedBy) add("history", "history", line.CreatedBy, `History[${index}].CreatedBy`);
    if (line.Comment) add("history", "comment", line.Comment, `History[${index}].Comment`);
  }
  return found;
}

/** What ignore rules may ask of a container; `image` null means it is gone, so that no label is known to be its own. */
export function containerFacts(doc: ContainerDoc, image: ImageDoc | null): SubjectFacts {
  const labels = texts(doc.Config.Labels);
  const theirs = texts(image?.Config?.Labels);
  const own = image === null ? [] : Object.entries(labels).filter(([name, value]) => theirs[name] !== value);
  return { image: doc.Config.Image ?? null, labels, ownLabels: Object.fromEntries(own) };
}

export function imageFacts(name: string, doc: ImageDoc): SubjectFacts {
  return { image: name, labels: texts(doc.Config?.Labels), ownLabels: {} };
}

function texts(from: { readonly [key: string]: unknown } | null | undefined): Strings {
  const found = Object.entries(from ?? {}).filter((entry): entry is [string, string] => typeof entry[1] === "string");
  return Object.fromEntries(found);
}

type Strings = { readonly [key: string]: string };
type Add = (where: Where, name: string, value: string, path: string, origin?: "own" | "image") => void;

function configCandidates(source: string, subject: Subject, config: RunConfig, image: RunConfig | null): Candidate[] {
  const found: Candidate[] = [];
  const add = adder(source, subject, found);
  const inherited = new Set(image?.Env);
  for (const [index, entry] of (config.Env ?? []).entries()) {
    const at = entry.indexOf("=");
    if (at < 0) continue;
    const fromImage = inherited.has(entry);
    const where = subject.kind === "image" || fromImage ? "image-env" : "env";
    add(where, entry.slice(0, at), entry.slice(at + 1), `Config.Env[${index}]`, fromImage ? "image" : "own");
  }
  const same = (a: unknown, b: unknown): "own" | "image" =>
    image !== null && JSON.stringify(a) === JSON.stringify(b) ? "image" : "own";
  const command = (
    where: Where,
    name: string,
    argv: readonly string[] | null | undefined,
    theirs: unknown,
    path: string,
  ): void => {
    if (argv && argv.length > 0) add(where, name, JSON.stringify(argv), path, same(argv, theirs));
  };
  command("cmd", "Cmd", config.Cmd, image?.Cmd, "Config.Cmd");
  command("entrypoint", "Entrypoint", config.Entrypoint, image?.Entrypoint, "Config.Entrypoint");
  command("healthcheck", "Healthcheck", config.Healthcheck?.Test, image?.Healthcheck?.Test, "Config.Healthcheck.Test");
  map(config.Labels, (name, value) =>
    add("label", name, value, `Config.Labels${key(name)}`, same(value, image?.Labels?.[name])),
  );
  for (const [index, line] of (config.OnBuild ?? []).entries())
    add("onbuild", "OnBuild", line, `Config.OnBuild[${index}]`);
  return found;
}

function adder(source: string, subject: Subject, into: Candidate[]): Add {
  return (where, name, value, path, origin = "own") => {
    if (typeof value !== "string") return;
    const location: Location = {
      source,
      subject: subject.kind,
      subjectName: subject.name,
      subjectId: subject.id,
      where,
      path,
      origin,
    };
    into.push({ name, value: Secret.of(value), location });
  };
}

function map<T>(from: { readonly [key: string]: T } | null | undefined, each: (name: string, value: T) => void): void {
  for (const [name, value] of Object.entries(from ?? {})) each(name, value);
}

/** `.name` for a plain name, `["a.b"]` for any other, so that a path can be read back. */
function key(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`;
}
