import type { Alias, Document, Node, Pair, Scalar, YAMLMap, YAMLSeq } from "yaml";
import { cmd } from "../shell.ts";
import { UnsprawlError } from "../../model/error.ts";
import { lineOf } from "./lines.ts";
import { mustStayInBounds } from "./yaml-aliases.ts";
import { repeatedKey } from "./yaml-keys.ts";
import { parseUnindented, type Yaml } from "./yaml-lenient.ts";
import { MOST_SHARED_PARTS, mustBeParsable } from "./yaml-size.ts";

/** A YAML file with the nodes of one document; each node has its range in the text. */
export type YamlFile = {
  /** Absolute path. */
  readonly file: string;
  readonly text: string;
  readonly root: YAMLMap | null;
  readonly document: Document;
};

/** A key of a map, its own or merged. */
export type YamlEntry = {
  readonly key: string;
  readonly pair: Pair<Scalar, Node | null>;
  /** The map that contains the pair. */
  readonly owner: YAMLMap;
  /** The value with aliases resolved. */
  readonly value: Node | null;
  /** Whether the pair is merged into the map (`<<`) or the whole map is an alias. */
  readonly shared: boolean;
};

let loaded: Yaml | null = null;

/**
 * Parses a Compose file with one document. Scalars stay as written: `0440`, `yes` and `1e3` are text, and so are keys.
 * Throws `malformed` naming the line, `refused` for several documents, or for
 * more than Compose can read.
 */
export async function parseYaml(file: string, text: string): Promise<YamlFile> {
  const documents = await documentsOf(file, text, hintFor(file), MOST_SHARED_PARTS);
  const [document] = documents;
  if (documents.length > 1)
    throw new UnsprawlError("refused", `${file} holds several YAML documents`, "one document a file");
  mustStayInBounds(document?.contents, file);
  return asCompose(file, text, document);
}

/**
 * Parses a Compose file with one or more documents: each overrides those before it, and empty ones are ignored
 * (compose-go loader, `loadYamlFile`). Otherwise like `parseYaml`.
 */
export async function parseCompose(file: string, text: string): Promise<YamlFile[]> {
  const documents = await documentsOf(file, text, hintFor(file), MOST_SHARED_PARTS);
  const full = documents.filter(({ contents }) => contents !== null && !(isScalar(contents) && contents.source === ""));
  const [first] = documents;
  return (full.length > 0 ? full : [first as Document]).map((document) => asCompose(file, text, document));
}

const hintFor = (file: string): string => cmd`docker compose -f ${file} config --quiet shows what Compose makes of it`;

/** `document` is undefined for an empty file. */
function asCompose(file: string, text: string, document: Document | undefined): YamlFile {
  const root = document?.contents ?? null;
  if (root !== null && !isMap(root))
    throw new UnsprawlError("malformed", `${file} is not a Compose file: no map`, "name a Compose file");
  return { file, text, root, document: document as Document };
}

/** All documents of a file in order; `root` is null for a document that is not a map. Throws like `parseYaml`. */
export async function parseYamlDocuments(file: string, text: string, hint: string): Promise<YamlFile[]> {
  const documents = await documentsOf(file, text, hint);
  return documents.map((document) => {
    const { contents } = document;
    return { file, text, root: isMap(contents) ? contents : null, document };
  });
}

const OPTIONS = {
  schema: "failsafe",
  // A tag such as `!!binary` or `!!set` would make bytes, a date or another kind of node of what it is written before.
  resolveKnownTags: false,
  merge: false, // resolved in this module, so that each pair is known with the map that contains it
  uniqueKeys: false, // looked for below
  logLevel: "silent",
  prettyErrors: false, // would look up the place of every error; only the first one is reported
} as const;

