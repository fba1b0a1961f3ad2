import { statSync } from "node:fs";
import { join } from "node:path";
import type { DeliverySubject, UnreachableHost } from "../contract/delivery.ts";
import { cmd } from "../kit/shell.ts";
import type { Engine } from "./engine.ts";
import { containerFile, containerHasFile } from "./files.ts";
import { containerUnit, nameOf } from "./names.ts";
import { isOurDriver } from "./plugin/questions.ts";
import { isPodman, type ContainerDoc, type EngineInfo, type ImageDoc } from "./types.ts";
import { UnsprawlError } from "../model/error.ts";
import { Secret } from "../model/secret.ts";

/** A container with everything that planning needs. */
export type Facts = {
  readonly doc: ContainerDoc;
  readonly image: ImageDoc;
  readonly info: EngineInfo;
  readonly subject: DeliverySubject;
};

/**
 * Reads a container, its image and the engine. Throws `changed` if the container is gone, `refused` if its image is.
 */
export async function readFacts(engine: Engine, id: string, runId: string): Promise<Facts> {
  const doc = await engine.container(id);
  if (doc === null)
    throw new UnsprawlError("changed", `the container ${id.slice(0, 12)} is gone`, "unsprawl plan again");
  const [image, info] = await Promise.all([engine.image(doc.Image), recentInfo(engine)]);
  if (image === null) {
    throw new UnsprawlError(
      "refused",
      `the image of ${nameOf(doc)} (${doc.Image}) is gone, so the container cannot be recreated`,
      cmd`docker pull ${doc.Config.Image ?? ""}`,
    );
  }
  const subject = subjectWith(engine, doc, image, info, runId);
  return { doc, image, info, subject: { ...subject, ...(await driverVolume(engine, doc)) } };
}

/** In milliseconds: long enough for the containers of a plan, too short for a person to change the engine meanwhile. */
const RECENT = 1000;
const infos = new WeakMap<Engine, { readonly info: Promise<EngineInfo>; readonly until: number }>();

/** The engine's info, asked again a second later or after a failure. Podman starts several programs for each answer. */
function recentInfo(engine: Engine): Promise<EngineInfo> {
  const known = infos.get(engine);
  if (known !== undefined && performance.now() < known.until) return known.info;
  const info = engine.info();
  infos.set(engine, { info, until: performance.now() + RECENT });
  info.catch(() => infos.delete(engine));
  return info;
}

/** A variable in a container's configuration; null if it is not set. */
export function containerVariable(doc: ContainerDoc, name: string): Secret | null {
  const value = entriesOf(doc).get(name);
  return value === undefined ? null : Secret.of(value);
}

/** The same, null also for one that holds a reference instead of a value. */
export function plainVariable(doc: ContainerDoc, name: string): Secret | null {
  return entriesOf(doc).get(name)?.startsWith("ref+") === true ? null : containerVariable(doc, name);
}

/** A variable that is no secret, such as a user's name; null if it is not set. */
export function variableText(doc: ContainerDoc, name: string): string | null {
  return entriesOf(doc).get(name) ?? null;
}

const entries = new WeakMap<ContainerDoc, ReadonlyMap<string, string>>();

/** A container's variables by name, read once; of one that is set twice the first counts. */
function entriesOf(doc: ContainerDoc): ReadonlyMap<string, string> {
  const known = entries.get(doc);
  if (known !== undefined) return known;
  const pairs = (doc.Config.Env ?? []).flatMap((entry): [string, string][] => {
    const at = entry.indexOf("=");
    return at < 0 ? [] : [[entry.slice(0, at), entry.slice(at + 1)]];
  });
  const found = new Map(pairs.toReversed());
  entries.set(doc, found);
  return found;
}

/** A container as deliveries see it. */
export function subjectWith(
  engine: Engine,
  doc: ContainerDoc,
  image: ImageDoc,
  info: EngineInfo,
  runId: string,
): DeliverySubject {
  const runtime = doc.HostConfig.Runtime;
  return {
    id: containerUnit(nameOf(doc), runId),
    consumer: `container:${nameOf(doc).replace(`-before-${runId}`, "")}`,
    references: referencesOf(doc.Config.Env ?? []),
    entrypoint: doc.Config.Entrypoint ?? [],
    cmd: doc.Config.Cmd ?? [],
    imageEnv: new Set((image.Config?.Env ?? []).map((entry) => entry.split("=", 1)[0] ?? "")),
    // A name without a value, such as a mount in the wrong list, is no variable of the process.
    env: (doc.Config.Env ?? []).flatMap((entry) => (entry.includes("=") ? (entry.split("=", 1)[0] ?? "") : [])),
    path:
      containerVariable(doc, "PATH")?.expose().toString() ??
      "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    user: doc.Config.User ?? "",
    health: doc.Config.Healthcheck?.Test?.[0] === "NONE" ? [] : (doc.Config.Healthcheck?.Test ?? []),
    runtime: !runtime || runtime === "runc" || runtime === "io.containerd.runc.v2" ? null : runtime,
    mountTargets: (doc.Mounts ?? []).map((mount) => mount.Destination),
    engineRuntimes: Object.keys(info.Runtimes ?? {}),
    unreachableHost: unreachableHost(engine, info),
    otherwise: otherwiseOn(info),
    readFile: (path) => containerFile(engine, doc.Id, path),
    hasFile: (path) => containerHasFile(engine, doc.Id, path),
  };
}

