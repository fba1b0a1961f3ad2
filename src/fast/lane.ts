import type { WorkerPool, Detector, ClassifyInput, ReadBatch, Spotted, DetectedSecret } from "../contract/detector.ts";
import type { SourceReading, SubjectReading } from "../contract/source.ts";
import { toldAs, type Candidate } from "../model/candidate.ts";
import type { Subject } from "../model/location.ts";

export type FileReading = Extract<SourceReading, { kind: "file" }>;
export type FoundReading = Extract<SourceReading, { kind: "found" }>;
type TextReading = Extract<SourceReading, { kind: "text" }>;
export type BatchReading = Extract<SourceReading, { kind: "batch" }>;

export type LaneTools = {
  readonly detector: () => Promise<Detector>;
  readonly crew: () => Promise<WorkerPool>;
  /** Called for each secret. */
  readonly tell: (told: DetectedSecret, reading: SubjectReading | FileReading | FoundReading) => void;
  /** Called once per file, whether it could be read or not. */
  readonly fileDone: (reading: FileReading, error: string | null) => void;
  /** Called once per batch, in order, after `tell` was called for each of its secrets. */
  readonly batchDone: (read: ReadBatch) => void;
  /** Called instead, for each reading of a batch that had to be parsed in this thread. */
  readonly take: (reading: SourceReading) => Promise<void>;
  /** False keeps batches in this thread, where the neighbours of a secret are available. */
  readonly apart: boolean;
};

const FILES_AT_ONCE = 64;
/** How many batches may wait for earlier ones. */
const MOST_WAITING = 16;

/** A batch in progress; its answer is used only after all earlier batches turned out to be valid. */
type PendingBatch = { readonly reading: BatchReading; answer: ReadBatch | null | undefined };

/**
 * Classifies what sources yield. Values are classified in this thread, since handing them to a worker costs more.
 * Workers read and classify files, with a bounded number of jobs. Large batches of documents are parsed by workers, or
 * in this thread while the workers are busy.
 */
export class Lane {
  readonly #tools: LaneTools;
  #crew: WorkerPool | null = null;
  readonly #underWay = new Set<Promise<void>>();
  #failed: unknown = null;
  #files: FileReading[] = [];
  readonly #waiting: PendingBatch[] = [];
  /** The first batch; no worker is started while it is the only one. */
  #alone: BatchReading | null = null;
  #many = false;
  #careful = false;
  #moved: () => void = () => undefined;

  constructor(tools: LaneTools) {
    this.#tools = tools;
  }

  /** Classifies a subject's values. */
  async subject(reading: SubjectReading): Promise<void> {
    if (reading.stored === true) {
      for (const candidate of reading.candidates) this.#tools.tell(stored(candidate), reading);
      return;
    }
    const detector = await this.#tools.detector();
    for (const candidate of reading.candidates) {
      const question = questionOf(candidate);
      const verdict = detector.classify(question);
      if (!verdict.secret && verdict.hushedBy === undefined) continue;
      const masked = verdict.secret ? detector.mask(question) : "";
      const told = toldAs(candidate, detector.name(candidate.name));
      this.#tools.tell({ candidate: told, verdict, masked, part: detector.part(question) ?? candidate.value }, reading);
    }
  }

