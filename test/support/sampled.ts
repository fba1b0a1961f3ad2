import { readdirSync, readFileSync, readlinkSync } from "node:fs";

const OWN_NAMESPACE = readlinkSync("/proc/self/ns/pid");
const TICK_MS = 4;
const LOOKS = 50;

/** Something that unsprawl, or a process that it (or the engine) started, showed to the host for a moment. */
export type Shown = { readonly where: string; readonly text: string };

/**
 * Reads command line and environment of every process that begins from now on, but for what is inside a container:
 * unsprawl's own descendants, and those of the engine, whose shims do not stay its children.
 */
export function startSampling(): { stop(): readonly Shown[] } {
  const known = new Set(readdirSync("/proc"));
  const young = new Map<string, number>();
  const seen = new Map<string, Shown>();
  let newest = newestPid();
  const timer = setInterval(() => {
    // A list of all processes costs far more than this number, which changes with every one that begins.
    const now = newestPid();
    if (now !== newest) for (const pid of readdirSync("/proc")) if (isNew(pid, known)) young.set(pid, 0);
    newest = now;
    for (const [pid, looks] of young) {
      // A process may become another program for a while after it began.
      if (looks >= LOOKS || !look(pid, seen)) young.delete(pid);
      else young.set(pid, looks + 1);
    }
  }, TICK_MS);
  return {
    stop() {
      clearInterval(timer);
      return [...seen.values()];
    },
  };
}

function newestPid(): string {
  return readFileSync("/proc/loadavg", "latin1").split(" ").at(-1) ?? "";
}

function isNew(pid: string, known: Set<string>): boolean {
  if (known.has(pid) || !/^\d+$/.test(pid)) return false;
  known.add(pid);
  return true;
}

/** Whether it is worth another look: it still runs, and outside containers. */
function look(pid: string, seen: Map<string, Shown>): boolean {
  try {
    if (readlinkSync(`/proc/${pid}/ns/pid`) !== OWN_NAMESPACE) return false;
    for (const what of ["cmdline", "environ"]) {
      const text = readFileSync(`/proc/${pid}/${what}`, "utf8");
      if (text !== "") seen.set(`${what}\0${text}`, { where: `/proc/${pid}/${what}`, text });
    }
    return true;
  } catch {
    return false;
  }
}
