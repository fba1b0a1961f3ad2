import type { Fingerprint } from "./fingerprint.ts";

/**
 * What a store keeps of an entry besides its value, without what unsprawl marks its own with. Exists only in memory: people
 * write anything there.
 */
export type BesideValue = {
  readonly description?: string;
  /** Labels, tags, custom metadata. */
  readonly labels?: { readonly [name: string]: string };
  /** When the value is said to end, in seconds of the epoch. Nothing is deleted then. */
  readonly expiry?: number;
  /** What no other store can have: `deletion` is a date on which the store deletes the value. */
  readonly stays?: readonly ("annotations" | "deletion")[];
};

/** A kind of it that another store may have too. */
export type CarriedKind = Exclude<keyof BesideValue, "stays">;

export const CARRIED_KINDS: readonly CarriedKind[] = ["description", "labels", "expiry"];

/** What goes along with a value from another store; by the digest what the plan saw is known again. */
export type Carried = { readonly kinds: readonly CarriedKind[]; readonly digest: Fingerprint };
