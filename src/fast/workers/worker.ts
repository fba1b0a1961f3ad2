import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { parentPort } from "node:worker_threads";
import type { BatchBytes, Detector, DetectedFile, Spotted, TextBlock } from "../../contract/detector.ts";
import {
  answer as judged,
  readBatch,
  type PackedVerdicts,
  type PackedValues,
  type BareBatch,
  type ReadDocument,
} from "./batch.ts";
import { detectorFor, type DetectTuning } from "../../detect/tuned.ts";

export type BareSpotted = Omit<Spotted, "value" | "part"> & { readonly value: Uint8Array; readonly part: Uint8Array };
/** What a thread says of the files that it was asked about, in their order, or of the batch. */
export type WorkerReply = {
  readonly files?: readonly BareFile[];
  readonly batch?: BareBatch | null;
  readonly answered?: PackedVerdicts;
  readonly texts?: readonly BareText[];
};
export type BareText = BareSpotted & { readonly piece: number };
export type BareFile = Omit<DetectedFile, "spotted"> & { readonly spotted: readonly BareSpotted[] };
export type WorkerJob =
  | { readonly kind: "files"; readonly files: readonly string[] }
  | { readonly kind: "texts"; readonly block: TextBlock }
  | { readonly kind: "batch"; readonly batch: BatchBytes }
  | { readonly kind: "asked"; readonly asked: PackedValues };

/** A file is read in pieces of this size, which overlap: the longest secret fits into the overlap. */
const PIECE = 16 * 1024 * 1024;
const OVERLAP = 64 * 1024;

/** A thread of the crew (see crew.ts): told the tuning, makes its own detector, then answers one job after the other. */
export function work(readDocument: ReadDocument): void {
  parentPort?.once("message", ({ tuning }: { tuning: DetectTuning }) => answerWith(tuning, readDocument));
}

function answerWith(tuning: DetectTuning, readDocument: ReadDocument): void {
  const made = detectorFor(tuning);
  made.catch(() => undefined); // told with the first job
  const answer = (job: WorkerJob, detector: Detector): WorkerReply => {
    if (job.kind === "texts") return { texts: readTexts(job.block, detector) };
    if (job.kind === "asked") return { answered: judged(job.asked, detector) };
    return job.kind === "files"
      ? { files: job.files.map((file) => readFile(file, detector)) }
      : { batch: readBatch(job.batch, readDocument, detector) };
  };
  parentPort?.on("message", ({ id, job }: { id: number; job: WorkerJob }) => {
    made
      .then((detector) => parentPort?.postMessage({ id, answer: answer(job, detector) }))
      .catch((error: unknown) => parentPort?.postMessage({ id, error: (error as Error).message }));
  });
}

function readTexts({ bytes, pieces }: TextBlock, detector: Detector): BareText[] {
  return pieces.flatMap(({ path, start, end, line, as }, piece) =>
    detector.text(bytes.subarray(start, end), path, as).map((hit) => ({
      ...hit,
      piece,
      line: hit.line + line,
      value: hit.value.expose(),
      part: hit.part.expose(),
    })),
  );
}

let buffer = Buffer.alloc(0);

function readFile(file: string, detector: Detector): BareFile {
  if (buffer.length === 0) buffer = Buffer.allocUnsafeSlow(PIECE);
  const spotted: BareSpotted[] = [];
  let bytes = 0;
  try {
    // Opening a pipe waits for somebody who writes to it.
    const fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      if (!fstatSync(fd).isFile()) return { file, bytes: 0, spotted, error: "it is no file" };
      let lines = 0;
      const told = new Set<string>(); // pieces overlap
      for (let at = 0; ;) {
        const read = readSync(fd, buffer, 0, PIECE, at);
        const piece = buffer.subarray(0, read);
        for (const hit of detector.text(piece, file)) {
          const line = hit.line + lines;
          const value = hit.value.expose();
          const key = bytes === 0 && read < PIECE ? null : `${line} ${value.toString("base64")}`;
          if (key !== null && told.size < told.add(key).size)
            spotted.push({ ...hit, line, value, part: hit.part.expose() });
          else if (key === null) spotted.push({ ...hit, line, value, part: hit.part.expose() });
        }
        bytes = at + read;
        if (read < PIECE) break;
        lines += newlines(piece.subarray(0, PIECE - OVERLAP));
        at += PIECE - OVERLAP;
      }
    } finally {
      closeSync(fd);
    }
    return { file, bytes, spotted, error: null };
  } catch (error) {
    return { file, bytes, spotted, error: (error as { code?: string }).code ?? "failed" };
  }
}

function newlines(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) count++;
  return count;
}
