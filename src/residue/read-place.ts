import type { UnreadablePlace } from "../contract/look.ts";
import { UnsprawlError } from "../model/error.ts";

/** What `act` gives, or that `place` could not be looked at and why. */
export async function readPlace<T>(
  place: string,
  act: () => Promise<T>,
): Promise<{ readonly got: T } | UnreadablePlace> {
  try {
    return { got: await act() };
  } catch (error) {
    const why = reason(error);
    if (why === null) throw error;
    return { place, why };
  }
}

const MEANS: { readonly [code: string]: string } = {
  EACCES: "no right to read it",
  EPERM: "no right to read it",
  ELOOP: "a symbolic link, which is not followed",
};

/** Why something outside could not be read; null for an error of our own. */
function reason(error: unknown): string | null {
  if (error instanceof UnsprawlError) return error.message;
  const { code, name } = error as { code?: unknown; name?: unknown };
  if (typeof code !== "string" || name === "AbortError") return null;
  return MEANS[code] ?? `cannot be read (${code})`;
}
