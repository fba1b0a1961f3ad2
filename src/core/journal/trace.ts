import { randomBytes, scryptSync } from "node:crypto";
import { fingerprint, type Fingerprint, type FingerprintKey } from "../../model/fingerprint.ts";
import type { Secret } from "../../model/secret.ts";

/** The cost of one guess: 16 MiB of memory and about 50 ms. */
const COST = { N: 2 ** 14, r: 8, p: 1 } as const;

/** Replaces a value's fingerprint: the store already held another value when the run was scrubbed. */
export const ROTATED: Fingerprint = "scrubbed:rotated";
/** Replaces a value's fingerprint: nothing is known about the value any more. */
export const FORGOTTEN: Fingerprint = "scrubbed";

/** Whether this fingerprint of a finding is one of a scrubbed run: plain, or with a number that equal ones share. */
export function isForgotten(print: Fingerprint): boolean {
  return print.startsWith(FORGOTTEN);
}

/**
 * What a scrubbed run keeps of a migrated value, so that `doctor` can still tell whether it was rotated: 16 bits from a
 * slow hash (scrypt) under a salt and the installation's key. One in 65,536 other values matches too, so guessing is
 * slow and never conclusive.
 */
export function traceOf(value: Secret, key: FingerprintKey): Fingerprint {
  const salt = randomBytes(8).toString("hex");
  return `scrubbed:${salt}:${bits(value, salt, key)}`;
}

/** Whether the value has this fingerprint or, in a scrubbed run, matches the trace. */
export function isValueOf(print: Fingerprint, value: Secret, key: FingerprintKey): boolean {
  const [scrubbed, salt, kept] = print.split(":");
  if (scrubbed !== FORGOTTEN) return fingerprint(value, key) === print;
  return salt !== undefined && kept !== undefined && bits(value, salt, key) === kept;
}

function bits(value: Secret, salt: string, key: FingerprintKey): string {
  return scryptSync(fingerprint(value, key), salt, 2, { ...COST, maxmem: 64 * 1024 * 1024 }).toString("hex");
}
