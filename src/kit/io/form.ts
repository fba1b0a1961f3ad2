import { UnsprawlError } from "../../model/error.ts";

/**
 * Throws `refused` for a document that a later version of the program wrote in a form that this one does not read:
 * what it means is not guessed, and nothing is written over it. `found` is what it says of its form, of any type.
 */
export function mustBeKnownForm(found: unknown, known: number, what: string): void {
  if (typeof found !== "number" || found <= known) return;
  throw new UnsprawlError(
    "refused",
    `${what} has form ${found}, and this version of unsprawl reads up to form ${known}: a newer version wrote it`,
    "update unsprawl, or use the version that wrote it",
  );
}
