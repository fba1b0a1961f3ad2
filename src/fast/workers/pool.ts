import { availableParallelism } from "node:os";
import { setFlagsFromString } from "node:v8";
import type { Spotted } from "../../contract/detector.ts";
import { Secret } from "../../model/secret.ts";
import { giveBackBlock } from "../block.ts";
import type { WorkerPool } from "../pool.ts";
import type { SpottedFile } from "../spot.ts";
import { questionsOf, parse, unwrapBatch, withAnswers, type ReadDocument } from "./batch.ts";
import { DismissedCache } from "../../detect/dismissed.ts";
import type { DetectTuning } from "../../detect/tuned.ts";
import { openThread } from "./thread.ts";
import type { WorkerReply, BareSpotted, WorkerJob } from "./worker.ts";

/** More threads than this do not pay: then reading takes most of the time. */
const MOST = 8;

/**
 * Starts worker threads on the first job. `tuning` is what the configuration says about detection; each thread makes
 * its own detector from it. A thread that fails fails the jobs it had, never the process.
 */
export function openPool(tuning: DetectTuning, readDocument: ReadDocument): WorkerPool {
  const size = Math.min(MOST, availableParallelism());
  const hands: PoolWorker[] = [];
  // A custom rule may ask for the path, so a value that was dismissed in one place may count in another.
  const cleared = tuning.ruleSets.length === 0 ? new DismissedCache(true) : null;
  const hand = (most: number): PoolWorker => {
    const idle = hands.find((one) => one.waiting === 0);
    if (idle !== undefined) return idle;
    if (hands.length < most) hands.push(startHand(tuning));
    return hands.reduce((least, one) => (one.waiting < least.waiting ? one : least));
  };
  return {
    size,
    files: async (files) => {
      const answer = await hand(size).ask({ kind: "files", files });
      return (answer.files ?? []).map((one): SpottedFile => ({ ...one, spotted: one.spotted.map(unwrap) }));
    },
    texts: async (block) => {
      const answer = await hand(size).ask({ kind: "texts", block }, [block.bytes.buffer]);
      if (answer.bytes !== undefined) giveBackBlock(answer.bytes);
      const { spotted = [], unread = [] } = answer.texts ?? {};
      return { spotted: spotted.map(({ piece, ...one }) => ({ ...unwrap(one), piece })), unread };
    },
    batch: async (batch) => {
      // The thread that hands out batches also parses some of them.
      const answer = await hand(Math.max(1, size - 1)).ask({ kind: "batch", batch });
      return answer.batch ? unwrapBatch(answer.batch) : null;
    },
    batchHere: async (batch) => {
      const parsed = parse(batch, readDocument, (where, entry, value) => cleared?.has(where, entry, value) === true);
      if (parsed === null) return null;
      const { answered = null } = await hand(Math.max(1, size - 1)).ask({ kind: "asked", asked: questionsOf(parsed) });
      if (answered === null) return null;
      return withAnswers(parsed, answered, ({ name, value, location: { where }, lead }) =>
        cleared?.add({ name, value, where, ...(lead !== undefined && { lead }) }, CLEARED),
      );
    },
    close: async () => {
      await Promise.all(hands.map((one) => one.close()));
    },
  };
}

const CLEARED = { secret: false, rule: null, score: 0, confidence: "high", why: [] } as const;

function unwrap({ value, part, ...rest }: BareSpotted): Spotted {
  return { ...rest, value: Secret.of(value), part: Secret.of(part) };
}

type PoolWorker = {
  readonly waiting: number;
  ask(job: WorkerJob, handedOver?: readonly ArrayBuffer[]): Promise<WorkerReply>;
  close(): Promise<unknown>;
};

function startHand(tuning: DetectTuning): PoolWorker {
  const worker = openThread();
  worker.postMessage({ tuning });
  // Node's code and the program's code are loaded from their caches only as long as these settings stay the same.
  worker.once("message", setFlags);
  const open = new Map<number, { resolve: (answer: WorkerReply) => void; reject: (error: Error) => void }>();
  let next = 0;
  worker.on("message", ({ id, answer, error }: { id: number; answer?: WorkerReply; error?: string }) => {
    const waiting = open.get(id);
    open.delete(id);
    if (open.size === 0) worker.unref();
    if (answer !== undefined) waiting?.resolve(answer);
    else waiting?.reject(new Error(error));
  });
  worker.on("error", (error: Error) => {
    for (const { reject } of open.values()) reject(error);
    open.clear();
  });
  return {
    get waiting() {
      return open.size;
    },
    ask: (job, handedOver = []) =>
      new Promise((resolve, reject) => {
        const id = next++;
        open.set(id, { resolve, reject });
        worker.ref();
        worker.postMessage({ id, job }, handedOver);
      }),
    close: () => {
      // A late answer would unreference the thread, and the process would end before the thread has.
      worker.removeAllListeners("message");
      return worker.terminate();
    },
  };
}

function setFlags(): void {
  // What this thread makes of a batch is dropped at once: a young generation that grows would use 64 MiB for nothing.
  setFlagsFromString("--semi-space-growth-factor=1");
  // A young generation that begins at 1 MiB is collected in the middle of each batch, when all of it is still in use.
  setFlagsFromString("--min-semi-space-size=4");
  // V8's last compiler takes a tenth of a short scan for code that is hardly faster before the scan ends. Like the
  // settings above, this is a number that V8 reads whenever it needs it; other V8 settings must not be changed in a
  // running process (`--no-regexp-tier-up`, which would be as fast, occasionally crashes it).
  setFlagsFromString("--invocation-count-for-turbofan=50000");
}