async function documentsOf(file: string, text: string, hint: string, most?: number): Promise<Document[]> {
  mustBeParsable(text, file, most === undefined ? {} : { most });
  loaded ??= await import("yaml");
  const parsed = loaded.parseAllDocuments(text, OPTIONS);
  let documents = Array.isArray(parsed) ? (parsed as Document[]) : [];
  // What a quote at the edge of the text looks like to the library; most broken files are broken in other ways.
  if (documents.some(({ errors }) => errors.some(({ code }) => code === "MISSING_CHAR"))) {
    const unindented = [...parseUnindented(loaded, text, OPTIONS)];
    if (unindented.every(({ errors }) => errors.length === 0)) documents = unindented;
  }
  for (const { errors, contents } of documents) {
    const [problem] = errors;
    const repeated = repeatedKey(contents);
    const at = Math.min(problem?.pos[0] ?? Infinity, repeated ?? Infinity);
    if (at === Infinity) continue;
    const cause = at === repeated ? "DUPLICATE_KEY" : problem?.code;
    throw new UnsprawlError("malformed", `${file}, line ${lineOf(text, at)}: not valid YAML`, hint, cause);
  }
  endWithoutNewline(documents.at(-1)?.contents, text);
  return documents;
}

/** A block of text at the end of a file that has no last newline: the library adds one to it, Go's parser does not. */
function endWithoutNewline(contents: unknown, text: string): void {
  if (text.endsWith("\n")) return;
  let last = contents;
  while (isMap(last) || isSeq(last)) {
    const item: unknown = last.items.at(-1);
    last = yaml().isPair(item) ? item.value : item;
  }
  if (isScalar(last) && last.type?.startsWith("BLOCK_") === true && last.range?.[1] === text.length)
    last.value = last.value?.replace(/\n$/, "") ?? null;
}

function yaml(): Yaml {
  if (loaded === null) throw new Error("parseYaml comes first");
  return loaded;
}

export const isMap = (node: unknown): node is YAMLMap => yaml().isMap(node);
export const isSeq = (node: unknown): node is YAMLSeq => yaml().isSeq(node);
/** With the failsafe schema every scalar is text. */
export const isScalar = (node: unknown): node is Scalar<string | null> => yaml().isScalar(node);
export const isAlias = (node: unknown): node is Alias => yaml().isAlias(node);

/** Resolves an alias; null for nothing. */
export function follow(node: unknown, { document }: YamlFile): Node | null {
  if (node === null || node === undefined) return null;
  return isAlias(node) ? (targetsIn(document).get(node) ?? null) : (node as Node);
}

const targets = new WeakMap<Document, ReadonlyMap<Alias, Node>>();

/** The target of each alias in a document, computed in one pass: the library needs a pass per alias. */
function targetsIn(document: Document): ReadonlyMap<Alias, Node> {
  const known = targets.get(document);
  if (known !== undefined) return known;
  const anchors = new Map<string, Node>();
  const found = new Map<Alias, Node>();
  yaml().visit(document, {
    Node: (_key, node) => {
      if (!isAlias(node)) {
        if (node.anchor !== undefined) anchors.set(node.anchor, node);
        return;
      }
      const target = anchors.get(node.source);
      if (target !== undefined) found.set(node, target);
    },
  });
  targets.set(document, found);
  return found;
}

/**
 * The entries of a map as Compose sees them: its own, then those that `<<` merges in and that it does not set (YAML
 * merge key, 1.1).
 */
export function entriesOf(node: unknown, file: YamlFile): YamlEntry[] {
  return [...entriesByKey(node, file).values()];
}

/** Cached, since callers look up many keys of large maps one by one. */
const entries = new WeakMap<object, ReadonlyMap<string, YamlEntry>>();

