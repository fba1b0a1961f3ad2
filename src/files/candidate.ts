import type { Candidate } from "../model/candidate.ts";
import type { Subject, Where } from "../model/location.ts";
import { Secret } from "../model/secret.ts";

/** A value at a place of a file of this subject. */
export function candidateAt(
  source: string,
  subject: Subject,
  where: Where,
  name: string,
  value: string,
  path: string,
): Candidate {
  const { kind, name: subjectName, id: subjectId } = subject;
  const location = { source, subject: kind, subjectName, subjectId, where, path, origin: "own" } as const;
  return { name, value: Secret.of(value), location };
}
