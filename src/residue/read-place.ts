import type { UnreadablePlace } from "../contract/look.ts";
import { UnsprawlError } from "../model/error.ts";

/** That a place could not be looked at and why; `absent` if there is no such file or folder. */
export type PlaceFault = { readonly unread: UnreadablePlace; readonly absent: boolean };

/** What `act` returns, or why `place` could not be looked at. */
export async function readPlace<T>(place: string, act: () => Promise<T>): Promise<{ readonly got: T } | PlaceFault> {
  try {
    return { got: await act() };
  } catch (error) {
    const why = reason(error);
    if (why === null) throw error;
    const { code } = error as { code?: unknown };
    return { unread: { place, why }, absent: code === "ENOENT" || code === "ENOTDIR" };
  }
}

const MEANS: { readonly [code: string]: string } = {
  EACCES: "permission denied",
  EPERM: "permission denied",
  ELOOP: "a symbolic link, which is not followed",
};

/** Why something outside could not be read; null for an error of our own. */
function reason(error: unknown): string | null {
  if (error instanceof UnsprawlError) return error.message;
  const { code, name } = error as { code?: unknown; name?: unknown };
  if (typeof code !== "string" || name === "AbortError") return null;
  return MEANS[code] ?? `cannot be read (${code})`;
}
