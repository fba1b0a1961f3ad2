import { UnsprawlError, type ErrorCode } from "../model/error.ts";

/**
 * What is to be done about it:
 * `again`: the same later; after `afterMs`, when the other side said so.
 * `mend`: the same fails until a person mends the channel (a wrong address, a wrong login).
 * `refused`: it is what was told that is not taken, not the channel; a part of it may be.
 */
export type Remedy =
  | { readonly do: "again"; readonly afterMs: number | null }
  | { readonly do: "mend" }
  | { readonly do: "refused" };

export const AGAIN: Remedy = { do: "again", afterMs: null };
export const MEND: Remedy = { do: "mend" };

/** A batch that was not told, or of which that is not known. */
export class NotTold extends UnsprawlError {
  readonly remedy: Remedy;

  constructor(code: ErrorCode, remedy: Remedy, message: string, hint: string | null = null) {
    super(code, message, hint);
    this.remedy = remedy;
  }
}
