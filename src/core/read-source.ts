import type { WorkerPool, Detector, ReadBatch, DetectedSecret } from "../contract/detector.ts";
import type { Host } from "../contract/host.ts";
import type { SourceReading, SourceReadOptions, Source, SubjectReading } from "../contract/source.ts";
import { UnsprawlError } from "../model/error.ts";
import { Lane, type FileReading, type FoundReading } from "../fast/lane.ts";
import { ANY_SUBJECT, type SubjectRef } from "../model/subject-ref.ts";

export type SubjectError = {
  /** The name to show. */
  readonly subject: string;
  readonly about: SubjectRef;
  readonly message: string;
  readonly hint: string;
};

export type ReadSourceTools = {
  readonly detector: () => Promise<Detector>;
  readonly crew: () => Promise<WorkerPool>;
  /** Called for each secret. */
  readonly tell: (told: DetectedSecret, reading: SubjectReading | FileReading | FoundReading) => void;
  /** Called for each subject read, before its values are classified. */
  readonly subject: (reading: SubjectReading) => void;
  readonly options: SourceReadOptions;
  /** Results of an interrupted scan, and where this scan caches its results; null if nothing is cached. */
  readonly kept: CachedSubjects | null;
  /** See `LaneTools`. */
  readonly apart: boolean;
  /** Whether the configuration tunes detection: an error in it surfaces only when the detector is created. */
  readonly tuned: boolean;
  /** Whether a source that cannot be read at all is reported among other sources' errors; otherwise it throws. */
  readonly among: (error: UnsprawlError) => boolean;
};

export type CachedSubjects = {
  has(key: string): boolean;
  /** Announces many keys before `has` is called for them. */
  ask(keys: readonly string[]): Promise<void>;
  /** Adds the cached findings of this subject; returns how many values it has. */
  replay(reading: Extract<SourceReading, { kind: "finished" }>): number;
  /** Caches what was found since the previous subject. */
  judged(key: string | undefined, values: number): void;
};

/** The result of one source; `values` counts those of subjects, not of files. */
export type SourceRead = {
  readonly source: string;
  readonly subjects: number;
  readonly errors: readonly SubjectError[];
  readonly values: number;
};

/** Reads `what` from the source; `spec` is its text as given. Throws like `scan`. */
export async function readSource(
  spec: string,
  { source, what }: { readonly source: Source; readonly what: string },
  tools: ReadSourceTools,
  host: Host,
): Promise<SourceRead> {
  const errors: SubjectError[] = [];
  let subjects = 0;
  let values = 0;
  /** Documents so far: unnamed ones are reported by number. */
  let documents = 0;
  let total: number | null = null;
  let bytes: { readonly done: number; readonly total: number | null } | null = null;
  const progress = (): void => {
    const so = { type: "scan", source: spec, done: subjects + errors.length, total } as const;
    host.emit(bytes === null ? so : { ...so, bytes });
  };
  const fileDone = ({ subject }: FileReading, error: string | null): void => {
    if (error === null) subjects++;
    else {
      const { name, id } = subject;
      const about = { kind: "subject", name, id } as const;
      errors.push({ subject: name, about, message: `cannot be read: ${error}`, hint: "check its rights" });
    }
    progress();
  };
  const batchDone = (read: ReadBatch): void => {
    subjects += read.subjects;
    values += read.values;
    for (const { at, message, hint } of read.errors)
      errors.push({ subject: `document ${documents + at}`, about: ANY_SUBJECT, message, hint });
    documents += read.subjects + read.errors.length;
    progress();
  };
  const take = async (reading: SourceReading): Promise<void> => {
    if (reading.kind === "total") total = reading.subjects;
    else if (reading.kind === "error") {
      const { subject, about, message, hint } = reading;
      errors.push({ subject: subject ?? `document ${documents++}`, about, message, hint });
    } else if (reading.kind === "finished") {
      subjects++;
      values += tools.kept?.replay(reading) ?? 0;
    } else if (reading.kind === "bytes") bytes = { done: reading.done, total: reading.total };
    else if (reading.kind === "text") await lane.text(reading);
    else if (reading.kind === "found") lane.found(reading);
    else if (reading.kind === "file") await lane.file(reading);
    else if (reading.kind === "batch") await lane.batch(reading);
    else {
      subjects++;
      documents++;
      values += reading.candidates.length;
      tools.subject(reading);
      await lane.subject(reading);
      tools.kept?.judged(reading.key, reading.candidates.length);
    }
    progress();
  };
  const { detector, crew, tell, apart } = tools;
  const lane = new Lane({ detector, crew, tell, fileDone, batchDone, take, apart });
  try {
    const { kept } = tools;
    const options = kept
      ? { ...tools.options, finished: (key: string) => kept.has(key), ask: (keys: readonly string[]) => kept.ask(keys) }
      : tools.options;
    const readings = source.read(what, host.signal, options);
    const early = tools.tuned || source.byCrew !== true;
    for await (const reading of early ? startedEarly(readings, detector) : readings) await take(reading);
    await lane.end();
  } catch (error) {
    if (host.signal.aborted || !(error instanceof UnsprawlError) || !tools.among(error)) throw error;
    errors.push({ subject: spec, about: ANY_SUBJECT, message: error.message, hint: error.hint ?? "unsprawl doctor" });
  } finally {
    await lane.close();
  }
  progress();
  return { source: spec, subjects, errors, values };
}

/** Requests the first reading before loading the detector, so that both happen in parallel. */
async function* startedEarly(
  readings: AsyncIterable<SourceReading>,
  detector: () => Promise<Detector>,
): AsyncGenerator<SourceReading> {
  const iterator = readings[Symbol.asyncIterator]();
  const first = iterator.next();
  first.catch(() => undefined); // told below, once it is awaited
  await new Promise(setImmediate); // lets the request go out before the loading takes the processor
  try {
    await detector();
    for (let next = await first; next.done !== true; next = await iterator.next()) yield next.value;
  } finally {
    await iterator.return?.();
  }
}
