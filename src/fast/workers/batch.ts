import type { IsCachedValue } from "../../detect/dismissed.ts";
import type { CachingDetector } from "../../detect/detector.ts";
import type { ClassifyInput, Detector } from "../../contract/detector.ts";
import type { BatchBytes, ReadBatch } from "../pool.ts";
import type { SourceReading, SubjectReading } from "../../contract/source.ts";
import { withShownName, type Candidate } from "../../model/candidate.ts";
import type { Verdict } from "../../model/finding.ts";
import type { Where } from "../../model/location.ts";
import { Secret } from "../../model/secret.ts";
import { parseBatch } from "../documents/json-batches.ts";

/**
 * Makes the readings of a document, without dismissed values. Passed in, since detection knows no source. Never throws.
 */
export type ReadDocument = (source: string, document: unknown, known: IsCachedValue) => readonly SourceReading[];

/** What a batch holds, before its values are classified. */
export type ParsedBatch = Omit<ReadBatch, "found"> & { readonly readings: readonly SubjectReading[] };

/**
 * Values to be classified, in a form that is cheap to transfer between threads: five texts for each value, in one
 * array.
 */
export type PackedValues = readonly string[];
/** The verdicts of values that are secrets or were suppressed by a setting, by the values' numbers. */
export type PackedVerdicts = readonly (BatchVerdict & { readonly at: number })[];

type BatchVerdict = {
  readonly name: string;
  readonly verdict: Verdict;
  readonly masked: string;
  readonly part: string;
};
type BareDetected = Omit<BatchVerdict, "name"> & Pick<Candidate, "name" | "location"> & { readonly value: string };
type BatchSecret = ReadBatch["found"][number];
/** A parsed batch, in a form that can be transferred between threads. */
export type BareBatch = Omit<ReadBatch, "found"> & {
  readonly found: readonly (Omit<BatchSecret, "told"> & { readonly told: readonly BareDetected[] })[];
};

/** Parses and classifies a batch of documents; null if `parse` returns null, or if a value was not read whole. */
export function readBatch(batch: BatchBytes, readDocument: ReadDocument, detector: CachingDetector): BareBatch | null {
  const parsed = parse(batch, readDocument, detector.known);
  if (parsed === null) return null;
  const { readings, ...rest } = parsed;
  let whole = true;
  const found = readings.flatMap((reading) => {
    const told = reading.candidates.flatMap((candidate): BareDetected[] => {
      const { name, value, location, lead } = candidate;
      const question = { name, value, where: location.where, path: location.path, ...(lead !== undefined && { lead }) };
      const all = judge(question, detector);
      if (detector.unread(question).length > 0) whole = false;
      return all.map((judged) => {
        const shown = withShownName(candidate, judged.name);
        return { ...judged, name: shown.name, location: shown.location, value: value.exposeText() };
      });
    });
    return told.length === 0 ? [] : [{ ...about(reading), told }];
  });
  return whole ? { ...rest, found } : null;
}

/**
 * Parses a batch of documents; null if its bytes are not whole documents, or if one of its subjects is only partly
 * readable. A batch cannot report that, so it is then parsed reading by reading.
 */
export function parse(
  { source, bytes, first }: BatchBytes,
  readDocument: ReadDocument,
  known: IsCachedValue,
): ParsedBatch | null {
  const documents: (object | null)[] | null = parseBatch(bytes, first);
  if (documents === null) return null;
  let [subjects, values, passed] = [0, 0, 0];
  const errors: ReadBatch["errors"][number][] = [];
  const readings: SubjectReading[] = [];
  const counted: IsCachedValue = (where, entry, value) => {
    const is = known(where, entry, value);
    if (is) passed++;
    return is;
  };
  for (let at = 0; at < documents.length; at++) {
    const document = documents[at];
    documents[at] = null; // may go before the others have been read
    passed = 0;
    const [reading, ...more] = readDocument(source, document, counted);
    if (more.length > 0) return null;
    if (reading?.kind === "error") errors.push({ at, message: reading.message, hint: reading.hint });
    if (reading?.kind !== "subject") continue;
    subjects++;
    values += reading.candidates.length + passed;
    if (reading.candidates.length > 0) readings.push(reading);
  }
  return { subjects, values, errors, readings };
}

/** The questions of a parsed batch. */
export function questionsOf({ readings }: ParsedBatch): PackedValues {
  return readings.flatMap(({ candidates }) =>
    candidates.flatMap(({ name, value, location, lead = "" }) => [
      name,
      value.exposeText(),
      location.where,
      location.path,
      lead,
    ]),
  );
}

/** Classifies the values in question; null if one was not read whole. */
export function classifyBatch(texts: PackedValues, detector: Detector): PackedVerdicts | null {
  const answered: (BatchVerdict & { at: number })[] = [];
  const text = (at: number): string => texts[at] as string;
  for (let at = 0, from = 0; from < texts.length; at++, from += 5) {
    const [value, where, path, lead] = [
      Secret.of(text(from + 1)),
      text(from + 2) as Where,
      text(from + 3),
      text(from + 4),
    ];
    const question = { name: text(from), value, where, path, ...(lead !== "" && { lead }) };
    for (const judged of judge(question, detector)) answered.push({ ...judged, at });
    if (detector.unread(question).length > 0) return null;
  }
  return answered;
}

/** The batch with its verdicts; `clear` is called for each value that has nothing to report. */
export function withAnswers(
  { readings, ...rest }: ParsedBatch,
  answered: PackedVerdicts,
  clear: (candidate: Candidate) => void,
): ReadBatch {
  const byNumber = Map.groupBy(answered, ({ at }) => at);
  let number = 0;
  const found = readings.flatMap((reading): BatchSecret[] => {
    const told = reading.candidates.flatMap((candidate) => {
      const judged = byNumber.get(number++);
      if (judged === undefined) {
        clear(candidate);
        return [];
      }
      return judged.map(({ name, verdict, masked, part }) => {
        return { candidate: withShownName(candidate, name), verdict, masked, part: Secret.of(part) };
      });
    });
    return told.length === 0 ? [] : [{ ...about(reading), told }];
  });
  return { ...rest, found };
}

/** The secrets become `Secret` objects again. */
export function unwrapBatch({ found, ...rest }: BareBatch): ReadBatch {
  return {
    ...rest,
    found: found.map(({ told, ...of }) => ({
      ...of,
      told: told.map(({ name, value, location, part, ...said }) => ({
        ...said,
        candidate: { name, value: Secret.of(value), location },
        part: Secret.of(part),
      })),
    })),
  };
}

/** Called only if something was found, since the facts are built only then. */
function about({ subject, facts, exposure }: SubjectReading): Omit<BatchSecret, "told"> {
  return { subject, facts, exposure };
}

/** Every secret in a value, or the one that a setting suppressed; empty if there is nothing to report. */
function judge(question: ClassifyInput, detector: Detector): BatchVerdict[] {
  const verdict = detector.classify(question);
  if (!verdict.secret && verdict.suppressedBy === undefined) return [];
  const name = detector.name(question.name);
  if (!verdict.secret) return [{ name, verdict, masked: "", part: question.value.exposeText() }];
  const first = { verdict, masked: detector.mask(question), part: detector.part(question) ?? question.value };
  return [first, ...detector.more(question)].map((one) => ({ ...one, name, part: one.part.exposeText() }));
}
