import { randomBytes, scryptSync } from "node:crypto";
import { fingerprint, type Fingerprint, type FingerprintKey } from "../../model/fingerprint.ts";
import type { Secret } from "../../model/secret.ts";

/** What one guess costs: 16 MiB and about a twentieth of a second. */
const COST = { N: 2 ** 14, r: 8, p: 1 } as const;

/** In place of a value's fingerprint: the store held another value by the time its run was scrubbed. */
export const ROTATED: Fingerprint = "scrubbed:rotated";
/** In place of a value's fingerprint: nothing is known of it any more. */
export const FORGOTTEN: Fingerprint = "scrubbed";

/**
 * What a scrubbed run keeps of a value that it moved, so that `doctor` can still say whether it has been rotated: 16 bits,
 * derived slowly (scrypt) under a salt and the installation's key. Of 65,536 other values one looks the same, so a guess
 * is slow, and never confirmed.
 */
export function traceOf(value: Secret, key: FingerprintKey): Fingerprint {
  const salt = randomBytes(8).toString("hex");
  return `scrubbed:${salt}:${bits(value, salt, key)}`;
}

/** Whether a value has this fingerprint, or, where its run was scrubbed, may have been the one of this trace. */
export function isValueOf(print: Fingerprint, value: Secret, key: FingerprintKey): boolean {
  const [scrubbed, salt, kept] = print.split(":");
  if (scrubbed !== FORGOTTEN) return fingerprint(value, key) === print;
  return salt !== undefined && kept !== undefined && bits(value, salt, key) === kept;
}

function bits(value: Secret, salt: string, key: FingerprintKey): string {
  return scryptSync(fingerprint(value, key), salt, 2, { ...COST, maxmem: 64 * 1024 * 1024 }).toString("hex");
}
