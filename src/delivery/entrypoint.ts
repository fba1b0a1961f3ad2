import { posix } from "node:path";
import type { DeliverySubject } from "../contract/delivery.ts";

export type EntrypointScript = { readonly path: string; readonly text: string };

const MOST_SCRIPTS = 12;
/** Longest accepted path of a sourced file, in characters. */
const LONGEST_PATH = 1024;

/**
 * The shell scripts that run before the application: the entrypoint, found on PATH as the engine does, behind init
 * wrappers (`tini --`, `dumb-init`) and shells (`sh script`), and the files it sources.
 */
export async function entrypointScripts(subject: DeliverySubject): Promise<EntrypointScript[]> {
  const argv = subject.entrypoint.length > 0 ? subject.entrypoint : subject.cmd;
  const scripts: EntrypointScript[] = [];
  for (const word of argv.slice(0, 6)) {
    if (word.startsWith("-")) continue;
    const script = await readScript(subject, word);
    if (script) {
      await withSourced(subject, script, scripts);
      break;
    }
  }
  return scripts;
}

/**
 * Whether a script reads NAME_FILE: it mentions NAME_FILE outside comments, or passes NAME to a function of the
 * `file_env` family (docker-library's convention; MariaDB has docker_process_… and _mariadb_file_env).
 */
export function readsFileForm(script: string, name: string): boolean {
  const quoted = name.replace(/[^\w]/g, "\\$&");
  const direct = new RegExp(`(?<![\\w])${quoted}_FILE(?!\\w)`);
  const itself = new RegExp(`(?<!\\w)${quoted}(?!\\w)`, "i");
  return script
    .replace(/\\\n/g, " ")
    .split("\n")
    .some((line) => !/^\s*#/.test(line) && (direct.test(line) || itself.test(argumentsOfReader(line))));
}

/**
 * The path of an s6-overlay image's script that reads FILE__NAME (linuxserver/docker-baseimage-*); null if there is
 * none.
 */
export async function readsPrefix(subject: DeliverySubject): Promise<string | null> {
  for (const path of ["/etc/s6-overlay/s6-rc.d/init-envfile/run", "/etc/cont-init.d/01-envfile"])
    if ((await subject.readFile(path))?.includes("FILE__")) return path;
  return null;
}

/**
 * The arguments that the line passes to a function of the `file_env` family, without a trailing comment; empty if it
 * calls none.
 */
function argumentsOfReader(line: string): string {
  const found = /(?:file_env|file_var|load_secret|secret_file|env_from_file)(?:\w{0,200}\b)/i.exec(line);
  if (found === null) return "";
  return line.slice(found.index + found[0].length).split("#", 1)[0] ?? "";
}

async function readScript(subject: DeliverySubject, word: string): Promise<EntrypointScript | null> {
  const paths = word.startsWith("/")
    ? [word]
    : word.includes("/")
      ? [posix.join("/", word)]
      : subject.path.split(":").map((dir) => posix.join("/", dir, word));
  for (const path of paths) {
    const bytes = await subject.readFile(path);
    if (bytes === null) continue;
    const isScript = bytes.subarray(0, 2).toString() === "#!" || /\.(sh|bash)$/.test(path);
    return isScript ? { path, text: bytes.toString("utf8") } : null;
  }
  return null;
}

async function withSourced(
  subject: DeliverySubject,
  script: EntrypointScript,
  into: EntrypointScript[],
): Promise<void> {
  if (into.length >= MOST_SCRIPTS || into.some((one) => one.path === script.path)) return;
  into.push(script);
  for (const match of script.text.matchAll(/^[ \t]*(?:\.|source)[ \t]+["']?([^\s"';&|)]+)/gm)) {
    const [, written = ""] = match;
    if (written.length > LONGEST_PATH) continue;
    const named = written.replace(/^.*\$\(\s*dirname[^)]*\)"?\/?|^\$\{?\w+\}?\//, `${posix.dirname(script.path)}/`);
    if (named.includes("$")) continue;
    const path = named.startsWith("/") ? named : posix.join(posix.dirname(script.path), named);
    const bytes = await subject.readFile(path);
    if (bytes) await withSourced(subject, { path, text: bytes.toString("utf8") }, into);
  }
}
