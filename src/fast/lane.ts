import type { Detector } from "../contract/detector.ts";
import type { FileReading } from "../contract/source.ts";
import { PlainInspection } from "./plain.ts";
import type { ReadBatch, WorkerPool } from "./pool.ts";
import type { Inspect, InspectEvents, InspectOptions } from "./port.ts";
import type { BatchReading, FastReading, TextReading } from "./reading.ts";
import { namedFile } from "./spot.ts";

export type LaneTools = {
  readonly detector: () => Promise<Detector>;
  /** Opened when there is work for threads. */
  readonly pool: () => Promise<WorkerPool>;
  /** The configuration changes detection. It may be invalid, so the detector is loaded even if threads have their own. */
  readonly tuned: boolean;
};

/**
 * Classifies values in this thread, since transferring them costs more than classifying them. Threads read files and
 * classify them, with a bounded number of jobs at once, and parse large batches of documents; while they are busy,
 * batches are parsed here.
 */
export function inspectFast(tools: LaneTools): Inspect {
  return async (readings, how, events) => {
    const lane = new Lane(tools, how, events);
    try {
      const early = tools.tuned || !how.threaded;
      const all = early ? startedEarly(readings, tools.detector) : readings;
      for await (const reading of all) await lane.take(reading);
      await lane.end();
    } finally {
      await lane.close();
    }
  };
}

const FILES_AT_ONCE = 64;
/** How many batches may wait for earlier ones. */
const MOST_WAITING = 16;

/** A batch in progress; its answer is used only after all earlier batches turned out to be valid. */
type PendingBatch = { readonly reading: BatchReading; answer: ReadBatch | null | undefined };

class Lane {
  readonly #tools: LaneTools;
  readonly #how: InspectOptions;
  readonly #events: InspectEvents;
  readonly #here: PlainInspection;
  #pool: WorkerPool | null = null;
  readonly #underWay = new Set<Promise<void>>();
  #failed: unknown = null;
  #files: FileReading[] = [];
  readonly #waiting: PendingBatch[] = [];
  /** The first batch; no worker is started while it is the only one. */
  #alone: BatchReading | null = null;
  #many = false;
  #moved: () => void = () => undefined;

  constructor(tools: LaneTools, how: InspectOptions, events: InspectEvents) {
    this.#tools = tools;
    this.#how = how;
    this.#events = events;
    this.#here = new PlainInspection(tools.detector, events);
  }

  /** Resolves when there is room for more. */
  async take(reading: FastReading): Promise<void> {
    if (reading.kind === "file") await this.#file(reading);
    else if (reading.kind === "text") await this.#text(reading);
    else if (reading.kind === "batch") await this.#batch(reading);
    else await this.#here.take(reading);
  }

  /** Waits for all jobs. Throws what a job threw. */
  async end(): Promise<void> {
    await this.#settle(0);
    if (this.#files.length > 0) await this.#send();
    await Promise.all(this.#underWay);
    if (this.#failed !== null) throw this.#failed;
  }

  async close(): Promise<void> {
    await this.#pool?.close();
  }

  async #file(reading: FileReading): Promise<void> {
    this.#files.push(reading);
    if (this.#files.length >= FILES_AT_ONCE) await this.#send();
  }

  async #text({ block, judged }: TextReading): Promise<void> {
    const pool = (this.#pool ??= await this.#tools.pool());
    const spotted = pool.texts(block);
    judged(spotted);
    await this.#running(pool, spotted);
  }

  async #batch(reading: BatchReading): Promise<void> {
    if (this.#how.neighbours || !reading.separable) {
      await this.#settle(0);
      await this.#here.take(reading);
      return;
    }
    if (!this.#many) {
      const before = this.#alone;
      this.#alone = before === null ? reading : null;
      if (before === null) return;
      this.#many = true;
      await this.#handOut(before);
    }
    await this.#handOut(reading);
    await this.#settle(MOST_WAITING);
  }

  async #handOut(reading: BatchReading): Promise<void> {
    const pool = (this.#pool ??= await this.#tools.pool());
    const { source, bytes, first } = reading;
    const away = this.#waiting.filter(({ answer }) => answer === undefined).length;
    const waiting: PendingBatch = { reading, answer: undefined };
    this.#waiting.push(waiting);
    // Of two processors this thread has one: it has time for all the parsing.
    const busy = pool.size <= 2 || away >= (pool.size - 1) * 2;
    void this.#await(waiting, busy ? pool.batchHere({ source, bytes, first }) : pool.batch({ source, bytes, first }));
  }

  async #await(waiting: PendingBatch, answer: Promise<ReadBatch | null>): Promise<void> {
    waiting.answer = await answer.catch((error: unknown) => {
      this.#failed ??= error;
      return null;
    });
    this.#moved();
  }

  /** Processes finished answers in batch order, and waits until at most `most` are left. */
  async #settle(most: number): Promise<void> {
    const alone = this.#alone;
    this.#alone = null;
    if (alone !== null) await this.#here.take(alone);
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      const { careful } = this.#here.batches;
      if (first.answer === undefined && !careful) {
        if (this.#waiting.length <= most) return;
        await new Promise<void>((moved) => (this.#moved = moved));
        continue;
      }
      if (this.#failed !== null) throw this.#failed;
      this.#waiting.shift();
      if (first.answer && !careful) this.#report(first.answer);
      else await this.#here.take(first.reading);
    }
  }

  #report(read: ReadBatch): void {
    for (const { subject, facts, exposure, told } of read.found)
      for (const one of told) this.#events.secret(one, { kind: "subject", subject, facts, candidates: [], exposure });
    this.#events.batch(read);
  }

  async #send(): Promise<void> {
    const pool = (this.#pool ??= await this.#tools.pool());
    const readings = this.#files;
    this.#files = [];
    await this.#running(pool, this.#read(pool, readings));
  }

  async #running(pool: WorkerPool, work: Promise<unknown>): Promise<void> {
    const running = work
      .catch((error: unknown) => (this.#failed ??= error))
      .then(() => void this.#underWay.delete(running));
    this.#underWay.add(running);
    while (this.#underWay.size >= pool.size * 2) await Promise.race(this.#underWay);
    if (this.#failed !== null) throw this.#failed;
  }

  async #read(pool: WorkerPool, readings: readonly FileReading[]): Promise<void> {
    const read = await pool.files(readings.map(namedFile));
    for (const [at, one] of read.entries()) await this.#here.file(readings[at] as FileReading, one);
  }
}

/** Asks for the first reading before the detector is loaded, so that both happen at the same time. */
async function* startedEarly(
  readings: AsyncIterable<FastReading>,
  detector: () => Promise<Detector>,
): AsyncGenerator<FastReading> {
  const iterator = readings[Symbol.asyncIterator]();
  const first = iterator.next();
  first.catch(() => undefined); // thrown below, where it is awaited
  await new Promise(setImmediate); // lets the request go out before loading takes the processor
  try {
    await detector();
    for (let next = await first; next.done !== true; next = await iterator.next()) yield next.value;
  } finally {
    await iterator.return?.();
  }
}
