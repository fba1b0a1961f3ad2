import type { ClassifyInput, Detector, Unread } from "../contract/detector.ts";
import type { FileReading, SourceReading, SubjectReading } from "../contract/source.ts";
import { atPart, withShownName, type Candidate } from "../model/candidate.ts";
import { locationAt } from "../model/location.ts";
import type { Verdict } from "../model/finding.ts";
import { fieldRole, type Place } from "../model/place.ts";
import type { DetectedSecret, Inspect, InspectEvents } from "./port.ts";
import type {
  BatchReading,
  FastReading,
  FoundReading,
  ReadingOfSecret,
  ShelvedSecret,
  TextReading,
} from "./reading.ts";
import { spotInBlock, spotInFile, namedFile, type SpottedFile } from "./spot.ts";

/** Classifies everything in this thread, one reading after the other. */
export function inspectPlain(detector: () => Promise<Detector>): Inspect {
  return async (readings, _, events) => {
    const here = new PlainInspection(detector, events);
    for await (const reading of readings) await here.take(reading);
  };
}

/** What a source yields in the contract's terms: its batches are parsed here, and progress is left out. */
export async function* plainReadings(readings: AsyncIterable<FastReading>): AsyncGenerator<SourceReading> {
  const batches = new BatchReader();
  for await (const reading of readings) {
    if (reading.kind === "batch") yield* batches.read(reading);
    else if (["total", "subject", "file", "error"].includes(reading.kind)) yield reading as SourceReading;
  }
}

/** Parses batches in this thread. They come in order. */
class BatchReader {
  /** A batch was cut at a wrong position, and so was every later one. */
  careful = false;

  read(batch: BatchReading): Iterable<SourceReading> {
    const readings = this.careful ? null : batch.read();
    this.careful = readings === null;
    return readings ?? batch.slowly();
  }
}

/** Classifies readings of every kind in this thread, in their order. */
export class PlainInspection {
  readonly batches = new BatchReader();
  readonly #detector: () => Promise<Detector>;
  readonly #events: InspectEvents;

  constructor(detector: () => Promise<Detector>, events: InspectEvents) {
    this.#detector = detector;
    this.#events = events;
  }

  async take(reading: FastReading): Promise<void> {
    if (reading.kind === "subject") await this.#subject(reading);
    else if (reading.kind === "found") this.#found(reading);
    else if (reading.kind === "file") await this.file(reading, spotInFile(namedFile(reading), await this.#detector()));
    else if (reading.kind === "text") await this.#text(reading);
    else if (reading.kind === "batch") for (const one of this.batches.read(reading)) await this.take(one);
    else this.#events.read(reading);
  }

  /** Reports what was found in a file, wherever it was read. */
  async file(reading: FileReading, { spotted, unread, error }: SpottedFile): Promise<void> {
    const found = spotted.map((one) => inFile(one, reading, { kind: "text", file: null, line: one.line }));
    const declared = await this.#declared(reading);
    for (const secret of withDeclared(declared, found)) this.#events.secret(secret, reading);
    for (const one of unread) this.#leftOut(reading, one);
    this.#events.file(reading, error);
  }

  /** Reports what was not read; of which value, if not of the whole subject. */
  #leftOut({ subject: { name, id } }: ReadingOfSecret, { message, hint }: Unread, of?: Candidate): void {
    const said = of === undefined ? message : `${of.name} ${message}`;
    this.#events.read({ kind: "error", subject: name, about: { kind: "subject", name, id }, message: said, hint });
  }

  async #declared(reading: FileReading): Promise<DeclaredSecret[]> {
    const { declared = [] } = reading;
    if (declared.length === 0) return [];
    const detector = await this.#detector();
    return declared.flatMap(({ candidate, lastLine }) => {
      const question = { ...questionOf(candidate), path: reading.file };
      return this.#detected(candidate, question, reading, detector).map((secret) => ({ secret, lastLine }));
    });
  }

  async #subject(reading: SubjectReading): Promise<void> {
    this.#events.read(reading);
    if (reading.stored === true)
      for (const candidate of reading.candidates) this.#events.secret(stored(candidate), reading);
    else await this.#classify(reading);
    this.#events.classified(reading);
  }

  async #classify(reading: SubjectReading): Promise<void> {
    const detector = await this.#detector();
    for (const candidate of reading.candidates) {
      const question = questionOf(candidate);
      for (const secret of this.#detected(candidate, question, reading, detector)) this.#events.secret(secret, reading);
    }
  }

  #detected(candidate: Candidate, question: ClassifyInput, of: ReadingOfSecret, detector: Detector): DetectedSecret[] {
    const found = detected(candidate, question, detector);
    for (const one of detector.unread(question))
      this.#leftOut(of, one, withShownName(candidate, detector.name(candidate.name)));
    return found;
  }

  #found(reading: FoundReading): void {
    for (const { spotted, place } of reading.found) this.#events.secret(inFile(spotted, reading, place), reading);
  }

  async #text({ block, judged }: TextReading): Promise<void> {
    const detector = await this.#detector();
    judged(Promise.resolve(spotInBlock(block, detector)));
  }
}

