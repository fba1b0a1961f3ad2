/**
 * Why a value is no secret whatever its name is, in plain words with the rule that dismissed it.
 */
export type Cleared = {
  readonly rule: string;
  readonly why: string;
  /** Not all of the value was read, so that this is a guess. */
  readonly partly?: true;
  /** The setting that hid a secret, in words for people; absent if the value itself was dismissed. */
  readonly suppressedBy?: string;
};

/** A verdict that clears a value. */
export const cleared = (rule: string, why: string): Cleared => ({ rule, why });
