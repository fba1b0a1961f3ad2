import { createHmac, createSecretKey, hkdfSync, timingSafeEqual, type KeyObject } from "node:crypto";
import type { FingerprintKey } from "./fingerprint.ts";

/** What a code authenticates: each purpose has a key of its own, so that a code for one is worth nothing for another. */
export type MacPurpose = "plan" | "journal" | "fleet-job";

/**
 * The message's HMAC-SHA-256 in hex, under a key derived (HKDF-SHA-256) from the installation's key for this purpose
 * alone. It proves that a holder of the installation's key wrote the message.
 */
export function mac(message: string, purpose: MacPurpose, key: FingerprintKey): string {
  return createHmac("sha256", derived(purpose, key)).update(message).digest("hex");
}

/** Whether `given`, which may be anything that a file held, is the message's code. Takes equally long either way. */
export function macHolds(given: unknown, message: string, purpose: MacPurpose, key: FingerprintKey): boolean {
  const wanted = Buffer.from(mac(message, purpose, key));
  const found = Buffer.from(typeof given === "string" ? given : "");
  return found.length === wanted.length && timingSafeEqual(found, wanted);
}

/**
 * JSON with the members of each object in one order, so that equal documents give equal texts however they were written.
 * Members that are undefined are left out, as JSON does. Throws `RangeError` for a document nested too deeply.
 */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join()}}`;
}

const keys = new WeakMap<KeyObject, Map<MacPurpose, KeyObject>>();

function derived(purpose: MacPurpose, { secret }: FingerprintKey): KeyObject {
  const own = keys.get(secret) ?? new Map<MacPurpose, KeyObject>();
  keys.set(secret, own);
  const known = own.get(purpose);
  if (known) return known;
  const made = createSecretKey(Buffer.from(hkdfSync("sha256", secret, "", `unsprawl mac ${purpose}`, 32)));
  own.set(purpose, made);
  return made;
}
