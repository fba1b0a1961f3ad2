import { readFileSync, statSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import { resolve } from "node:path";
import type { SourceAbout, SourceReach } from "../../contract/about.ts";
import { statePath } from "../../core/journal/state.ts";
import { findConnection } from "../../engine/connection.ts";
import { cmd } from "../../kit/shell.ts";
import { UnsprawlError } from "../../model/error.ts";
import { SOCKET } from "./container.ts";
import type { InstallForm, InstallSettings, Watching } from "./model.ts";

/** What a person asked for, as flags. */
export type InstallRequest = {
  readonly watching: Watching;
  readonly image: string | null;
  readonly config: string | null;
  readonly group: string | null;
  /** `NAME=FILE`. */
  readonly secrets: readonly string[];
  readonly metricsFile: string | null;
  readonly shareState: boolean;
  readonly fleet: boolean;
  /** All sources except stores. */
  readonly known: readonly SourceAbout[];
  readonly program: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
};

const IMAGE = /^[\w.-]+(?::\d+)?(?:\/[\w.-]+)*(?::[\w.-]+)?(?:@[\w]+:[0-9a-fA-F]+)?$/;
const NAME = /^[A-Za-z0-9][\w.-]{0,62}$/;

/** Throws `usage` for what the form cannot do, `refused` for a remote engine. Nothing is written. */
export function settingsFor(
  form: InstallForm,
  asked: InstallRequest,
): { settings: InstallSettings; notes: readonly string[] } {
  const { cwd, env, fleet, image, shareState } = asked;
  const contained = form !== "systemd";
  if (contained && image === null)
    throw new UnsprawlError(
      "usage",
      `${form} needs an image with unsprawl in it: --image REF`,
      "unsprawl watch install dockerfile shows how to build one",
    );
  if (image !== null && (image.length > 512 || !IMAGE.test(image)))
    throw new UnsprawlError(
      "usage",
      `--image: not an image's name: ${JSON.stringify(image)}`,
      "such as registry.example/unsprawl:1",
    );
  if (fleet && !contained)
    throw new UnsprawlError(
      "usage",
      "--fleet is for compose, swarm and kubernetes",
      "unsprawl watch install compose --fleet",
    );
  if (shareState && contained)
    throw new UnsprawlError(
      "usage",
      "--share-state is for systemd: a container keeps its state in a volume",
      "leave it out",
    );
  const { hosts } = asked.watching;
  if (hosts !== null && contained)
    throw new UnsprawlError(
      "usage",
      "--hosts is for systemd: in containers, the fleet's workers go to hosts",
      "--fleet",
    );
  const sources = asked.watching.sources.map((source) => placed(source, form, asked));
  const notes: string[] = [];
  const engines = sources.filter((source) => isOfEngine(source, asked));
  const socket = hosts === null && engines.length > 0 ? socketFor(form, env) : null;
  const group = socket === null ? null : groupFor(form, socket, asked.group, notes);
  return {
    settings: {
      watching: { ...asked.watching, sources },
      engines,
      image,
      program: asked.program,
      config: asked.config === null ? null : resolve(cwd, asked.config),
      socket,
      group,
      secrets: secretsOf(asked),
      metricsFile: asked.metricsFile,
      shared: shareState ? { ...userInfoOf(), state: statePath(env) } : null,
      host: hostname(),
      fleet,
    },
    notes,
  };
}

function userInfoOf(): { readonly user: string; readonly uid: number; readonly gid: number } {
  const { username, uid, gid } = userInfo();
  return { user: username, uid, gid };
}

const OF_NODE: readonly SourceReach[] = ["engine", "network"];

const reachOf = (source: string, known: readonly SourceAbout[]): SourceReach | null =>
  known.find(({ kind }) => kind === kindOf(source))?.reads ?? null;

function isOfEngine(source: string, { known }: InstallRequest): boolean {
  const reach = reachOf(source, known);
  return reach === "engine" || reach === "manager";
}

const kindOf = (source: string): string => source.slice(0, Math.max(source.indexOf(":"), 0));

/** A source as the service reads it: files by absolute path, and only if the service can see them. */
function placed(source: string, form: InstallForm, { cwd, known }: InstallRequest): string {
  const kind = kindOf(source);
  if (kind === "")
    throw new UnsprawlError("usage", `not a source: ${JSON.stringify(source)}`, "unsprawl watch install FORM docker:");
  const what = source.slice(kind.length + 1);
  if (form === "systemd") {
    if (what === "-") throw new UnsprawlError("usage", `${source}: a service has no standard input`, "name a file");
    return reachOf(source, known) === "files" && what !== "" ? `${kind}:${resolve(cwd, what)}` : source;
  }
  // A pod on each node has the node's engine, which manages no swarm.
  const reachable: readonly SourceReach[] = form === "kubernetes" ? OF_NODE : [...OF_NODE, "manager"];
  const allowed = known.flatMap((one) => (reachable.includes(one.reads) ? [one.kind] : []));
  if (allowed.includes(kind)) return source;
  throw new UnsprawlError(
    "usage",
    `${JSON.stringify(source)}: a container has only ${allowed.map((one) => `${one}:`).join(", ")}`,
    "unsprawl watch install systemd, for this machine's files",
  );
}

/** This machine's path, or its equivalent on other nodes. */
function socketFor(form: InstallForm, env: NodeJS.ProcessEnv): string {
  if (form === "kubernetes") return SOCKET;
  const { socketPath, address } = findConnection(env);
  if (socketPath !== null) return socketPath;
  if (form === "swarm") return SOCKET;
  throw new UnsprawlError(
    "refused",
    `the engine is reached at ${address}, and the service would run beside the engine`,
    "run it on the engine's host, or set DOCKER_HOST=unix:///var/run/docker.sock",
  );
}

/** Who may use the socket: as given, otherwise as it is on this machine. */
function groupFor(form: InstallForm, socket: string, said: string | null, notes: string[]): string {
  const flag = "--socket-group";
  if (said !== null) {
    if (form === "systemd" ? /^[\w-]+$/.test(said) : /^\d+$/.test(said)) return said;
    const what = form === "systemd" ? "a group" : "a group's number, which is what a container knows";
    throw new UnsprawlError("usage", `${flag}: not ${what}: ${JSON.stringify(said)}`, cmd`stat -c %g ${socket}`);
  }
  const gid = statSync(socket, { throwIfNoEntry: false })?.gid ?? null;
  if (form === "systemd") return gid === null ? "docker" : (groupName(gid) ?? String(gid));
  if (gid === null)
    throw new UnsprawlError(
      "usage",
      `there is no ${socket} here to learn its group from: ${flag} GID`,
      cmd`on the engine's host: stat -c %g ${socket}`,
    );
  if (form !== "compose")
    notes.push(`group ${gid} may use the socket of this machine; where others differ: ${flag} GID`);
  return String(gid);
}

function groupName(gid: number): string | null {
  try {
    const line = readFileSync("/etc/group", "utf8")
      .split("\n")
      .find((one) => one.split(":")[2] === String(gid));
    return line?.split(":")[0] || null;
  } catch {
    return null;
  }
}

function secretsOf({ secrets, fleet, cwd }: InstallRequest): InstallSettings["secrets"] {
  const given = secrets.map((one) => {
    const at = one.indexOf("=");
    const [name, file] = [one.slice(0, Math.max(at, 0)), one.slice(at + 1)];
    // eslint-disable-next-line no-control-regex
    if (!NAME.test(name) || file === "" || /[\u0000-\u001f]/.test(file))
      throw new UnsprawlError(
        "usage",
        `--secret takes NAME=FILE, not ${JSON.stringify(one)}`,
        "such as hook.key=/etc/unsprawl/hook.key",
      );
    return { name, file: resolve(cwd, file) };
  });
  const database = "database.url";
  if (!fleet || given.some(({ name }) => name === database)) return given;
  return [...given, { name: database, file: resolve(cwd, database) }];
}
