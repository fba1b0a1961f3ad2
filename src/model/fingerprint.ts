import { createHmac, createSecretKey, type KeyObject } from "node:crypto";
import { UnsprawlError } from "./error.ts";
import type { Secret } from "./secret.ts";

/** The HMAC key of an installation. A fleet shares one, so that equal secrets group across hosts. */
export type FingerprintKey = { readonly id: string; readonly secret: KeyObject };

/** 32 lower-case hex digits: the first half of an HMAC-SHA-256 over the whole value. */
export type Fingerprint = string;

/**
 * The keyed fingerprint of a value. Equal values have equal fingerprints; without the key, a weak value cannot be
 * guessed from its fingerprint.
 */
export function fingerprint(value: Secret, key: FingerprintKey): Fingerprint {
  return keyedDigest(value.expose(), key);
}

/** The same digest for bytes that contain secrets, such as a container's whole configuration. */
export function keyedDigest(bytes: string | Uint8Array, key: FingerprintKey): Fingerprint {
  return createHmac("sha256", key.secret).update(bytes).digest("hex").slice(0, 32);
}

/** The fingerprint key that a store keeps for a fleet. Throws `config` if it is shorter than 32 bytes. */
export function sharedFingerprintKey(kept: Secret): FingerprintKey {
  if (kept.length >= 32) return fingerprintKey(kept.expose());
  throw new UnsprawlError(
    "config",
    "the fleet's fingerprint key is shorter than 32 bytes",
    "openssl rand -hex 32 makes one; fingerprints change with it",
  );
}

/** A fingerprint key with its public id, which tells fingerprints of different keys apart without revealing the key. */
export function fingerprintKey(key: Uint8Array): FingerprintKey {
  const secret = createSecretKey(key); // made once: an HMAC of plain bytes makes one each time
  return { id: createHmac("sha256", secret).update("unsprawl key id").digest("hex").slice(0, 8), secret };
}
