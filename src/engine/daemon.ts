import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { findNodeAtLocation, parseTree, type Node } from "jsonc-parser";
import { UnsprawlError } from "../model/error.ts";
import type { Engine } from "./engine.ts";

/** The engine's process on this host and its configuration file. */
export type Daemon = { readonly pid: number; readonly configFile: string };

const DEFAULT_CONFIG = "/etc/docker/daemon.json";

/** Finds the dockerd that listens on this socket by the command lines in /proc, or null. */
export function findDaemon(socketPath: string, configFile: string | null): Daemon | null {
  const running = readdirSync("/proc").flatMap((entry) => {
    const argv = /^\d+$/.test(entry) ? commandLine(entry) : [];
    return /(^|\/)dockerd$/.test(argv[0] ?? "") && isRoots(entry) ? [{ pid: Number(entry), argv }] : [];
  });
  const exact = running.filter(({ argv }) =>
    argv.some((word) => word.replace(/^(--host=|-H=?|unix:\/\/)+/, "").replace(/^unix:\/\//, "") === socketPath),
  );
  // Under systemd the socket is inherited (`-H fd://`) and not on the command line.
  const found = exact[0] ?? (running.length === 1 ? running[0] : undefined);
  return found
    ? { pid: found.pid, configFile: configFile ?? flag(found.argv, "--config-file") ?? DEFAULT_CONFIG }
    : null;
}

/**
 * The text of `daemon.json` with the runtime added, or removed if `path` is null; every other byte is unchanged. Throws
 * `malformed` for a file that the engine would not accept either (dockerd(8): plain JSON, an object, `runtimes` a map).
 */
export function withRuntime(text: string, name: string, path: string | null): string {
  const source = text.trim() === "" ? "{}\n" : text;
  const root = parsed(source);
  const runtimes = findNodeAtLocation(root, ["runtimes"]);
  const entry = findNodeAtLocation(root, ["runtimes", name]);
  if (path === null) {
    if (!entry || !runtimes) return text;
    return without(source, (runtimes.children ?? []).length > 1 ? entry : runtimes);
  }
  const value = `{ "path": ${JSON.stringify(path)} }`;
  if (entry) {
    const old = findNodeAtLocation(root, ["runtimes", name, "path"]);
    const at = old?.type === "string" ? old : entry;
    return splice(source, at.offset, at.offset + at.length, at === old ? JSON.stringify(path) : value);
  }
  const property = `${JSON.stringify(name)}: ${value}`;
  return runtimes
    ? withProperty(source, runtimes, property)
    : withProperty(source, root, `"runtimes": { ${property} }`);
}

function parsed(source: string): Node {
  const broken = new UnsprawlError(
    "malformed",
    "the engine's daemon.json is not a JSON object with a map of runtimes",
    "fix it first: dockerd --validate --config-file FILE",
  );
  try {
    JSON.parse(source); // jsonc-parser reads comments and trailing commas too; the engine does not
  } catch {
    throw broken;
  }
  const root = parseTree(source);
  const runtimes = root?.type === "object" ? findNodeAtLocation(root, ["runtimes"]) : undefined;
  if (root?.type !== "object" || (runtimes && runtimes.type !== "object")) throw broken;
  return root;
}

/** Adds a property after the last one, with the same separator. */
function withProperty(source: string, object: Node, property: string): string {
  const last = object.children?.at(-1);
  if (!last) return splice(source, object.offset + 1, object.offset + 1, property);
  const before = object.children?.at(-2);
  const gap =
    /\s*$/.exec(source.slice(before ? before.offset + before.length : object.offset + 1, last.offset))?.[0] ?? "";
  const end = last.offset + last.length;
  return splice(source, end, end, `,${gap}${property}`);
}

/** Removes the property of a value, with its comma and white space. */
function without(source: string, value: Node): string {
  const property = value.parent;
  const siblings = property?.parent?.children ?? [];
  const at = siblings.findIndex((one) => one === property);
  const [before, self, after] = [siblings[at - 1], siblings[at], siblings[at + 1]];
  if (!self) return source;
  const end = self.offset + self.length;
  if (before) return splice(source, before.offset + before.length, end, "");
  return splice(source, self.offset, after ? after.offset : end, "");
}

function splice(text: string, from: number, to: number, put: string): string {
  return text.slice(0, from) + put + text.slice(to);
}

/**
 * Tells the engine to reload its configuration (dockerd(8): SIGHUP) and waits up to 5 s. Returns whether `ready`
 * accepted its runtimes.
 */
export async function reloadDaemon(
  daemon: Daemon,
  engine: Engine,
  ready: (runtimes: readonly string[]) => boolean,
): Promise<boolean> {
  process.kill(daemon.pid, "SIGHUP");
  for (let tries = 0; tries < 50; tries++) {
    await sleep(100);
    if (ready(Object.keys((await engine.info()).Runtimes ?? {}))) return true;
  }
  return false;
}

export function readDaemonConfig(file: string): string {
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}

/** Another user's process could call itself dockerd and name a file that root would then overwrite. */
function isRoots(pid: string): boolean {
  try {
    return statSync(`/proc/${pid}`).uid === 0;
  } catch {
    return false;
  }
}

function commandLine(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").filter(Boolean);
  } catch {
    return [];
  }
}

function flag(argv: readonly string[], name: string): string | null {
  for (const [at, word] of argv.entries()) {
    if (word === name) return argv[at + 1] ?? null;
    if (word.startsWith(`${name}=`)) return word.slice(name.length + 1);
  }
  return null;
}
