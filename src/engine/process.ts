import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { basename } from "node:path";
import { readChecked } from "../kit/io/read.ts";
import { openEntry } from "../kit/io/walk.ts";
import { Secret } from "../model/secret.ts";

let folder = "/proc";

/** From now on processes are looked at below this folder, another mount of the host's /proc. */
export function lookAtProcessesIn(proc: string): void {
  folder = proc;
}

/**
 * A variable of a running process on this host, from /proc/PID/environ (proc(5)); null if it is unset or unreadable.
 */
function processVariable(pid: number, name: string): Secret | null {
  let environ: Buffer;
  try {
    environ = readFileSync(`${folder}/${pid}/environ`);
  } catch {
    return null;
  }
  const wanted = Buffer.from(`${name}=`);
  for (let from = 0; from < environ.length;) {
    const to = environ.indexOf(0, from);
    const end = to < 0 ? environ.length : to;
    if (environ.subarray(from, from + wanted.length).equals(wanted))
      return Secret.of(environ.subarray(from + wanted.length, end));
    from = end + 1;
  }
  return null;
}

/** Recognises a value: by its bytes, or by a digest of them. */
export type IsValue = (found: Secret) => boolean;

/**
 * Whether the process or one of its descendants has the value in a variable: behind an init (`docker run --init`) the
 * application is not the container's first process.
 */
export function treeHasVariable(pid: number, name: string, isValue: IsValue): boolean {
  return treeOf(pid).some((one) => hasVariable(one, name, isValue));
}

function hasVariable(pid: number, name: string, isValue: IsValue): boolean {
  const found = processVariable(pid, name);
  return found !== null && isValue(found);
}

/** The programs below a container's first process, and whether its entrypoint's script still runs there. */
export type RunningPrograms = {
  /** Each with whether one of its processes has the value in a variable. What stands here may hold anything. */
  readonly programs: ReadonlyMap<string, boolean>;
  readonly inScript: boolean;
};

/**
 * Looks for the value in a variable of each program. The entrypoint's own script, and an init that was given it, are no
 * programs: what the script reads from a file reaches only what it starts.
 */
export function programsOf(
  pid: number,
  name: string,
  isValue: IsValue,
  entrypoint: readonly string[],
): RunningPrograms {
  const scripts = new Set(
    entrypoint
      .filter((word, at) => (at === 0 && !NO_SCRIPT.test(word)) || SCRIPT.test(word))
      .map((word) => basename(word)),
  );
  const programs = new Map<string, boolean>();
  let inScript = false;
  for (const one of treeOf(pid)) {
    const argv = argvOf(one);
    const isScript = argv.some((word, at) => (at > 0 || isShell(one)) && scripts.has(basename(word)));
    inScript ||= isScript;
    const id = programOf(one, argv);
    if (id === null || isScript) continue;
    programs.set(id, programs.get(id) === true || hasVariable(one, name, isValue));
  }
  return { programs, inScript };
}

/** Words of an entrypoint that are scripts, behind an init: `tini -- docker-entrypoint.sh`. */
const SCRIPT = /\.(?:ba)?sh$|entrypoint|^\/init$/;
const NO_SCRIPT = /(?:^|\/)(?:(?:ba|da|a|k|z)?sh|tini|dumb-init|env)$/;

function isShell(pid: number): boolean {
  try {
    return /(?:sh|busybox)$/.test(readlinkSync(`${folder}/${pid}/exe`));
  } catch {
    return false;
  }
}

/** Whether a process below this one still is a shell that runs this script, or cannot be looked at. */
export function runsScript(pid: number, path: string): boolean {
  return treeOf(pid).some((one) => {
    const argv = argvOf(one);
    return argv.length < 2 ? one === pid : argv.includes(path);
  });
}

/** By its file, its own name (BusyBox is one file for all of its programs) and the first words that it was called with. */
function programOf(pid: number, [own = "", script = ""]: readonly string[]): string | null {
  try {
    const name = basename(own).split(/[ :]/, 1)[0] ?? "";
    return [readlinkSync(`${folder}/${pid}/exe`), name, script.startsWith("-") ? "" : script].join(" ");
  } catch {
    return null;
  }
}

function argvOf(pid: number): readonly string[] {
  try {
    return readFileSync(`${folder}/${pid}/cmdline`, "utf8").split("\0").slice(0, -1);
  } catch {
    return [];
  }
}

function treeOf(pid: number): readonly number[] {
  const seen = new Set([pid]);
  for (const one of seen) if (seen.size < MOST_PROCESSES) for (const child of childrenOf(one)) seen.add(child);
  return [...seen];
}

const MOST_PROCESSES = 200;

/** Source: proc_pid_task_tid_children(5); each thread has its own list. */
function childrenOf(pid: number): number[] {
  try {
    const threads = readdirSync(`${folder}/${pid}/task`);
    const lists = threads.map((thread) => readFileSync(`${folder}/${pid}/task/${thread}/children`, "utf8"));
    return lists.flatMap((list) => list.split(" ").map(Number).filter(Boolean));
  } catch {
    return [];
  }
}

/**
 * A file as a running process sees it, below /proc/PID/root and following links within it; null if it is not there.
 * Never opens what the process may have put in its place, such as a pipe or a link that leaves its root.
 */
export async function processFile(pid: number, path: string): Promise<Secret | null> {
  try {
    const place = await openEntry(path, `${folder}/${pid}/root`);
    try {
      return Secret.of(readChecked(place.at(place.name), { link: false, limit: LARGEST_VALUE }));
    } finally {
      place.close();
    }
  } catch {
    return null;
  }
}

const LARGEST_VALUE = 16 * 1024 * 1024;
