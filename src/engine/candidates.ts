import { withLead, type Candidate } from "../model/candidate.ts";
import { UnsprawlError } from "../model/error.ts";
import { locationAt, type Subject, type SubjectFacts, type Where } from "../model/location.ts";
import { Secret } from "../model/secret.ts";
import { adviceOn } from "./advice.ts";
import type { ContainerDoc, HistoryLine, ImageDoc } from "./types.ts";
import type { JsonObject } from "../kit/json-object.ts";

/** Driver options by volume name: CIFS and NFS passwords are found there. */
export type VolumeOptions = ReadonlyMap<string, { readonly [key: string]: string }>;

/**
 * Whether a value is known not to be a secret, so that no candidate is needed. For environments `entry` is the raw
 * `NAME=value`; otherwise it is the name, and `value` is passed too.
 */
export type IsDismissed = (where: Where, entry: string, value?: string) => boolean;

/**
 * Called with a fixed path for each place whose value does not have the engine's form, so that candidates may be
 * missing.
 */
export type Odd = (path: string) => void;

/** How documents are read that may be malformed, and may hold much that is no secret. */
export type CandidateOptions = {
  readonly volumes?: VolumeOptions;
  /** Throws `malformed` by default. */
  readonly odd?: Odd;
  readonly known?: IsDismissed;
};

/**
 * Every value in a container's inspect document. `image` is the container's image (null if it was removed): values that
 * the container inherits from it have origin "image". Reads as much as possible of malformed documents and reports the
 * rest to `odd`. Skips values that `known` accepts.
 */
