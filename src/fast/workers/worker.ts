import { parentPort } from "node:worker_threads";
import type { Spotted } from "../../contract/detector.ts";
import type { CachingDetector } from "../../detect/detector.ts";
import type { BatchBytes } from "../pool.ts";
import type { SpottedTexts, TextBlock } from "../reading.ts";
import { spotInBlock, spotInFile, type NamedFile, type SpottedFile } from "../spot.ts";
import {
  classifyBatch as judged,
  readBatch,
  type PackedVerdicts,
  type PackedValues,
  type BareBatch,
  type ReadDocument,
} from "./batch.ts";
import { detectorFor, type DetectTuning } from "../../detect/tuned.ts";

export type BareSpotted = Omit<Spotted, "value" | "part"> & { readonly value: Uint8Array; readonly part: Uint8Array };
/** What a thread answers about the files that it was asked about, in their order, or about the batch. */
export type WorkerReply = {
  readonly files?: readonly BareFile[];
  readonly batch?: BareBatch | null;
  readonly answered?: PackedVerdicts | null;
  readonly texts?: BareTexts;
  /** The block's bytes, which are handed back. */
  readonly bytes?: ArrayBuffer;
};
export type BareTexts = Omit<SpottedTexts, "spotted"> & {
  readonly spotted: readonly (BareSpotted & { readonly piece: number })[];
};
export type BareFile = Omit<SpottedFile, "spotted"> & { readonly spotted: readonly BareSpotted[] };
export type WorkerJob =
  | { readonly kind: "files"; readonly files: readonly NamedFile[] }
  | { readonly kind: "texts"; readonly block: TextBlock }
  | { readonly kind: "batch"; readonly batch: BatchBytes }
  | { readonly kind: "asked"; readonly asked: PackedValues };

/** A thread of the pool (see pool.ts): gets the tuning, makes its detector, then answers one job after the other. */
export function runWorker(readDocument: ReadDocument): void {
  parentPort?.once("message", ({ tuning }: { tuning: DetectTuning }) => answerWith(tuning, readDocument));
}

function answerWith(tuning: DetectTuning, readDocument: ReadDocument): void {
  const made = detectorFor(tuning);
  made.catch(() => undefined); // told with the first job
  // The thread that asks has a cache of what was dismissed.
  const forAsked = made.then(() => detectorFor(tuning, false));
  forAsked.catch(() => undefined);
  const answer = (job: WorkerJob, detector: CachingDetector): WorkerReply => {
    if (job.kind === "texts") {
      const { spotted, unread } = spotInBlock(job.block, detector);
      return { texts: { spotted: spotted.map(bare), unread }, bytes: job.block.bytes.buffer };
    }
    if (job.kind === "asked") return { answered: judged(job.asked, detector) };
    return job.kind === "files"
      ? { files: job.files.map((file) => bareFile(spotInFile(file, detector))) }
      : { batch: readBatch(job.batch, readDocument, detector) };
  };
  parentPort?.on("message", ({ id, job }: { id: number; job: WorkerJob }) => {
    (job.kind === "asked" ? forAsked : made)
      .then((detector) => {
        const reply = answer(job, detector);
        parentPort?.postMessage({ id, answer: reply }, reply.bytes === undefined ? [] : [reply.bytes]);
      })
      .catch((error: unknown) => parentPort?.postMessage({ id, error: (error as Error).message }));
  });
}

function bareFile({ spotted, ...rest }: SpottedFile): BareFile {
  return { ...rest, spotted: spotted.map(bare) };
}

/** As it is handed from thread to thread: a `Secret` would arrive empty. */
function bare<Hit extends Spotted>(hit: Hit): Omit<Hit, "value" | "part"> & BareSpotted {
  return { ...hit, value: hit.value.expose(), part: hit.part.expose() };
}
