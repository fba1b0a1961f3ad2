import { lstatSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { processId } from "../kit/io/process-id.ts";
import { readChecked } from "../kit/io/read.ts";
import { isTrusted } from "../kit/io/owner.ts";
import { jsonText } from "../kit/text/escape.ts";
import { makeFolders } from "../kit/io/folders.ts";

const FOLDER = "pulse";
const BEAT_MS = 5000;
/** A process that could not touch its file for this long does nothing else either. */
const LATE_MS = 60_000;

export type Service = "agent" | "watch" | "fleet-serve" | "fleet-worker";

/**
 * Touches a file in the state folder every few seconds until it is stopped. The timer is the service's own: a process that
 * hangs, is stopped or cannot write its state misses it.
 */
export function startPulse(state: string, service: Service): { stop(): void } {
  const file = join(state, FOLDER, service);
  const beat = (): void => {
    try {
      const now = new Date();
      utimesSync(file, now, now);
    } catch {
      // No reason for a service to end: its file is late then, and that is noticed.
    }
  };
  try {
    const folder = join(state, FOLDER);
    makeFolders(folder, 0o700);
    const stat = lstatSync(folder);
    if (!stat.isDirectory() || !isTrusted(stat.uid)) return { stop: () => undefined };
    // A link that somebody put there is removed, not followed.
    rmSync(file, { force: true });
    writeFileSync(file, jsonText({ version: 1, process: processId(process.pid) }), { mode: 0o600, flag: "wx" });
  } catch {
    return { stop: () => undefined };
  }
  const timer = setInterval(beat, BEAT_MS).unref();
  return {
    stop() {
      clearInterval(timer);
      try {
        rmSync(file, { force: true });
      } catch {
        // The state folder can no longer be written. The file is of a process that has ended, and is replaced by the next.
      }
    },
  };
}

export type ServicePulse = { readonly service: string; readonly agoMs: number; readonly alive: boolean };

/**
 * The services with this state folder that run beside this process, in the same container or on the host itself. Those that
 * ended leave no file, and what a killed one left does not count.
 */
export function servicePulses(state: string, now = Date.now()): readonly ServicePulse[] {
  const folder = join(state, FOLDER);
  return namesIn(folder).flatMap((service) => {
    try {
      const { process: id } = JSON.parse(readChecked(join(folder, service), { link: false }).toString()) as {
        readonly process: string;
      };
      if (id !== processId(Number(id.split(" ")[0]))) return [];
      const agoMs = Math.max(0, now - statSync(join(folder, service)).mtimeMs);
      return [{ service, agoMs, alive: agoMs < LATE_MS }];
    } catch {
      return [];
    }
  });
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}
