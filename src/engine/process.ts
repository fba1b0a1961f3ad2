import { readdirSync, readFileSync } from "node:fs";
import { readChecked } from "../kit/io/read.ts";
import { openEntry } from "../kit/io/walk.ts";
import { Secret } from "../model/secret.ts";

/**
 * A variable of a running process on this host, from /proc/PID/environ (proc(5)); null if it is unset or unreadable.
 */
function processVariable(pid: number, name: string): Secret | null {
  let environ: Buffer;
  try {
    environ = readFileSync(`/proc/${pid}/environ`);
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

/**
 * Whether the process or one of its descendants has these bytes in a variable: behind an init (`docker run --init`) the
 * application is not the container's first process.
 */
export function treeHasVariable(pid: number, name: string, value: Secret): boolean {
  const seen = new Set<number>();
  const open = [pid];
  for (let at = open.pop(); at !== undefined && seen.size < MOST_PROCESSES; at = open.pop()) {
    if (seen.has(at)) continue;
    seen.add(at);
    if (processVariable(at, name)?.equals(value)) return true;
    open.push(...childrenOf(at));
  }
  return false;
}

/** Whether a process still is the shell that runs this script, or cannot be looked at. */
export function runsScript(pid: number, path: string): boolean {
  try {
    const argv = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
    return argv.length < 2 || argv[1] === path;
  } catch {
    return true;
  }
}

const MOST_PROCESSES = 200;

/** Source: proc_pid_task_tid_children(5); each thread has its own list. */
function childrenOf(pid: number): number[] {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    const lists = threads.map((thread) => readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8"));
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
    const place = await openEntry(path, `/proc/${pid}/root`);
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
