import { createHmac, randomBytes } from "node:crypto";
import { UnsprawlError } from "../model/error.ts";
import { storeKeyText, type StoreKey } from "../model/plan.ts";
import type { Secret } from "../model/secret.ts";

const PROCESS_KEY = randomBytes(32);

/**
 * A token for check-and-set: the store's version, and a digest of the value under a key of this process, which reveals
 * nothing about a weak value to others.
 */
export function versionOf(version: string, value: Secret): string {
  return `${version}#${createHmac("sha256", PROCESS_KEY).update(value.expose()).digest("hex").slice(0, 32)}`;
}

/** The store's part of such a token. */
export function storeVersion(token: string): string {
  return token.slice(0, token.lastIndexOf("#"));
}

/**
 * Throws `conflict` unless the current value (null: nothing) is what the caller means to replace (null: create only).
 * The same value under another version is the same: a sibling moved it. `store` is for the message: `the Key Vault`.
 */
export function checkReplace(
  there: { readonly value: Secret; readonly version: string } | null,
  replace: string | null,
  key: StoreKey,
  store: string,
): void {
  if (replace === null) {
    if (there === null) return;
    throw new UnsprawlError(
      "conflict",
      `${store} already has ${storeKeyText(key)}`,
      "unsprawl plan shows it; --overwrite replaces it",
    );
  }
  const digest = replace.slice(replace.lastIndexOf("#"));
  if (there !== null && (there.version === replace || there.version.endsWith(digest))) return;
  throw new UnsprawlError("conflict", `${storeKeyText(key)} has changed meanwhile in ${store}`, "unsprawl plan again");
}

/** Throws `conflict` unless the value is the one to remove. */
export function checkMatch(value: Secret, matches: (value: Secret) => boolean, key: StoreKey, store: string): void {
  if (!matches(value))
    throw new UnsprawlError(
      "conflict",
      `${store} holds another value at ${storeKeyText(key)}`,
      "someone else changed it; it is kept",
    );
}
