import type { Json } from "./json.ts";

/** `intent` is written before an effect, `done` after it, `undone` after its inverse, `failed` with the reason. */
export type ReceiptState = "intent" | "done" | "failed" | "undone";

/** One line of a run's journal: append-only, holds no value. */
export type Receipt = {
  readonly at: string;
  readonly step: string;
  readonly state: ReceiptState;
  /** What the inverse and `resume` need: ids, versions, keyed digests before and after. */
  readonly data: { readonly [key: string]: Json };
};
