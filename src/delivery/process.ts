import { readFileSync } from "node:fs";
import { Secret } from "../model/secret.ts";

/** A variable of a running process on this host, from /proc/PID/environ (proc(5)); null when it is not set or unreadable. */
export function processVariable(pid: number, name: string): Secret | null {
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

/** A file as a running process sees it, through /proc/PID/root; null when it is not there. */
export function processFile(pid: number, path: string): Secret | null {
  try {
    return Secret.of(readFileSync(`/proc/${pid}/root${path}`));
  } catch {
    return null;
  }
}
