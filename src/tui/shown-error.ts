import type { Redactor } from "../kit/text/redact.ts";
import { unexpectedError, UnsprawlError } from "../model/error.ts";
import type { ShownMessage } from "./state-parts.ts";

/** Any thrown value as a person may read it: without known values and without a stack. */
export function shownError(error: unknown, redactor: Redactor): ShownMessage {
  const known = reduce(error);
  return { text: redactor.foreign(known.message), hint: known.hint === null ? null : redactor.foreign(known.hint) };
}

/** True if a verb ended because it was cancelled. */
function calledOff(error: unknown): boolean {
  return (
    error instanceof Error &&
    (error.name === "AbortError" || (error instanceof UnsprawlError && error.code === "interrupted"))
  );
}

function reduce(error: unknown): { readonly message: string; readonly hint: string | null } {
  if (error instanceof UnsprawlError) return error;
  if (calledOff(error)) return { message: "cancelled", hint: null };
  return unexpectedError(error);
}
