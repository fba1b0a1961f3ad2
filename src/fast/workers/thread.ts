import { statSync } from "node:fs";
import type { Worker } from "node:worker_threads";
import { startDetectWorker } from "../../kit/program.ts";

/** An inspect file with fewer bytes may be a single batch, which needs no thread. */
const LARGE = 1 << 20;

/** Started before it was requested. */
let early: Worker | null = null;

/**
 * A thread that classifies (see worker.ts) and waits for its tuning; the one that was started early, if there is one.
 */
export function openThread(): Worker {
  const ready = early;
  early = null;
  ready?.removeAllListeners("error");
  return ready ?? start();
}

/** Starts a thread if the words of a scan's command line name a source that will need one. */
export function startEarly(words: readonly string[]): void {
  if (!words.some(isLarge)) return;
  early ??= start();
  // A thread that cannot be started reports it when it is used.
  early.once("error", () => (early = null));
}

/** Folders and layers are read in threads, and so are large inspect files. */
function isLarge(word: string): boolean {
  if (word.startsWith("dir:") || word === "--layers") return true;
  try {
    return word.startsWith("inspect:") && statSync(word.slice("inspect:".length)).size > LARGE;
  } catch {
    return false; // told where it is read
  }
}

function start(): Worker {
  const worker = startDetectWorker({ resourceLimits: { maxYoungGenerationSizeMb: 16 } });
  worker.unref();
  return worker;
}
