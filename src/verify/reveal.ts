import { createHash } from "node:crypto";
import { isUtf8 } from "node:buffer";
import type { Secret } from "../model/secret.ts";

/** The value as text, to be sent only to its issuer; null if it is not text and would arrive changed. */
export function reveal(secret: Secret): string | null {
  const bytes = secret.expose();
  return isUtf8(bytes) ? bytes.toString("utf8") : null;
}

/** What makes two questions the same, without keeping what they would send. */
export function requestKey(...parts: readonly (string | number | null)[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("base64");
}
