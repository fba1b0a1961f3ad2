import { readFileSync } from "node:fs";
import { processSpace } from "./lock.ts";

/** A process of this machine, for as long as it is up: its number is used again. Throws where there is none. */
export function processId(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // proc_pid_stat(5): the name in parentheses may hold anything; "starttime" is the 20th field after it.
  return `${pid} ${stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]} ${processSpace()}`;
}

/** Whether the process of this id is still at work; a zombie is not. */
export function isAtWork(id: string): boolean {
  const pid = id.split(" ")[0] ?? "";
  try {
    return processId(Number(pid)) === id && !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
  } catch {
    return false;
  }
}
