import type { Document, Node, Pair, Scalar, YAMLMap } from "yaml";
import { UnsprawlError } from "../../model/error.ts";
import { lineOf } from "../../kit/text/lines.ts";
import { repeatedKey } from "../../kit/text/yaml-keys.ts";
import { mustBeParsable } from "../../kit/text/yaml-size.ts";
import { documentFrom, METADATA_KEY, notSops, type Leaf, type Metadata, type SopsDocument } from "./document.ts";
import { plainScalar } from "./scalar.ts";

type Root = YAMLMap<Scalar<string>, Node | null>;

/** A key of the file with its value. */
export type SopsPair = Pair<Scalar<string>, Node | null>;

/** The map that is the whole file. */
export function rootOf(document: SopsDocument): Root {
  return document.tree as Root;
}

/** Reads a SOPS file in YAML form. Throws `malformed`, `refused` (several documents, anchors, rules by comment). */
export async function readYaml(text: string, file: string): Promise<SopsDocument> {
  mustBeParsable(text, file);
  const { isAlias, isMap, isPair, isScalar, isSeq, parseAllDocuments } = await import("yaml");
  const documents = parseAllDocuments(text, {
    uniqueKeys: false,
    logLevel: "silent",
    schema: "failsafe",
    resolveKnownTags: false,
    merge: false,
  });
  if (!Array.isArray(documents) || documents.length === 0) throw notSops(file, "YAML");
  if (documents.length > 1)
    throw new UnsprawlError("refused", `${file} holds several YAML documents`, "use one file per document");
  const document = documents[0] as Document.Parsed;
  const problem = document.errors[0];
  const broken = problem?.pos[0] ?? repeatedKey(document.contents);
  if (broken !== null)
    throw new UnsprawlError(
      "malformed",
      `${file}, line ${lineOf(text, broken)}: not valid YAML`,
      "restore the file from a backup",
      problem?.code ?? "DUPLICATE_KEY",
    );
  if (!isMap(document.contents)) throw notSops(file, "YAML");
  const root = document.contents as unknown as Root;

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
      const value = String(node.value);
      const literal = node.type === "PLAIN" ? plainScalar(value) : { type: "str", bytes: Buffer.from(value, "utf8") };
      leaves.push({ path, named, start, end, text: value, literal });
    }
  };
  walk(root, [], true);

  const own = root.get(METADATA_KEY);
  if (!isMap(own)) throw notSops(file, "YAML");
  return documentFrom({ file, text, tree: root, leaves, metadata: own.toJSON() as Metadata }, (key) => {
    const node = own.get(key, true);
    if (!isScalar(node) || typeof node.value !== "string" || !node.range) return null;
    return { text: node.value, start: node.range[0], end: node.range[1] };
  });
}

/** The pair at a path of keys through maps, or null. */
export async function pairAt(root: Root, path: readonly string[]): Promise<SopsPair | null> {
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

/** Where the last value below a node ends. */
export function lastByte(node: unknown): number | null {
  const { items, range } = (node ?? {}) as { items?: readonly unknown[]; range?: readonly number[] | null };
  const last = items?.at(-1) as { key?: Node; value?: unknown } | undefined;
  if (last === undefined) return range?.[1] ?? null;
  if (last.key === undefined) return lastByte(last);
  return lastByte(last.value) ?? last.key.range?.[1] ?? null;
}
