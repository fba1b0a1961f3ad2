import type { Crew, Detector, Question, Spotted } from "../contract/detector.ts";
import type { Reading } from "../contract/source.ts";
import type { Candidate } from "../model/candidate.ts";
import type { Verdict } from "../model/finding.ts";
import type { Subject } from "../model/location.ts";
import type { Secret } from "../model/secret.ts";

/** A secret in a subject as the detector tells it, or what a setting hid. */
export type Told = {
  readonly candidate: Candidate;
  readonly verdict: Verdict;
  readonly masked: string;
  readonly part: Secret;
};

export type SubjectReading = Extract<Reading, { kind: "subject" }>;
export type FileReading = Extract<Reading, { kind: "file" }>;

export type LaneTools = {
  readonly detector: () => Promise<Detector>;
  readonly crew: () => Promise<Crew>;
  /** Called for each secret. */
  readonly tell: (told: Told, reading: SubjectReading | FileReading) => void;
  /** Called once for each file, read or not. */
  readonly fileDone: (reading: FileReading, error: string | null) => void;
};

const FILES_AT_ONCE = 64;

/**
 * Judges what the sources read: values right here, since handing them to a thread costs more than judging them; files
 * in worker threads, which read them as well, with a bounded number of jobs under way.
 */
export class Lane {
  readonly #tools: LaneTools;
  #crew: Crew | null = null;
  readonly #underWay = new Set<Promise<void>>();
  #failed: unknown = null;
  #files: FileReading[] = [];

  constructor(tools: LaneTools) {
    this.#tools = tools;
  }

  /** Judges a subject's values. */
  async subject(reading: SubjectReading): Promise<void> {
    const detector = await this.#tools.detector();
    for (const candidate of reading.candidates) {
      const question = questionOf(candidate);
      const verdict = detector.classify(question);
      if (!verdict.secret && verdict.hushedBy === undefined) continue;
      const masked = verdict.secret ? detector.mask(question) : "";
      this.#tools.tell({ candidate, verdict, masked, part: detector.part(question) ?? candidate.value }, reading);
    }
  }

  /** Takes a file to read; resolves when there is room for more. */
  async file(reading: FileReading): Promise<void> {
    this.#files.push(reading);
    if (this.#files.length >= FILES_AT_ONCE) await this.#send();
  }

  /** Waits for all that is under way, then lets the threads go. Throws what a job threw. */
  async end(): Promise<void> {
    if (this.#files.length > 0) await this.#send();
    await Promise.all(this.#underWay);
    if (this.#failed !== null) throw this.#failed;
  }

  async close(): Promise<void> {
    await this.#crew?.close();
  }

  async #send(): Promise<void> {
    const crew = (this.#crew ??= await this.#tools.crew());
    const readings = this.#files;
    this.#files = [];
    const running = this.#read(crew, readings)
      .catch((error: unknown) => (this.#failed ??= error))
      .then(() => void this.#underWay.delete(running));
    this.#underWay.add(running);
    while (this.#underWay.size >= crew.size * 2) await Promise.race(this.#underWay);
    if (this.#failed !== null) throw this.#failed;
  }

  async #read(crew: Crew, readings: readonly FileReading[]): Promise<void> {
    const read = await crew.files(readings.map(({ file }) => file));
    for (const [at, { spotted, error }] of read.entries()) {
      const reading = readings[at] as FileReading;
      for (const one of spotted) this.#tools.tell(inFile(one, reading), reading);
      this.#tools.fileDone(reading, error);
    }
  }
}

function questionOf({ name, value, location }: Candidate): Question {
  return { name, value, where: location.where, path: location.path };
}

function inFile({ name, line, value, verdict, masked, part }: Spotted, { subject, source }: FileReading): Told {
  const location = locationIn(subject, source, line);
  const called = name !== "" ? name : (verdict.rule ?? "secret");
  return { candidate: { name: called, value, location }, verdict, masked, part };
}

function locationIn(subject: Subject, source: string, line: number): Candidate["location"] {
  const { kind, name, id } = subject;
  return {
    source,
    subject: kind,
    subjectName: name,
    subjectId: id,
    where: "file",
    path: `line ${line}`,
    origin: "own",
  };
}
