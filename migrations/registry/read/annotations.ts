import type { Candidate } from "../../../src/model/candidate.ts";
import type { Subject } from "../../../src/model/location.ts";
import { candidateAt } from "../../../src/files/candidate.ts";
import type { JsonObject } from "../../../src/kit/json-object.ts";

/** Lists of descriptors, each of which may have annotations (OCI image spec, `annotations.md`). */
const LISTS = ["manifests", "layers", "blobs"];

/** The annotations of a manifest or an index, and of the descriptors in it; all of an attestation have its role. */
export function annotationsOf(
  source: string,
  subject: Subject,
  document: JsonObject,
  isAttestation: boolean,
): Candidate[] {
  const found: Candidate[] = [];
  const read = (from: unknown, at: string): void => {
    const role = isAttestation ? "attestation" : at === "" ? "manifest" : null;
    const annotations = (from as JsonObject | null | undefined)?.["annotations"];
    if (typeof annotations !== "object" || annotations === null) return;
    for (const [name, value] of Object.entries(annotations))
      if (typeof value === "string" && value !== "")
        found.push(
          candidateAt(source, subject, "annotation", name, value, {
            kind: "field",
            field: `${at}annotations[${JSON.stringify(name)}]`,
            ...(role === null ? {} : { role }),
          }),
        );
  };
  read(document, "");
  for (const one of ["config", "subject"]) read(document[one], `${one}.`);
  for (const list of LISTS)
    if (Array.isArray(document[list])) for (const [at, one] of document[list].entries()) read(one, `${list}[${at}].`);
  return found;
}
