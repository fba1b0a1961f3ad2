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
  const reading = new SourceProgress(spec, tools, host);
  try {
    const { kept, neighbours } = tools;
    const options = kept
      ? { ...tools.options, finished: (key: string) => kept.has(key), ask: (keys: readonly string[]) => kept.ask(keys) }
      : tools.options;
    const readings = source.read(what, host.signal, options);
    await tools.inspect(readings, { threaded: source.threaded === true, neighbours }, reading.events);
  } catch (error) {
    if (host.signal.aborted) throw error;
    const fault = subjectFault(error);
    if (!tools.among(fault))
      throw error instanceof UnsprawlError
        ? error
        : new UnsprawlError(fault.code, `${spec}: ${fault.message}`, fault.hint, causeOf(error));
    reading.addError(spec, ANY_SUBJECT, fault.message, fault.hint ?? "unsprawl doctor");
  }
  return reading.result();
}

/** Counts what is read of a source, and reports how far it is. */
class SourceProgress {
  readonly #spec: string;
  readonly #tools: ReadSourceTools;
  readonly #host: Host;
  readonly #errors: SubjectError[] = [];
  #subjects = 0;
  #values = 0;
  /** Documents so far: unnamed ones are reported by number. */
  #documents = 0;
  /** Something of the subject that was read last could not be read. */
  #partly = false;
  #total: number | null = null;
  #bytes: { readonly done: number; readonly total: number | null } | null = null;
  readonly events: InspectEvents;

  constructor(spec: string, tools: ReadSourceTools, host: Host) {
    this.#spec = spec;
    this.#tools = tools;
    this.#host = host;
    this.events = {
      read: (reading) => this.#read(reading),
      secret: tools.tell,
      classified: ({ key, candidates }) => {
        // A cached result would hide what is missing in it.
        tools.kept?.judged(this.#partly ? undefined : key, candidates.length);
        this.#progress();
      },
      file: (reading, error) => this.#file(reading, error),
      batch: (counts) => this.#batch(counts),
    };
  }

  addError(subject: string, about: SubjectRef, message: string, hint: string): void {
    this.#errors.push({ subject, about, message, hint });
  }

  result(): SourceRead {
    this.#progress();
    return { source: this.#spec, subjects: this.#subjects, errors: this.#errors, values: this.#values };
  }

  #progress(): void {
    const done = this.#subjects + this.#errors.length;
    const so = { type: "scan", source: this.#spec, done, total: this.#total } as const;
    this.#host.emit(this.#bytes === null ? so : { ...so, bytes: this.#bytes });
  }

  #read(reading: KeyedReading | ReadingWithoutValues): void {
    this.#partly = reading.kind === "error";
    if (reading.kind === "subject") {
      this.#subjects++;
      this.#documents++;
      this.#values += reading.candidates.length;
      this.#tools.subject(reading);
      return;
    }
    if (reading.kind === "total") this.#total = reading.subjects;
    else if (reading.kind === "bytes") this.#bytes = { done: reading.done, total: reading.total };
    else if (reading.kind === "finished") {
      this.#subjects++;
      this.#values += this.#tools.kept?.replay(reading) ?? 0;
    } else {
      const { subject, about, message, hint } = reading;
      this.addError(subject ?? `document ${this.#documents++}`, about, message, hint);
    }
    this.#progress();
  }

  #file({ subject: { name, id } }: FileReading, error: string | null): void {
    if (error === null) this.#subjects++;
    else this.addError(name, { kind: "subject", name, id }, `cannot be read: ${error}`, "check its rights");
    this.#progress();
  }

  #batch(counts: BatchCounts): void {
    this.#subjects += counts.subjects;
    this.#values += counts.values;
    for (const { at, message, hint } of counts.errors)
      this.addError(`document ${this.#documents + at}`, ANY_SUBJECT, message, hint);
    this.#documents += counts.subjects + counts.errors.length;
    this.#progress();
  }
}
