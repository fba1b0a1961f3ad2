import { UnsprawlError, type ErrorCode } from "../model/error.ts";

/**
 * What to do about it: `again`: the same batch later; after `afterMs` if the other side said so. `fix`: it fails until
 * a person fixes the channel (a wrong address, a wrong login). `refused`: the batch is not accepted, though the channel
 * works; a part of it may be.
 */
export type Remedy =
  | { readonly do: "again"; readonly afterMs: number | null }
  | { readonly do: "fix" }
  | { readonly do: "refused" };

export const AGAIN: Remedy = { do: "again", afterMs: null };
export const FIX: Remedy = { do: "fix" };

/** A batch that was not delivered, or may not have been. */
export class Undelivered extends UnsprawlError {
  readonly remedy: Remedy;

  constructor(code: ErrorCode, remedy: Remedy, message: string, hint: string | null = null) {
    super(code, message, hint);
    this.remedy = remedy;
  }
}
