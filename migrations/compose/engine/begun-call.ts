import { setTimeout as sleep } from "node:timers/promises";
import type { Work } from "../../../src/contract/migration.ts";
import { isAtWork, processId } from "../../../src/kit/io/process-id.ts";

/*
 * A run that is killed leaves its `docker compose` at work, which still stops and removes containers. What comes after
 * the run waits for it.
 */

const PATIENCE_MS = 120_000;
const TICK_MS = 200;

/** Records the process of a call that changes containers; `callEnded` records that it has ended. */
export function recordCall(id: string, pid: number, { record }: Pick<Work, "record">): void {
  try {
    record.intent(`${id}/compose`, { process: processId(pid) });
  } catch {
    // It has ended already, or this system does not say: then there is nothing to wait for.
  }
}

export function callEnded(id: string, { record }: Pick<Work, "record">): void {
  if (record.last(`${id}/compose`) !== null) record.done(`${id}/compose`);
}

/** Waits for the call of a run that was killed, and ends it if it takes too long. Whether there was such a call. */
export async function awaitCall(id: string, { record, phase }: Pick<Work, "record" | "phase">): Promise<boolean> {
  const began = record.last(`${id}/compose`)?.["process"];
  if (typeof began !== "string") return false;
  for (const until = Date.now() + PATIENCE_MS; isAtWork(began); await sleep(TICK_MS)) {
    phase("waiting for the Docker Compose of the run that was killed", PATIENCE_MS);
    if (Date.now() > until) process.kill(Number(began.split(" ")[0]), "SIGKILL");
  }
  return true;
}