export function containerCandidates(
  source: string,
  doc: ContainerDoc,
  image: ImageDoc | null,
  { volumes = new Map(), odd = refuse, known = unknown }: CandidateOptions = {},
): Candidate[] {
  const into = new Candidates(source, { kind: "container", name: doc.Name.replace(/^\//, ""), id: doc.Id }, odd, known);
  into.addConfig(present(doc.Config, "Config", odd), image?.Config);
  const host = present(doc.HostConfig, "HostConfig", odd);
  const log = object(host["LogConfig"], "HostConfig.LogConfig", odd)["Config"];
  into.addMap("log-opt", log, "HostConfig.LogConfig.Config");
  into.addMap("annotation", host["Annotations"], "HostConfig.Annotations");
  for (const [index, mount] of objects(host["Mounts"], "HostConfig.Mounts", odd)) {
    const volume = object(mount["VolumeOptions"], "HostConfig.Mounts", odd);
    const driver = object(volume["DriverConfig"], "HostConfig.Mounts", odd)["Options"];
    const at = `HostConfig.Mounts[${index}].VolumeOptions.DriverConfig.Options`;
    into.addMap("volume-opt", driver, at, "HostConfig.Mounts");
  }
  for (const [index, mount] of objects(doc.Mounts, "Mounts", odd)) {
    const options = typeof mount["Name"] === "string" ? volumes.get(mount["Name"]) : undefined;
    into.addMap("volume-opt", options, `Mounts[${index}].Volume.Options`);
  }
  const networks = object(object(doc.NetworkSettings, "NetworkSettings", odd)["Networks"], NETWORKS, odd);
  for (const [network, endpoint] of Object.entries(networks)) {
    const options = present(endpoint, NETWORKS, odd)["DriverOpts"];
    into.addMap("annotation", options, `${NETWORKS}${key(network)}.DriverOpts`, NETWORKS);
  }
  return into.found;
}

const NETWORKS = "NetworkSettings.Networks";

/** Every value in an image's config and history. Reads malformed documents as `containerCandidates` does. */
export function imageCandidates(
  source: string,
  name: string,
  doc: ImageDoc,
  history: readonly HistoryLine[],
  odd: Odd = refuse,
): Candidate[] {
  const into = new Candidates(source, { kind: "image", name, id: doc.Id }, odd, unknown);
  into.addConfig(object(doc.Config, "Config", odd), null);
  for (const [index, line] of history.entries()) {
    if (line.CreatedBy) into.addBuildStep(line.CreatedBy, `History[${index}].CreatedBy`);
    if (line.Comment) into.add("history", "comment", line.Comment, `History[${index}].Comment`);
  }
  return into.found;
}

export type FactualDoc = { readonly Config?: { readonly Labels?: unknown; readonly Image?: unknown } };

/** The part of a container's document that its facts need, so that the rest can be freed. */
export function factualOf(doc: FactualDoc): FactualDoc {
  const { Labels, Image } = object(doc.Config);
  return { Config: { Labels, Image } };
}

/**
 * What ignore rules can match on. `image` null means it was removed: then no label is known to be the container's own.
 */
export function containerFacts(doc: FactualDoc, image: ImageDoc | null): SubjectFacts {
  const config = object(doc.Config);
  const labels = texts(config["Labels"]);
  const theirs = texts(object(image?.Config)["Labels"]);
  const own = image === null ? [] : Object.entries(labels).filter(([name, value]) => theirs[name] !== value);
  const of = config["Image"];
  return { image: typeof of === "string" ? of : null, labels, ownLabels: Object.fromEntries(own) };
}

export function imageFacts(name: string, doc: ImageDoc): SubjectFacts {
  const advice = adviceOn(object(doc.Config));
  return { image: name, labels: texts(object(doc.Config)["Labels"]), ownLabels: {}, advice };
}

function texts(from: unknown): StringMap {
  const found: [string, string][] = [];
  map(from, "", ignore, (name, value) => found.push([name, value]));
  return Object.fromEntries(found);
}

type StringMap = { readonly [key: string]: string };
/** Where in its field a candidate is, and what stands around it. */
type CandidatePlace = { readonly origin?: "own" | "image"; readonly index?: number; readonly lead?: string };

/** Collects the candidates of one document. */
class Candidates {
  readonly found: Candidate[] = [];
  readonly #source: string;
  readonly #subject: Subject;
  readonly #odd: Odd;
  readonly #known: IsDismissed;

  constructor(source: string, subject: Subject, odd: Odd, known: IsDismissed) {
    this.#source = source;
    this.#subject = subject;
    this.#odd = odd;
    this.#known = known;
  }

  add(where: Where, name: string, value: string, field: string, at: CandidatePlace = {}): void {
    if (typeof value !== "string") return;
    const { origin = "own", index, lead = "" } = at;
    const place = { kind: "field", field, ...(index === undefined ? {} : { index }) } as const;
    const location = locationAt(this.#source, this.#subject, where, place, origin);
    this.found.push({ name, value: Secret.of(value), location, ...(lead === "" ? {} : { lead }) });
  }

  /** The values of the map at `path`; `oddAt` is reported if it is not a map. */
  addMap(where: Where, from: unknown, path: string, oddAt = path): void {
    map(from, oddAt, this.#odd, (name, value) => this.#addNamed(where, name, value, path));
  }

  /** Adds a named value unless it is known not to be a secret; only then is its path built. */
  #addNamed(where: Where, name: string, value: string, path: string, origin: "own" | "image" = "own"): void {
    if (!this.#known(where, name, value)) this.add(where, name, value, path + key(name), { origin });
  }

  addConfig(config: JsonObject, theirs: unknown): void {
    const image = theirs === null || theirs === undefined ? null : object(theirs);
    this.#addEnvironment(config, image);
    const lead = commandLine(config["Entrypoint"], "", ignore);
    this.#addCommand("cmd", config["Cmd"], image, { name: "Cmd", path: "Config.Cmd", theirs: image?.["Cmd"], lead });
    const entrypoint = { name: "Entrypoint", path: "Config.Entrypoint", theirs: image?.["Entrypoint"] };
    this.#addCommand("entrypoint", config["Entrypoint"], image, entrypoint);
    const test = object(config["Healthcheck"], "Config.Healthcheck", this.#odd)["Test"];
    const tested = object(image?.["Healthcheck"])["Test"];
    const healthcheck = { name: "Healthcheck", path: "Config.Healthcheck.Test", theirs: tested };
    this.#addCommand("healthcheck", test, image, healthcheck);
    const labels = texts(image?.["Labels"]);
    map(config["Labels"], "Config.Labels", this.#odd, (name, value, path) => {
      const origin = image !== null && labels[name] === value ? "image" : "own";
      this.#addNamed("label", name, value, path, origin);
    });
    for (const [index, line] of strings(config["OnBuild"], "Config.OnBuild", this.#odd).entries())
      if (line !== null) this.add("onbuild", "OnBuild", line, "Config.OnBuild", { index });
  }

  #addEnvironment(config: JsonObject, image: JsonObject | null): void {
    const inherited = new Set(strings(image?.["Env"]));
    for (const [index, entry] of strings(config["Env"], "Config.Env", this.#odd).entries()) {
      const at = entry?.indexOf("=") ?? -1;
      if (entry === null || at < 0) continue;
      const origin = inherited.has(entry) ? "image" : "own";
      const where = this.#subject.kind === "image" || origin === "image" ? "image-env" : "env";
      if (this.#known(where, entry)) continue;
      this.add(where, entry.slice(0, at), entry.slice(at + 1), "Config.Env", { origin, index });
    }
  }

  #addCommand(
    where: Where,
    from: unknown,
    image: JsonObject | null,
    { name, path, theirs, lead = "" }: { name: string; path: string; theirs: unknown; lead?: string },
  ): void {
    const line = commandLine(from, path, this.#odd);
    if (line === "" || this.#known(where, name, lead === "" ? line : withLead(line, lead))) return;
    const origin = image !== null && line === commandLine(theirs, "", ignore) ? "image" : "own";
    this.add(where, name, line, path, { origin, lead });
  }

  /**
   * A build step. Build arguments precede the command, `|2 A=… B=… /bin/sh -c …`, and each becomes a named value (moby,
   * builder/dockerfile/dispatchers.go: prependEnvOnCmd). They are not quoted: if their number does not match the count,
   * the whole line is one value.
   */
  addBuildStep(line: string, path: string): void {
    const [, count = "", given = "", command = ""] = /^(?:RUN )?\|(\d{1,4}) (.*?)( \/\S+ .*)$/s.exec(line) ?? [];
    const pairs = given.split(/ (?=[A-Za-z_]\w*=)/);
    if (given === "" || pairs.length !== Number(count) || !pairs.every((pair) => /^[A-Za-z_]\w*=/.test(pair))) {
      this.add("history", "history", line, path);
      return;
    }
    for (const pair of pairs) {
      const at = pair.indexOf("=");
      this.add("build-arg", pair.slice(0, at), pair.slice(at + 1), path);
    }
    this.add("history", "history", command.trim(), path);
  }
}

const ignore: Odd = () => undefined;
const unknown: IsDismissed = () => false;

function refuse(path: string): never {
  throw new UnsprawlError(
    "malformed",
    `part of it is not in the form that the engine writes: ${path}`,
    "docker inspect NAME > FILE, then unsprawl scan inspect:FILE reads the rest of it",
  );
}

/** An object that the engine always writes: reported to `odd` if it is missing. */
function present(from: unknown, path: string, odd: Odd): JsonObject {
  if (from === null || from === undefined) odd(path);
  return object(from, path, odd);
}

/** An object; empty if it is absent, which is not an error. */
function object(from: unknown, path = "", odd = ignore): JsonObject {
  if (typeof from === "object" && from !== null && !Array.isArray(from)) return from as JsonObject;
  if (from !== null && from !== undefined) odd(path);
  return {};
}

/** The objects of a list with their indices. */
function objects(from: unknown, path: string, odd: Odd): [number, JsonObject][] {
  if (Array.isArray(from)) return from.map((one, index) => [index, present(one, path, odd)]);
  if (from !== null && from !== undefined) odd(path);
  return [];
}

/**
 * The strings of a list; null for elements that are not strings. Also reads a single string or `{name: value}`, and
 * reports it.
 */
function strings(from: unknown, path = "", odd = ignore): readonly (string | null)[] {
  if (from === null || from === undefined) return [];
  const isText = (one: unknown): one is string => typeof one === "string";
  if (Array.isArray(from) && from.every(isText)) return from;
  odd(path);
  const list: unknown[] = Array.isArray(from)
    ? from
    : typeof from === "object"
      ? Object.entries(from).map(([name, value]: [string, unknown]) => (isText(value) ? `${name}=${value}` : value))
      : [from];
  return list.map((one) => (isText(one) ? one : null));
}

/** A command as one line. Also accepts a single string, as older Podman versions write it, without reporting it. */
function commandLine(from: unknown, path: string, odd: Odd): string {
  if (typeof from === "string") return from;
  const argv = strings(from, path, odd).filter((word) => word !== null);
  return argv.length === 0 ? "" : JSON.stringify(argv);
}

/** Calls `each` for the strings of a map, with the map's path. Also reads a list of `name=value`, and reports it. */
function map(from: unknown, path: string, odd: Odd, each: (name: string, value: string, path: string) => void): void {
  if (Array.isArray(from)) {
    odd(path);
    const pairs = strings(from, path, odd).flatMap((entry) =>
      entry === null ? [] : [/^([^=]*)=?(.*)$/s.exec(entry) ?? []],
    );
    for (const [, name = "", value = ""] of pairs) each(name, value, path);
    return;
  }
  for (const [name, value] of Object.entries(object(from, path, odd)))
    if (typeof value === "string") each(name, value, path);
    else odd(path);
}

/** `.name` for a plain name, `["a.b"]` for any other, so that a path can be parsed. */
function key(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`;
}