  /** Queues a file; resolves when there is room for more. */
  async file(reading: FileReading): Promise<void> {
    this.#files.push(reading);
    if (this.#files.length >= FILES_AT_ONCE) await this.#send();
  }

  /** Queues files in memory; resolves when there is room for more. */
  async text({ block, judged }: TextReading): Promise<void> {
    const crew = (this.#crew ??= await this.#tools.crew());
    const spotted = crew.texts(block);
    judged(spotted);
    await this.#running(crew, spotted);
  }

  /** Reports secrets found in files. */
  found(reading: FoundReading): void {
    for (const { spotted, path } of reading.found) this.#tools.tell(inFile(spotted, reading, path), reading);
  }

  /** Queues a batch of documents; resolves when there is room for more. */
  async batch(reading: BatchReading): Promise<void> {
    if (!this.#tools.apart || !reading.separable) {
      await this.#settle(0);
      await this.#readHere(reading);
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
    const crew = (this.#crew ??= await this.#tools.crew());
    const { source, bytes, first } = reading;
    const away = this.#waiting.filter(({ answer }) => answer === undefined).length;
    const waiting: PendingBatch = { reading, answer: undefined };
    this.#waiting.push(waiting);
    // With two processors, this thread has time for all the parsing.
    const busy = crew.size <= 2 || away >= (crew.size - 1) * 2;
    void this.#await(waiting, busy ? crew.batchHere({ source, bytes, first }) : crew.batch({ source, bytes, first }));
  }

  /** Waits for all jobs in progress. Throws the first job's error. */
  async end(): Promise<void> {
    await this.#settle(0);
    if (this.#files.length > 0) await this.#send();
    await Promise.all(this.#underWay);
    if (this.#failed !== null) throw this.#failed;
  }

  async close(): Promise<void> {
    await this.#crew?.close();
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
    if (alone !== null) await this.#readHere(alone);
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      if (first.answer === undefined && !this.#careful) {
        if (this.#waiting.length <= most) return;
        await new Promise<void>((moved) => (this.#moved = moved));
        continue;
      }
      if (this.#failed !== null) throw this.#failed;
      this.#waiting.shift();
      if (first.answer && !this.#careful) this.#take(first.answer);
      else await this.#readHere(first.reading);
    }
  }

  async #readHere(batch: BatchReading): Promise<void> {
    const readings = this.#careful ? null : batch.read();
    // If one batch was cut at a wrong position, so were all that follow.
    this.#careful = readings === null;
    for (const reading of readings ?? batch.slowly()) await this.#tools.take(reading);
  }

  #take(read: ReadBatch): void {
    for (const { subject, facts, exposure, told } of read.found)
      for (const one of told) this.#tools.tell(one, { kind: "subject", subject, facts, candidates: [], exposure });
    this.#tools.batchDone(read);
  }

  async #send(): Promise<void> {
    const crew = (this.#crew ??= await this.#tools.crew());
    const readings = this.#files;
    this.#files = [];
    await this.#running(crew, this.#read(crew, readings));
  }

  async #running(crew: WorkerPool, work: Promise<unknown>): Promise<void> {
    const running = work
      .catch((error: unknown) => (this.#failed ??= error))
      .then(() => void this.#underWay.delete(running));
    this.#underWay.add(running);
    while (this.#underWay.size >= crew.size * 2) await Promise.race(this.#underWay);
    if (this.#failed !== null) throw this.#failed;
  }

  async #read(crew: WorkerPool, readings: readonly FileReading[]): Promise<void> {
    const read = await crew.files(readings.map(({ file }) => file));
    for (const [at, { spotted, error }] of read.entries()) {
      const reading = readings[at] as FileReading;
      for (const one of spotted) this.#tools.tell(inFile(one, reading, `line ${one.line}`), reading);
      this.#tools.fileDone(reading, error);
    }
  }
}

/** A value in a secret store is a secret, whatever it looks like. */
function stored(candidate: Candidate): DetectedSecret {
  const verdict = {
    secret: true,
    rule: "stored-secret",
    score: 1,
    confidence: "high",
    severity: "low",
    why: ["is kept in a secret store"],
    unless: "it were no secret although it is kept as one",
    part: { in: "value", path: "", start: null, length: null },
  } as const;
  return { candidate, verdict, masked: "••••••••", part: candidate.value };
}

function questionOf({ name, value, location }: Candidate): ClassifyInput {
  return { name, value, where: location.where, path: location.path };
}

function inFile(
  { name, value, verdict, masked, part, print }: Spotted,
  { subject, source }: FileReading | FoundReading,
  path: string,
): DetectedSecret {
  const location = locationIn(subject, source, path);
  const called = name !== "" ? name : (verdict.rule ?? "secret");
  return { candidate: { name: called, value, location }, verdict, masked, part, ...(print && { print }) };
}

function locationIn(subject: Subject, source: string, path: string): Candidate["location"] {
  const { kind, name, id } = subject;
  return {
    source,
    subject: kind,
    subjectName: name,
    subjectId: id,
    where: "file",
    path,
    origin: "own",
  };
}