function entriesByKey(node: unknown, file: YamlFile): ReadonlyMap<string, YamlEntry> {
  if (typeof node !== "object" || node === null) return NONE;
  const known = entries.get(node);
  if (known !== undefined) return known;
  const found = new Map<string, YamlEntry>();
  // A map visited twice adds nothing; without this check, maps that each merge the previous one twice would take
  // exponential time.
  const read = new Set<YAMLMap>();
  const add = (at: unknown, shared: boolean): void => {
    const map = follow(at, file);
    if (!isMap(map) || read.has(map)) return;
    read.add(map);
    const merges: unknown[] = [];
    for (const pair of map.items as Pair<Scalar, Node | null>[]) {
      const key = isScalar(pair.key) ? String(pair.key.value) : null;
      if (key === null) continue;
      if (key === "<<" && pair.key.type === "PLAIN") {
        const from = follow(pair.value, file);
        merges.push(...(isSeq(from) ? from.items : [pair.value]));
      } else if (!found.has(key)) found.set(key, { key, pair, owner: map, value: follow(pair.value, file), shared });
    }
    for (const merge of merges) add(merge, true);
  };
  add(node, isAlias(node));
  entries.set(node, found);
  return found;
}

const NONE: ReadonlyMap<string, YamlEntry> = new Map();

/** Whether a map is `owner` or merges it in, even if it overrides its keys. */
export function isOrMerges(node: unknown, owner: unknown, file: YamlFile, seen = new Set<YAMLMap>()): boolean {
  const map = follow(node, file);
  if (!isMap(map) || seen.has(map)) return false;
  seen.add(map);
  if (map === owner) return true;
  return (map.items as Pair<Scalar, Node | null>[]).some(({ key, value }) => {
    if (!isScalar(key) || key.value !== "<<") return false;
    const from = follow(value, file);
    return (isSeq(from) ? from.items : [value]).some((one) => isOrMerges(one, owner, file, seen));
  });
}

export function entry(node: unknown, key: string, file: YamlFile): YamlEntry | null {
  return entriesByKey(node, file).get(key) ?? null;
}

/** A scalar's text as Compose would set it in a variable; null for YAML's null and for other nodes. */
export function scalarText(node: Node | null): string | null {
  if (!isScalar(node)) return null;
  const text = node.value ?? "";
  if (node.type !== "PLAIN") return text;
  return /^(|~|null|Null|NULL)$/.test(text) ? null : plainText(text);
}

/**
 * A plain scalar as Go's yaml.v3 parses and Compose prints it: `0x10` and `010` are numbers, `True` is `true`. Source:
 * go-yaml v3 resolve.go (YAML 1.2 core with 1.1 octals), compose-go `types.MappingWithEquals`.
 */
function plainText(text: string): string {
  if (/^(true|True|TRUE)$/.test(text)) return "true";
  if (/^(false|False|FALSE)$/.test(text)) return "false";
  const bare = text.replaceAll("_", "");
  if (/^[-+]?(0|[1-9]\d*)$/.test(bare) && isIn64Bits(bare)) return asInteger(bare);
  if (/^[-+]?0[0-7]+$/.test(bare)) return asInteger(bare.replace(/^([-+]?)0/, "$10o"));
  if (/^[-+]?0(x[0-9a-fA-F]+|o[0-7]+|b[01]+)$/.test(bare)) return asInteger(bare);
  if (/^[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?$/.test(bare)) return asFloat(bare) ?? text;
  return text;
}

/** Go keeps a larger number as a float. */
function isIn64Bits(text: string): boolean {
  const number = BigInt(text.replace(/^\+/, ""));
  return number >= -(2n ** 63n) && number < 2n ** 64n;
}

/** As Go prints a float, `1e+06` from a million on; null for one that is too large, which is text. */
function asFloat(text: string): string | null {
  const number = Number(text);
  if (!Number.isFinite(number)) return null;
  const [digits = "", power = "0"] = number.toExponential().split("e");
  const exponent = Number(power);
  if (exponent >= -4 && exponent < 6) return Object.is(number, -0) ? "-0" : String(number);
  return `${digits}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
}

function asInteger(text: string): string {
  const sign = text.startsWith("-") ? -1n : 1n;
  return String(sign * BigInt(text.replace(/^[-+]/, "")));
}
