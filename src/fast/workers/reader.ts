import { parentPort, workerData } from "node:worker_threads";
import type { SourceReading, SourceReadOptions } from "../../contract/source.ts";
import type { Candidate } from "../../model/candidate.ts";
import { subjectFault, type ErrorCode } from "../../model/error.ts";

/** What a thread is asked to read: a source's subjects, or what a source says of its consumers. */
export type ReadingJob = {
  readonly kind: "subjects" | "consumers";
  /** The source's kind. */
  readonly source: string;
  readonly what: string;
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly options: SourceReadOptions | undefined;
};

/** As it is handed from thread to thread: a `Secret` would arrive empty. */
type BareCandidate = Omit<Candidate, "value"> & { readonly value: Uint8Array };
export type BareReading =
  | Exclude<SourceReading, { readonly kind: "subject" | "file" }>
  | (Omit<Extract<SourceReading, { readonly kind: "subject" }>, "candidates"> & {
      readonly candidates: readonly BareCandidate[];
    });

/** What the thread says. It waits for a word after each part, so that nothing piles up. */
export type ReaderMessage =
  | { readonly kind: "part"; readonly items: readonly unknown[] }
  | { readonly kind: "end" }
  | {
      readonly kind: "fault";
      readonly fault: {
        readonly code: ErrorCode;
        readonly message: string;
        readonly hint: string | null;
        readonly cause: string;
      };
    };

/** How each kind of job is done. */
export type ReadingJobs = { readonly [kind in ReadingJob["kind"]]: (job: ReadingJob) => AsyncIterable<unknown> };

/** Whether this thread was started to read. */
export const isReader = (): boolean => (workerData as { readonly reads?: true } | null)?.reads === true;

/** A thread that reads what others wrote (see apart.ts): one job after the other. */
export function runReader(jobs: ReadingJobs): void {
  let go: () => void = () => undefined;
  const send = async (message: ReaderMessage): Promise<void> => {
    const next = new Promise<void>((done) => (go = done));
    parentPort?.postMessage(message);
    await next;
  };
  parentPort?.on("message", (message: { readonly job: ReadingJob } | "next") => {
    if (message === "next") go();
    else void answer(jobs[message.job.kind](message.job), send);
  });
}

/** Readings are sent together, but not held back for long. */
const TOGETHER = 64;
const TOGETHER_MS = 50;

async function answer(items: AsyncIterable<unknown>, send: (message: ReaderMessage) => Promise<void>): Promise<void> {
  try {
    let [together, since]: [unknown[], number] = [[], Date.now()];
    for await (const one of items) {
      together.push(bare(one));
      if (together.length < TOGETHER && Date.now() - since < TOGETHER_MS) continue;
      await send({ kind: "part", items: together });
      [together, since] = [[], Date.now()];
    }
    if (together.length > 0) await send({ kind: "part", items: together });
    void send({ kind: "end" });
  } catch (error) {
    const { code, message, hint, cause } = subjectFault(error);
    void send({ kind: "fault", fault: { code, message, hint, cause: typeof cause === "string" ? cause : "" } });
  }
}

function bare(item: unknown): unknown {
  const reading = item as Partial<Extract<SourceReading, { readonly kind: "subject" }>>;
  if (reading.kind !== "subject" || reading.candidates === undefined) return item;
  return { ...reading, candidates: reading.candidates.map((one) => ({ ...one, value: one.value.expose() })) };
}
