import { posix } from "node:path";
import type { DeliverySubject } from "../contract/delivery.ts";

export type EntrypointScript = { readonly path: string; readonly text: string };

export const MOST_SCRIPTS = 12;
/** How many places are looked at for scripts: an image may name very many, and each is a question to the engine. */
const MOST_PLACES = 100;
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
    // What follows is a shell's program text, not a file.
    if (/^-[a-z]*c$/.test(word)) break;
    if (word.startsWith("-") || !isPath(word)) continue;
    const script = await readScript(subject, word);
    if (script) {
      await withSourced(subject, script, scripts);
      break;
    }
  }
  return scripts;
}

/** Whether Linux could have a file of this name; an engine answers with an unnamed error for any other. */
function isPath(word: string): boolean {
  const parts = word.split("/").map((part) => Buffer.byteLength(part));
  return !word.includes("\0") && Buffer.byteLength(word) <= LONGEST_PATH && parts.every((length) => length <= 255);
}

/**
 * Whether a script reads NAME_FILE: it expands NAME_FILE outside comments, or passes NAME to a function of the
 * `file_env` family (docker-library's convention), or the name that NAME is derived from there.
 */
export function readsFileForm(script: string, name: string): boolean {
  const lines = codeOf(script);
  // A shell reads it by its `$`: in a list, it may be one that is refused, as in RabbitMQ's. Other languages quote it.
  const mark = /^#!.*(?:sh|bash)\b/.test(script) || !script.startsWith("#!") ? "\\$\\{?!?" : "[\"'`]";
  const direct = new RegExp(`${mark}${escaped(name)}_FILE(?!\\w)`);
  const listed = new RegExp(`\\b${escaped(name)}_FILE(?!\\w)`);
  const passed = [name, ...namesBehind(lines, name)].map((one) => new RegExp(`(?<!\\w)${escaped(one)}(?!\\w)`, "i"));
  return lines.some(
    (line) =>
      direct.test(line) ||
      listsOf(line).some((list) => listed.test(list)) ||
      passed.some((itself) => itself.test(argumentsOfReader(line))),
  );
}

/** What the loops of a line go through: each text is read once, however many loops it seems to begin. */
function listsOf(line: string): readonly string[] {
  return Array.from(line.matchAll(/\bfor \w{1,100} in ([^;]*)/g), ([, list = ""]) => list);
}

/**
 * Whether a script reads NAME__FILE of every variable with a prefix, as Grafana's run.sh does:
 * `for VAR in $(env | grep '^GF_[^=]\+__FILE=.\+' …)`.
 */
export function readsPrefixedFiles(script: string, name: string): boolean {
  return codeOf(script).some((line) => {
    const [, prefix] = /\^([A-Z][A-Z0-9]*_)[^\s'"]{0,20}__FILE/.exec(line) ?? [];
    return prefix !== undefined && name.startsWith(prefix);
  });
}

/** The lines of a script that are no comments, each with what continues it. */
export function codeOf(script: string): readonly string[] {
  return script
    .replace(/\\\n/g, " ")
    .split("\n")
    .filter((line) => !/^\s*#/.test(line));
}

/** Names that a reader is called with for this one: MariaDB makes `MARIADB_${var#MYSQL_}` of the name that it is passed. */
export function namesBehind(lines: readonly string[], name: string): readonly string[] {
  return lines.flatMap((line) => {
    const [, prefix, other] = /\b([A-Z]{1,30}_)\$\{\w{1,30}#([A-Z]{1,30}_)\}/.exec(line) ?? [];
    return prefix !== undefined && other !== undefined && name.startsWith(prefix)
      ? [other + name.slice(prefix.length)]
      : [];
  });
}

const escaped = (name: string): string => name.replace(/[^\w]/g, "\\$&");

/**
 * The path of an s6-overlay image's script that reads FILE__NAME (linuxserver/docker-baseimage-*); null if there is
 * none.
 */
export async function readsPrefix(subject: DeliverySubject): Promise<string | null> {
  for (const path of ["/etc/s6-overlay/s6-rc.d/init-envfile/run", "/etc/cont-init.d/01-envfile"])
    if ((await subject.readFile(path))?.includes("FILE__")) return path;
  return null;
}

/** The functions of docker-library's convention, by their names. */
export const READER = /(?:file_env|file_var|load_secret|secret_file|env_from_file)(?:\w{0,200}\b)/i;

/**
 * The arguments that the line passes to a function of the `file_env` family, without a trailing comment; empty if it
 * calls none.
 */
function argumentsOfReader(line: string): string {
  const found = READER.exec(line);
  if (found === null) return "";
  return line.slice(found.index + found[0].length).split("#", 1)[0] ?? "";
}

/** The text of a script that a word names, found as the engine finds programs; null for anything but a script. */
export async function scriptText(subject: DeliverySubject, word: string): Promise<string | null> {
  return (await readScript(subject, word))?.text ?? null;
}

async function readScript(subject: DeliverySubject, word: string): Promise<EntrypointScript | null> {
  const paths = word.startsWith("/")
    ? [word]
    : word.includes("/")
      ? [posix.join("/", word)]
      : [...new Set(subject.path.split(":", MOST_PLACES))].map((dir) => posix.join("/", dir, word));
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
  asked = new Set<string>(),
): Promise<void> {
  if (into.length >= MOST_SCRIPTS || into.some((one) => one.path === script.path)) return;
  into.push(script);
  for (const match of script.text.matchAll(/^[ \t]*(?:\.|source)[ \t]+["']?([^\s"';&|)]+)/gm)) {
    const [, written = ""] = match;
    if (written.length > LONGEST_PATH) continue;
    const named = written.replace(/^.*\$\(\s*dirname[^)]*\)"?\/?|^\$\{?\w+\}?\//, `${posix.dirname(script.path)}/`);
    if (named.includes("$")) continue;
    const path = named.startsWith("/") ? named : posix.join(posix.dirname(script.path), named);
    if (!isPath(path) || asked.has(path)) continue;
    if (asked.size === MOST_PLACES) return;
    asked.add(path);
    const bytes = await subject.readFile(path);
    if (bytes) await withSourced(subject, { path, text: bytes.toString("utf8") }, into, asked);
  }
}