/** Every secret in a candidate's value, or the one that a setting suppressed; empty if there is nothing to report. */
function detected(candidate: Candidate, question: ClassifyInput, detector: Detector): DetectedSecret[] {
  const verdict = detector.classify(question);
  if (isEntry(candidate, verdict)) return [inSecretObject(withShownName(candidate, detector.name(candidate.name)))];
  if (!verdict.secret && verdict.suppressedBy === undefined) return [];
  const told = withShownName(candidate, detector.name(candidate.name));
  const masked = verdict.secret ? detector.mask(question) : "";
  const part = detector.part(question) ?? candidate.value;
  const more = verdict.secret ? detector.more(question) : [];
  return [{ verdict, masked, part }, ...more].map((one) => ({ candidate: inLine(told, one.verdict), ...one }));
}

const inLine = (candidate: Candidate, verdict: Verdict): Candidate =>
  verdict.secret ? atPart(candidate, verdict.part) : candidate;

type DeclaredSecret = { readonly secret: DetectedSecret; readonly lastLine: number };

/** What a file declares, then the rest of its text. A secret that both found is one, by the stronger verdict. */
function withDeclared(declared: readonly DeclaredSecret[], found: readonly DetectedSecret[]): DetectedSecret[] {
  if (declared.length === 0) return [...found];
  const own = declared.map((one): DetectedSecret => {
    const { secret } = one;
    const twin = found.find((other) => isWithin(one, other) && secret.part.equals(other.part));
    return twin !== undefined && twin.verdict.score > secret.verdict.score
      ? { ...twin, candidate: secret.candidate }
      : secret;
  });
  return [...own, ...found.filter((one) => !declared.some((other) => isWithin(other, one)))];
}

/**
 * Whether a finding of the text is in a declared value: it is in one of its lines, and has its secret or its name. As text,
 * a value of several secrets may still be escaped.
 */
function isWithin({ secret: { candidate, part }, lastLine }: DeclaredSecret, found: DetectedSecret): boolean {
  const [line, first] = [lineOf(found), lineOf({ candidate })];
  if (line === null || first === null || line < first || line > lastLine) return false;
  const { name, value } = found.candidate;
  return part.equals(found.part) || candidate.value.equals(value) || candidate.name === name;
}

const lineOf = ({ candidate: { location } }: Pick<DetectedSecret, "candidate">): number | null =>
  location.place.kind === "text" ? location.place.line : null;

/** Whatever is in a secret store is a secret. */
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

/** What holds no secret in a Secret either. */
const NO_ENTRY: ReadonlySet<string> = new Set(["empty", "reference", "placeholder", "ciphertext", "public", "example"]);

/** A value of a Kubernetes Secret that nothing but its place says anything of. */
function isEntry({ location }: Candidate, verdict: Verdict): boolean {
  if (fieldRole(location.place) !== "secret-object") return false;
  if (verdict.secret) return verdict.confidence === "low";
  return verdict.suppressedBy === undefined && !NO_ENTRY.has(verdict.rule ?? "");
}

function inSecretObject(candidate: Candidate): DetectedSecret {
  const verdict = {
    secret: true,
    rule: "stored-secret",
    score: 0.7,
    confidence: "medium",
    severity: "medium",
    why: ["is a value of a Kubernetes Secret"],
    unless: "it were kept in a ConfigMap, where what is no secret belongs",
    part: { in: "value", path: "", start: null, length: null },
  } as const;
  return { candidate, verdict, masked: "••••••••", part: candidate.value };
}

function questionOf({ name, value, location, lead }: Candidate): ClassifyInput {
  return { name, value, where: location.where, path: location.path, ...(lead !== undefined && { lead }) };
}

function inFile(
  { name, value, verdict, masked, part, print }: ShelvedSecret,
  { subject, source }: FileReading | FoundReading,
  place: Place,
): DetectedSecret {
  const location = locationAt(source, subject, "file", place);
  const called = name !== "" ? name : (verdict.rule ?? "secret");
  return { candidate: { name: called, value, location }, verdict, masked, part, ...(print && { print }) };
}
