import type { Worker } from "node:worker_threads";
import type { SourceReading } from "../../contract/source.ts";
import { startDetectWorker } from "../../kit/program.ts";
import { UnsprawlError } from "../../model/error.ts";
import { Secret } from "../../model/secret.ts";
import type { BareReading, ReaderMessage, ReadingJob } from "./reader.ts";

/** How long the thread may be silent, and what it may keep. A project of a thousand files takes seconds, and 200 MB. */
const SILENCE_MS = 60_000;
const MEMORY_MB = 1024;

/** A thread that has done its job, for the next one: starting one takes as long as reading a file. */
let idle: Worker | null = null;

/**
 * The one way to read what others wrote: in a thread that is ended if it is silent for too long, takes too much memory,
 * or is not wanted any more. This thread stays free for signals and for everybody else. Throws what the reader throws,
 * `refused` beyond the bounds, and the signal's reason.
 */
export async function* readApart<T>(
  job: ReadingJob,
  signal: AbortSignal,
  { silenceMs = SILENCE_MS }: { readonly silenceMs?: number } = {},
): AsyncGenerator<T> {
  signal.throwIfAborted();
  const thread = idle ?? start();
  idle = null;
  thread.ref();
  let isDone = false;
  try {
    for (let word: { readonly job: ReadingJob } | "next" = { job }; ; word = "next") {
      thread.postMessage(word);
      const message = await answer(thread, job, signal, silenceMs);
      isDone = message.kind !== "part";
      if (message.kind === "end") return;
      if (message.kind === "fault") {
        const { code, message: text, hint, cause } = message.fault;
        throw new UnsprawlError(code, text, hint, cause === "" ? undefined : cause);
      }
      for (const item of message.items) yield item as T;
    }
  } finally {
    if (isDone && idle === null) {
      thread.unref();
      idle = thread;
    } else await thread.terminate();
  }
}

/** The subjects of a source, as it reads them itself. */
export async function* subjectsApart(job: ReadingJob, signal: AbortSignal): AsyncGenerator<SourceReading> {
  for await (const one of readApart<BareReading>(job, signal))
    yield one.kind === "subject"
      ? { ...one, candidates: one.candidates.map((each) => ({ ...each, value: Secret.of(each.value) })) }
      : one;
}

function start(): Worker {
  const limits = { maxOldGenerationSizeMb: MEMORY_MB, maxYoungGenerationSizeMb: 16 };
  const thread = startDetectWorker({ workerData: { reads: true }, resourceLimits: limits });
  // One that ends while nobody waits for it is no error.
  thread.on("error", () => undefined);
  thread.once("exit", () => {
    if (idle === thread) idle = null;
  });
  return thread;
}

function answer(thread: Worker, job: ReadingJob, signal: AbortSignal, silenceMs: number): Promise<ReaderMessage> {
  const name = `${job.source}:${job.what}`;
  return new Promise((done, fail) => {
    const over = (act: () => void): void => {
      clearTimeout(timer);
      thread.off("message", heard).off("error", failed).off("exit", ended);
      signal.removeEventListener("abort", cancelled);
      act();
    };
    const refused = (what: string): void =>
      over(() => fail(new UnsprawlError("refused", `${name} ${what}`, "name its parts, or less of it")));
    const heard = (message: ReaderMessage): void => over(() => done(message));
    const failed = (error: Error & { readonly code?: string }): void =>
      error.code === "ERR_WORKER_OUT_OF_MEMORY"
        ? refused(`takes more than ${MEMORY_MB} MiB of memory to read`)
        : over(() => fail(error));
    const ended = (): void => over(() => fail(new UnsprawlError("failed", `${name} could not be read`)));
    const cancelled = (): void => over(() => fail(signal.reason as Error));
    const timer = setTimeout(() => refused(`takes more than ${silenceMs / 1000} s to read`), silenceMs);
    thread.on("message", heard).on("error", failed).on("exit", ended);
    signal.addEventListener("abort", cancelled, { once: true });
  });
}
