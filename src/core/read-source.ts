import type { Host } from "../contract/host.ts";
import type {
  BatchCounts,
  DetectedSecret,
  FastReadOptions,
  FastSource,
  FinishedReading,
  Inspect,
  InspectEvents,
  KeyedReading,
  ReadingOfSecret,
  ReadingWithoutValues,
} from "../fast/index.ts";
import type { FileReading } from "../contract/source.ts";
import { causeOf, subjectFault, UnsprawlError } from "../model/error.ts";
import { ANY_SUBJECT, type SubjectRef } from "../model/subject-ref.ts";

export type SubjectError = {
  /** The name to show. */
  readonly subject: string;
  readonly about: SubjectRef;
  readonly message: string;
  readonly hint: string;
};

export type ReadSourceTools = {
  readonly inspect: Inspect;
  /** Called for each secret. */
  readonly tell: (told: DetectedSecret, reading: ReadingOfSecret) => void;
  /** Called for each subject read, before its values are classified. */
  readonly subject: (reading: KeyedReading) => void;
  readonly options: FastReadOptions;
  /** Results of an interrupted scan, and where this scan caches its results; null if nothing is cached. */
  readonly kept: CachedSubjects | null;
  /** See `InspectOptions`. */
  readonly neighbours: boolean;
  /** Whether a source that cannot be read at all is reported among other sources' errors; otherwise it throws. */
  readonly among: (error: UnsprawlError) => boolean;
};

export type CachedSubjects = {
  has(key: string): boolean;
  /** Announces many keys before `has` is called for them. */
  ask(keys: readonly string[]): Promise<void>;
  /** Adds the cached findings of this subject; returns how many values it has. */
  replay(reading: FinishedReading): number;
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
  { source, what }: { readonly source: FastSource; readonly what: string },
  tools: ReadSourceTools,
  host: Host,
): Promise<SourceRead> {
  const errors: SubjectError[] = [];
  let subjects = 0;
  let values = 0;
  /** Documents so far: unnamed ones are reported by number. */
  let documents = 0;
  /** Something of the subject that was read last could not be read. */
  let partly = false;
  let total: number | null = null;
  let bytes: { readonly done: number; readonly total: number | null } | null = null;
  const progress = (): void => {
    const so = { type: "scan", source: spec, done: subjects + errors.length, total } as const;
    host.emit(bytes === null ? so : { ...so, bytes });
  };
  const read = (reading: KeyedReading | ReadingWithoutValues): void => {
    partly = reading.kind === "error";
    if (reading.kind === "subject") {
      subjects++;
      documents++;
      values += reading.candidates.length;
      tools.subject(reading);
      return;
    }
    if (reading.kind === "total") total = reading.subjects;
    else if (reading.kind === "bytes") bytes = { done: reading.done, total: reading.total };
    else if (reading.kind === "finished") {
      subjects++;
      values += tools.kept?.replay(reading) ?? 0;
    } else {
      const { subject, about, message, hint } = reading;
      errors.push({ subject: subject ?? `document ${documents++}`, about, message, hint });
    }
    progress();
  };
  const events: InspectEvents = {
    read,
    secret: tools.tell,
    classified: ({ key, candidates }) => {
      // A cached result would hide what is missing in it.
      tools.kept?.judged(partly ? undefined : key, candidates.length);
      progress();
    },
    file: ({ subject }: FileReading, error) => {
      if (error === null) subjects++;
      else {
        const { name, id } = subject;
        const about = { kind: "subject", name, id } as const;
        errors.push({ subject: name, about, message: `cannot be read: ${error}`, hint: "check its rights" });
      }
      progress();
    },
    batch: (held: BatchCounts) => {
      subjects += held.subjects;
      values += held.values;
      for (const { at, message, hint } of held.errors)
        errors.push({ subject: `document ${documents + at}`, about: ANY_SUBJECT, message, hint });
      documents += held.subjects + held.errors.length;
      progress();
    },
  };
  try {
    const { kept, neighbours } = tools;
    const options = kept
      ? { ...tools.options, finished: (key: string) => kept.has(key), ask: (keys: readonly string[]) => kept.ask(keys) }
      : tools.options;
    const readings = source.read(what, host.signal, options);
    await tools.inspect(readings, { threaded: source.threaded === true, neighbours }, events);
  } catch (error) {
    if (host.signal.aborted) throw error;
    const fault = subjectFault(error);
    if (!tools.among(fault))
      throw error instanceof UnsprawlError
        ? error
        : new UnsprawlError(fault.code, `${spec}: ${fault.message}`, fault.hint, causeOf(error));
    errors.push({ subject: spec, about: ANY_SUBJECT, message: fault.message, hint: fault.hint ?? "unsprawl doctor" });
  }
  progress();
  return { source: spec, subjects, errors, values };
}
