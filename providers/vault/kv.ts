import { createHmac, randomBytes } from "node:crypto";
import type { BesideLimits, Origin, Stored } from "../../src/contract/provider.ts";
import type { BesideValue } from "../../src/model/beside.ts";
import { stringifyExact } from "../../src/kit/text/exact-json.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { storeKeyText, type StoreKey } from "../../src/model/plan.ts";
import { Secret } from "../../src/model/secret.ts";
import { storableText } from "../../src/stores-kit/storable.ts";

/** One version of the KV engine: the same operations over another API. */
export type Kv = {
  get(key: StoreKey): Promise<Stored | null>;
  /** The engine's version of a path, or null if it has none or this token may not see it. */
  version(path: string): Promise<string | null>;
  /** The newest earlier value that `matches` accepts; null if there is none, or the engine keeps no versions. */
  earlier(key: StoreKey, matches: (value: Secret) => boolean): Promise<Secret | null>;
  put(
    key: StoreKey,
    value: Secret,
    replace: string | null,
    origin: Origin,
    beside?: BesideValue,
  ): Promise<{ version: string }>;
  /** As of a provider; version 1 has none of it. */
  readonly holds?: BesideLimits;
  beside?(key: StoreKey): Promise<BesideValue | null>;
  putBeside?(key: StoreKey, beside: BesideValue): Promise<void>;
  remove(key: StoreKey, matches: (value: Secret) => boolean, created?: boolean): Promise<boolean>;
  /** What a plan is to say before it writes below a path. */
  notes(path: string): Promise<readonly string[]>;
  /** A secret with all its fields; null when absent or soft-deleted. */
  fields(path: string): Promise<Fields | null>;
};

/** A secret as the engine holds it: its fields, null when it is absent. */
export type Fields = { readonly [field: string]: unknown };

/** Custom metadata, beside the mark (kv-v2, "Create/update metadata"). */
export const HOLDS: BesideLimits = {
  labels: {
    most: 63,
    name: { bytes: 128, form: /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]+$/u },
    text: { bytes: 512, form: /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]+$/u },
  },
  ofPath: true,
};
/** The server refuses a request of 32 MiB, and raft storage an entry of 1 MiB. */
const MAX_VALUE = 1024 * 1024 - 64 * 1024;
const PROCESS_KEY = randomBytes(32);

/** A field's value; null if absent. Anything but text is returned as JSON, as `vault kv get -field` prints it. */
export function fieldValue(fields: Fields | null, field: string): Secret | null {
  if (fields === null || !Object.hasOwn(fields, field)) return null;
  const value = fields[field];
  if (value === null || value === undefined) return null;
  return Secret.of(typeof value === "string" ? value : stringifyExact(value));
}

/**
 * A token for check-and-set of one field: the engine's version, and a digest under a key of this process. A sibling
 * changes the version and not the digest; the digest reveals nothing about a weak value to others.
 */
export function versionOf(engine: number, value: Secret): string {
  return `${engine}.${createHmac("sha256", PROCESS_KEY).update(value.expose()).digest("hex").slice(0, 32)}`;
}

/** Throws `conflict` unless the current value is what the caller means to replace (null: nothing). */
export function checkReplace(there: Secret | null, engine: number, replace: string | null, key: StoreKey): void {
  if (replace === null) {
    if (there === null) return;
    throw new UnsprawlError(
      "conflict",
      `the Vault already has ${key.field} at ${key.path}`,
      "unsprawl plan shows it; --overwrite replaces it",
    );
  }
  const [version = "", digest = ""] = replace.split(".");
  if (there !== null && (versionOf(engine, there).endsWith(`.${digest}`) || (engine > 0 && version === String(engine))))
    return;
  throw new UnsprawlError(
    "conflict",
    `${key.field} at ${key.path} has changed meanwhile in the Vault`,
    "unsprawl plan again",
  );
}

/** The value as JSON can carry it. Throws `refused`. */
export function vaultText(value: Secret): string {
  return storableText(value, { what: "a Vault entry", most: MAX_VALUE });
}

/** A write without a response: it may have been carried out, or still be. */
export function unsure(error: UnsprawlError, key: StoreKey): UnsprawlError {
  return new UnsprawlError(
    "unreachable",
    `${error.message}; it is not known whether ${storeKeyText(key)} was changed`,
    "when it answers again, unsprawl resume checks and completes the rest",
    typeof error.cause === "string" ? error.cause : undefined,
  );
}
