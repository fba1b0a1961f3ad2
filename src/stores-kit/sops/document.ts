import type { KeyFields } from "../../contract/key-service.ts";
import { cmd } from "../../kit/shell.ts";
import { UnsprawlError } from "../../model/error.ts";
import type { Plaintext } from "./cipher.ts";
import { DEFAULT_RULES, keyTest, type Rules } from "./rules.ts";

/** One value of the file in document order. Items of a list have the list's path, as SOPS counts it. */
export type Leaf = {
  readonly path: readonly string[];
  /** False inside a list: such a value has no name. */
  readonly named: boolean;
  readonly start: number;
  readonly end: number;
  readonly text: string;
  /** What an unencrypted value counts as in the MAC; null for null, which SOPS neither encrypts nor counts. */
  readonly literal: Plaintext | null;
};

/** A range of the file's text with what it says. */
export type Ranged = { readonly text: string; readonly start: number; readonly end: number };

/** A SOPS file as read: the text stays as it is, all else are ranges in it. */
export type SopsDocument = {
  readonly file: string;
  readonly text: string;
  /** The format's own view of the text, for its own edits. */
  readonly tree: unknown;
  readonly leaves: readonly Leaf[];
  readonly rules: Rules;
  readonly macOnlyEncrypted: boolean;
  /** The metadata under `sops`, for the wrapped data keys. */
  readonly metadata: Metadata;
  readonly mac: Ranged;
  readonly lastModified: Ranged;
};

/** SOPS's own data, nested as in YAML whatever the format; booleans may be text. */
export type Metadata = { readonly [key: string]: unknown };

/** A master key of a file: an entry of the metadata's list of that kind, `enc` in it once the data key is wrapped. */
export type SopsKey = { readonly kind: string; readonly fields: KeyFields };

/**
 * The keys of a file: one group, each key of which has the data key; or several, each key of which has its group's share,
 * and `threshold` groups make the data key.
 */
export type KeyGroups = { readonly groups: readonly (readonly SopsKey[])[]; readonly threshold: number | null };

/** What a new file says of itself, in SOPS's order, without its lists of keys. */
export type NewMetadata = { readonly [key: string]: string | true };

/** One file format of sops (getsops/sops stores/): ranges and splices; ciphers, MAC and rules are the same for all. */
export type SopsFormat = {
  /** For errors: `YAML`. */
  readonly name: string;
  /** Throws `malformed` when it is not one, `refused` for what sops itself can read and unsprawl cannot. */
  read(text: string, file: string): Promise<SopsDocument>;
  /** A file without a value. `mark` is an encrypted comment. */
  draft(keys: KeyGroups, metadata: NewMetadata, mark: string): string;
  /** Ciphertexts that may be the mark of `draft`. */
  marks(document: SopsDocument): readonly string[];
  /** Whether nothing is left but SOPS's own data. */
  isEmpty(document: SopsDocument): boolean;
  /** Why a value cannot go there, or null. Values are text in UTF-8 without NUL. */
  unfit(path: readonly string[], value: Buffer): { readonly why: string; readonly hint: string } | null;
  /** A scalar of the metadata as the file spells it. */
  scalar(text: string): string;
  /** The text with a ciphertext at a path; the MAC is not touched. Throws `refused` when a map or list is in the way. */
  set(document: SopsDocument, path: readonly string[], cipher: string): Promise<string>;
  /** The text without the value at a path, null when there is none; with `andEmptied` without the maps it leaves empty. */
  unset(document: SopsDocument, path: readonly string[], andEmptied: boolean): Promise<string | null>;
  /** The text with other entries for the data key in place of all there are. */
  rekey(document: SopsDocument, keys: KeyGroups): Promise<string>;
};

/** The key under which SOPS keeps its own data. */
export const METADATA_KEY = "sops";

/** The metadata's lists of wrapped data keys (getsops/sops stores/stores.go `Metadata`), and how they are combined. */
export const KEY_LISTS: readonly string[] = [
  ...["kms", "gcp_kms", "azure_kv", "hc_vault", "age", "pgp", "hckms", "acs_kms"],
  ...["key_groups", "shamir_threshold"],
];

/** A document of what a format has found. Throws `malformed` without a MAC, `refused` for rules by comment. */
export async function documentFrom(
  parsed: Pick<SopsDocument, "file" | "text" | "tree" | "leaves" | "metadata">,
  ranged: (key: string) => Ranged | null,
): Promise<SopsDocument> {
  const { file, metadata } = parsed;
  const must = (key: string): Ranged => {
    const found = ranged(key);
    if (found === null)
      throw new UnsprawlError("malformed", `${file}: sops.${key} is missing`, "restore the file from a backup");
    return found;
  };
  const [mac, lastModified] = [must("mac"), must("lastmodified")];
  if (metadata["encrypted_comment_regex"] || metadata["unencrypted_comment_regex"]) {
    throw new UnsprawlError(
      "refused",
      `${file} is encrypted by rules on comments`,
      "edit such a file with sops set, or put the values into another file",
    );
  }
  const only = metadata["mac_only_encrypted"];
  const rules = await rulesOf(metadata);
  return { ...parsed, rules, macOnlyEncrypted: only === "true" || only === true, mac, lastModified };
}

/** The rules that a file's metadata has, or those of a new one. */
export async function rulesOf(metadata: Metadata): Promise<Rules> {
  const text = (key: string): string | null =>
    typeof metadata[key] === "string" && metadata[key] !== "" ? metadata[key] : null;
  const test = async (key: string): Promise<Rules["encrypted"]> => {
    const source = text(key);
    return source === null ? null : keyTest(source);
  };
  const rules: Rules = {
    unencryptedSuffix: text("unencrypted_suffix"),
    encryptedSuffix: text("encrypted_suffix"),
    unencrypted: await test("unencrypted_regex"),
    encrypted: await test("encrypted_regex"),
  };
  return Object.values(rules).some((rule) => rule !== null) ? rules : DEFAULT_RULES;
}

export function notSops(file: string, format: string): UnsprawlError {
  return new UnsprawlError(
    "malformed",
    `${file} is not a SOPS file in ${format} form`,
    cmd`name another file in the store's configuration, or: sops encrypt -i ${file}`,
  );
}

export function inTheWayError(named: string): UnsprawlError {
  return new UnsprawlError(
    "refused",
    `${named}: the file has a list, a map or a value in that place`,
    "name another file or path in the store's configuration",
  );
}
