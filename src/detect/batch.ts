import type { BatchBytes, Detector, Known, ReadBatch } from "../contract/detector.ts";
import type { Reading } from "../contract/source.ts";
import { toldAs, type Candidate } from "../model/candidate.ts";
import type { Verdict } from "../model/finding.ts";
import { Secret } from "../model/secret.ts";
import { parseBatch } from "../text/json-batches.ts";

/** What a document of the source is, without what is known: handed in, since detection knows no source. Never throws. */
export type ReadDocument = (source: string, document: unknown, known: Known) => readonly Reading[];

type BareTold = {
  readonly name: string;
  readonly value: string;
  readonly location: Candidate["location"];
  readonly verdict: Verdict;
  readonly masked: string;
  readonly part: string;
};
type Found = ReadBatch["found"][number];
/** A batch that was read, in a form that can be handed from thread to thread. */
export type BareBatch = Omit<ReadBatch, "found"> & {
  readonly found: readonly (Omit<Found, "told"> & { readonly told: readonly BareTold[] })[];
};

/**
 * Parses and judges a batch of documents; null when its bytes are not those of whole ones, or a subject of it can be read
 * in part only, of which a batch cannot tell: then it is read where its readings are taken one by one.
 */
export function readBatch(
  { source, bytes, first }: BatchBytes,
  readDocument: ReadDocument,
  detector: Detector,
): BareBatch | null {
  const documents = parseBatch(bytes, first);
  if (documents === null) return null;
  let [subjects, values] = [0, 0];
  const errors: ReadBatch["errors"][number][] = [];
  const found: BareBatch["found"][number][] = [];
  let passed = 0;
  const known: Known = (where, entry, value) => {
    const is = detector.known(where, entry, value);
    if (is) passed++;
    return is;
  };
  for (const [at, document] of documents.entries()) {
    passed = 0;
    const [reading, ...more] = readDocument(source, document, known);
    if (more.length > 0) return null;
    if (reading?.kind === "error") errors.push({ at, message: reading.message, hint: reading.hint });
    if (reading?.kind !== "subject") continue;
    subjects++;
    values += reading.candidates.length + passed;
    const told = reading.candidates.flatMap((candidate) => judged(candidate, detector));
    if (told.length === 0) continue;
    const { subject, facts, exposure } = reading;
    found.push({ subject, facts, exposure, told });
  }
  return { subjects, values, errors, found };
}

/** The secrets are secrets again. */
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

function judged(candidate: Candidate, detector: Detector): BareTold[] {
  const { name, value, location } = candidate;
  const question = { name, value, where: location.where, path: location.path };
  const verdict = detector.classify(question);
  if (!verdict.secret && verdict.hushedBy === undefined) return [];
  const part = verdict.secret ? detector.part(question) : null;
  const told = toldAs(candidate, detector.name(name));
  return [
    {
      name: told.name,
      value: value.exposeText(),
      location: told.location,
      verdict,
      masked: verdict.secret ? detector.mask(question) : "",
      part: (part ?? value).exposeText(),
    },
  ];
}
