import type { Document, Node, Pair, Scalar, YAMLMap } from "yaml";
import { UnsprawlError } from "../model/error.ts";
import { DEFAULT_RULES, type Rules } from "./rules.ts";

/** One value of the file in document order. Items of a list have the list's path, as SOPS counts it. */
export type Leaf = {
  readonly path: readonly string[];
  /** False inside a list: such a value has no name of its own. */
  readonly named: boolean;
  readonly start: number;
  readonly end: number;
  readonly text: string;
  /** A plain scalar may be a number, a boolean or a time; a quoted one is text. */
  readonly plain: boolean;
};

/** A SOPS file as read: the text stays as it is, all else are ranges in it. */
export type SopsDocument = {
  readonly file: string;
  readonly text: string;
  readonly root: YAMLMap<Scalar<string>, Node | null>;
  readonly leaves: readonly Leaf[];
  readonly rules: Rules;
  readonly macOnlyEncrypted: boolean;
  /** The metadata under `sops`, for the wrapped data keys. */
  readonly metadata: { readonly [key: string]: unknown };
  readonly mac: { readonly text: string; readonly start: number; readonly end: number };
  readonly lastModified: { readonly text: string; readonly start: number; readonly end: number };
};

/** The key under which SOPS keeps its own data. */
export const METADATA_KEY = "sops";

/**
 * Reads a SOPS file in YAML form. Throws `malformed` when it is not one, `refused` for what sops itself can read and
 * unsprawl cannot (several documents, anchors, rules by comment).
 */
export async function readDocument(text: string, file: string): Promise<SopsDocument> {
  const { isAlias, isMap, isPair, isScalar, isSeq, parseAllDocuments } = await import("yaml");
  const documents = parseAllDocuments(text, { uniqueKeys: true, logLevel: "silent", schema: "failsafe", merge: false });
  if (!Array.isArray(documents) || documents.length === 0) throw notSops(file);
  if (documents.length > 1)
    throw new UnsprawlError("refused", `${file} holds several YAML documents`, "one file a document");
  const document = documents[0] as Document.Parsed;
  const problem = document.errors[0];
  if (problem)
    throw new UnsprawlError(
      "malformed",
      `${file}, line ${problem.linePos?.[0].line ?? "?"}: not valid YAML`,
      "restore the file from a backup",
      problem.code,
    );
  if (!isMap(document.contents)) throw notSops(file);
  const root = document.contents as unknown as SopsDocument["root"];

  const leaves: Leaf[] = [];
  const walk = (node: unknown, path: readonly string[], named: boolean): void => {
    if (isAlias(node))
      throw new UnsprawlError("refused", `${file} uses a YAML alias at ${path.join("/")}`, "write the value out");
    if (isMap(node)) {
      for (const pair of node.items) {
        const key = isPair(pair) && isScalar(pair.key) ? String(pair.key.value) : null;
        if (key === null) throw new UnsprawlError("malformed", `${file} has a key that is not text`, "quote it");
        if (path.length > 0 || key !== METADATA_KEY) walk(pair.value, [...path, key], named);
      }
    } else if (isSeq(node)) for (const item of node.items) walk(item, path, false);
    else if (isScalar(node)) {
      const [start, end] = node.range ?? [0, 0];
      leaves.push({ path, named, start, end, text: String(node.value), plain: node.type === "PLAIN" });
    }
  };
  walk(root, [], true);

  const own = root.get(METADATA_KEY);
  if (!isMap(own)) throw notSops(file);
  const metadata = own.toJSON() as SopsDocument["metadata"];
  const ranged = (key: string): { text: string; start: number; end: number } => {
    const node = own.get(key, true);
    if (!isScalar(node) || typeof node.value !== "string" || !node.range)
      throw new UnsprawlError("malformed", `${file}: sops.${key} is missing`, "restore the file from a backup");
    return { text: node.value, start: node.range[0], end: node.range[1] };
  };
  if (metadata["encrypted_comment_regex"] || metadata["unencrypted_comment_regex"]) {
    throw new UnsprawlError(
      "refused",
      `${file} is encrypted by rules on comments`,
      "sops set writes such a file; or put the values into another file",
    );
  }
  return {
    file,
    text,
    root,
    leaves,
    rules: rulesOf(metadata),
    macOnlyEncrypted: metadata["mac_only_encrypted"] === "true",
    metadata,
    mac: ranged("mac"),
    lastModified: ranged("lastmodified"),
  };
}

/** A key of the file with what stands under it. */
export type SopsPair = Pair<Scalar<string>, Node | null>;

/** The pair at a path of keys through maps, or null. */
export async function pairAt(root: SopsDocument["root"], path: readonly string[]): Promise<SopsPair | null> {
  const { isMap, isScalar } = await import("yaml");
  let found: SopsPair | null = null;
  for (const [depth, key] of path.entries()) {
    const map: unknown = depth === 0 ? root : found?.value;
    if (!isMap(map)) return null;
    found = (map.items as SopsPair[]).find((pair) => isScalar(pair.key) && pair.key.value === key) ?? null;
    if (found === null) return null;
  }
  return found;
}

function rulesOf(metadata: SopsDocument["metadata"]): Rules {
  const text = (key: string): string | null =>
    typeof metadata[key] === "string" && metadata[key] !== "" ? metadata[key] : null;
  const rules: Rules = {
    unencryptedSuffix: text("unencrypted_suffix"),
    encryptedSuffix: text("encrypted_suffix"),
    unencryptedRegex: text("unencrypted_regex"),
    encryptedRegex: text("encrypted_regex"),
  };
  return Object.values(rules).some((rule) => rule !== null) ? rules : DEFAULT_RULES;
}

function notSops(file: string): UnsprawlError {
  return new UnsprawlError(
    "malformed",
    `${file} is not a SOPS file in YAML form`,
    `name another file in the store's configuration, or: sops encrypt -i ${file}`,
  );
}
