import type { Evidence } from "../evidence.ts";

/** A secret in a text: what speaks for it, under which name, the literal that holds it and its bytes' places. */
export type TextHit = {
  readonly found: Evidence;
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly line: number;
  readonly value: string;
};

/** A hit whose line is not counted yet. */
export type PendingHit = Omit<TextHit, "line" | "value"> & { readonly value?: string };