/** The volume of our driver that a container mounts, with the references among its options. */
async function driverVolume(engine: Engine, doc: ContainerDoc): Promise<Pick<DeliverySubject, "volume">> {
  const mount = (doc.Mounts ?? []).find(({ Type, Driver = "" }) => Type === "volume" && isOurDriver(Driver));
  if (mount === undefined) return {};
  const volume = (await engine.volumes()).find(({ Name }) => Name === mount.Name);
  const references = Object.entries(volume?.Options ?? {}).filter(([, value]) => value.startsWith("ref+"));
  return { volume: { target: mount.Destination, references: new Map(references) } };
}

/** The variables that hold a reference, by name. */
export function referencesOf(entries: readonly string[]): ReadonlyMap<string, string> {
  const pairs = entries.map((entry) => [entry.split("=", 1)[0] ?? "", entry.slice(entry.indexOf("=") + 1)] as const);
  return new Map(pairs.filter(([, value]) => value.startsWith("ref+")));
}

/** What helps where nothing can be moved from here. */
const BY_PLUGIN = "unsprawl plugin install --to STORE";
const AS_ROOT_THERE = "the same as root on the engine's own host: sudo -H unsprawl plan …";

/** Why files and processes on this host are not the engine's; null if they are. */
export function unreachableHost(engine: Engine, info: EngineInfo): UnreachableHost | null {
  const { via, address } = engine.connection;
  const isOwn = isPodman(info) && info["Rootless"] === true;
  // As root on such an engine's host the ids are others too.
  const onDocker = remapsIds(info) ? BY_PLUGIN : `${BY_PLUGIN}; or ${AS_ROOT_THERE}`;
  const way = isPodman(info) ? podmansWay(engine, isOwn) : onDocker;
  if (via !== "unix") return { why: `the engine is not on this host (${address})`, way };
  if (process.platform !== "linux") return { why: "the engine's containers run in a Linux virtual machine", way };
  if (remapsIds(info)) return { why: OTHER_IDS, way };
  const me = process.getuid?.();
  if (!isOwn && me !== 0) return { why: "only root can give files to a container", way };
  const folder = join(info.DockerRootDir, isPodman(info) ? `${String(info["Driver"])}-containers` : "containers");
  const owner = ownerOf(folder);
  if (owner === null) return { why: `the engine's folder ${info.DockerRootDir} is not on this host`, way };
  // In such an engine's containers the ids are its user's own: files of anybody else, root's too, are nobody's there.
  if (isOwn && owner !== me) return { why: `this Podman is the one of another user (uid ${owner})`, way };
  return null;
}

/** The same for what cannot have a volume of the plugin, which is no way out there. */
export function unreachableWithoutPlugin(engine: Engine, info: EngineInfo): UnreachableHost | null {
  const away = unreachableHost(engine, info);
  if (away === null || isPodman(info)) return away;
  return { ...away, way: remapsIds(info) ? "the same on an engine that maps no user ids" : AS_ROOT_THERE };
}

/** Why files of an engine's host are nobody's in its containers. */
export const OTHER_IDS = "user ids are others in the engine's containers than on its host";

/** Whether this is a Docker without root, or with `userns-remap`. */
export function remapsIds(info: EngineInfo): boolean {
  const options = Array.isArray(info["SecurityOptions"]) ? info["SecurityOptions"].map(String) : [];
  return !isPodman(info) && options.some((option) => /name=(userns|rootless)/.test(option));
}

/** Podman takes no plugin, so that only a program on its host can bring values back after a boot. */
function podmansWay({ connection: { via, user, host } }: Engine, isOwn: boolean): string {
  if (via === "ssh")
    return cmd`the same on the engine's own host: ssh ${user === null ? (host ?? "") : `${user}@${host}`} unsprawl plan …`;
  return isOwn ? "the same as the user who runs Podman, on its own host" : AS_ROOT_THERE;
}

/** Null if there is no such folder. */
function ownerOf(folder: string): number | null {
  try {
    return statSync(folder).uid;
  } catch {
    return null;
  }
}

/** What to type where no delivery fits a container of this engine. */
export function otherwiseOn(info: EngineInfo): string {
  return isPodman(info)
    ? "unsprawl plan script:FILE --to STORE moves it in the file of its podman run line, to a secret of Podman's"
    : "unsprawl runtime install --to STORE makes `runtime` fit any container";
}
