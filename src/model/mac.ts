import { createHmac, createSecretKey, hkdfSync, timingSafeEqual, type KeyObject } from "node:crypto";
import type { FingerprintKey } from "./fingerprint.ts";

/** What a MAC authenticates. Each purpose has its own key, so that a MAC for one is invalid for another. */
export type MacPurpose = "plan" | "journal" | "fleet-job" | "fleet-verdict";

/**
 * HMAC-SHA-256 of the message in hex, under a key derived (HKDF-SHA-256) from the installation's key for this purpose.
 * A valid MAC proves that the writer holds the installation's key.
 */
export function mac(message: string, purpose: MacPurpose, key: FingerprintKey): string {
  return createHmac("sha256", derived(purpose, key)).update(message).digest("hex");
}

/** Whether `given`, untrusted input of any type, is the message's MAC. Constant-time. */
export function macHolds(given: unknown, message: string, purpose: MacPurpose, key: FingerprintKey): given is string {
  const wanted = Buffer.from(mac(message, purpose, key));
  const found = Buffer.from(typeof given === "string" ? given : "");
  return found.length === wanted.length && timingSafeEqual(found, wanted);
}

/**
 * JSON with sorted object keys, so that equal documents have equal text. Undefined members are left out, as in JSON.
 * Throws `RangeError` if the document is nested too deeply.
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
