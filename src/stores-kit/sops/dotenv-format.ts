import { UnsprawlError } from "../../model/error.ts";
import {
  documentFrom,
  KEY_LISTS,
  notSops,
  type Leaf,
  type Metadata,
  type Ranged,
  type SopsDocument,
  type SopsFormat,
  type KeyGroups,
} from "./document.ts";
import { keyLists } from "./groups.ts";
import { lineEnd, lineStart, splice } from "../../kit/text/splice.ts";

const PREFIX = "sops_";

type SopsDotenvLine = { readonly key: string; readonly start: number; readonly value: Ranged };

/**
 * getsops/sops stores/dotenv/store.go: `KEY=value` up to the line end, no quotes, `#` only at the beginning; the
 * metadata flattened under `sops_` (stores/flatten.go). It writes a newline as `\n`, and reads every `\n` as a newline:
 * what has either does not come back sure, and is refused.
 */
export const dotenvFormat: SopsFormat = {
  name: "dotenv",
  read: readDotenv,
  draft(keys, metadata, mark) {
    const lines = [...keyLines(keys), ...Object.entries(metadata).map(([name, value]) => `${PREFIX}${name}=${value}`)];
    return `#${mark}\n${lines.toSorted().join("\n")}\n`;
  },
  marks: ({ text }) => text.split("\n").flatMap((line) => /^#(ENC\[.*,type:comment\])$/.exec(line)?.[1] ?? []),
  isEmpty: ({ leaves }) => leaves.length === 0,
  unfit(path, value) {
    const hint = "use a file in YAML or JSON form: name it .yaml or .json in the store's configuration";
    if (path.length !== 1) return { why: "a dotenv file cannot hold one list of names per subject", hint };
    const [key = ""] = path;
    if (/[=\n\r]/.test(key) || key.startsWith("#") || key !== key.trim())
      return { why: "this name cannot be a dotenv key", hint };
    if (key.startsWith(PREFIX)) return { why: `SOPS keeps its own data in keys that begin with ${PREFIX}`, hint };
    const text = value.toString("utf8");
    if (text.includes("\n") || text.includes("\\n"))
      return { why: "the value has a newline or \\n, which sops cannot tell apart in a dotenv file", hint };
    return null;
  },
  scalar: (text) => text,
  async set(document, [key = ""], cipher) {
    const there = linesOf(document).find((line) => line.key === key);
    if (there) return splice(document.text, [{ start: there.value.start, end: there.value.end, text: cipher }]);
    const first = linesOf(document).find((line) => line.key.startsWith(PREFIX))?.start ?? document.text.length;
    return splice(document.text, [{ start: first, end: first, text: `${key}=${cipher}\n` }]);
  },
  async unset(document, path) {
    const there = path.length === 1 ? linesOf(document).find((line) => line.key === path[0]) : undefined;
    return there ? without(document.text, [there]) : null;
  },
  async rekey(document, keys) {
    const own = linesOf(document).filter((line) => line.key.startsWith(PREFIX));
    const gone = own.filter(({ key }) =>
      KEY_LISTS.some((list) => new RegExp(`^${PREFIX}${list}(__(list|map)_|$)`).test(key)),
    );
    const at = own[0]?.start ?? document.text.length;
    const added = keyLines(keys)
      .toSorted()
      .map((line) => `${line}\n`)
      .join("");
    return splice(document.text, [
      { start: at, end: at, text: added },
      ...gone.map((line) => ({ start: line.start, end: lineEnd(document.text, line.value.end), text: "" })),
    ]);
  },
};

async function readDotenv(text: string, file: string): Promise<SopsDocument> {
  const lines: SopsDotenvLine[] = [];
  for (let start = 0; start < text.length;) {
    const end = text.indexOf("\n", start) < 0 ? text.length : text.indexOf("\n", start);
    const line = text.slice(start, end);
    const equals = line.indexOf("=");
    if (line !== "" && !line.startsWith("#")) {
      if (equals < 0)
        throw new UnsprawlError(
          "malformed",
          `${file}, line ${text.slice(0, start).split("\n").length}: not KEY=value, as dotenv requires`,
          "restore the file from a backup",
        );
      const value = { text: line.slice(equals + 1), start: start + equals + 1, end };
      lines.push({ key: line.slice(0, equals), start, value });
    }
    start = end + 1;
  }
  const own = lines.filter((line) => line.key.startsWith(PREFIX));
  const keys = new Set(lines.map((line) => line.key));
  if (own.length === 0) throw notSops(file, "dotenv");
  if (keys.size < lines.length)
    throw new UnsprawlError("malformed", `${file} has a name twice`, "restore the file from a backup");
  const leaves = lines
    .filter((line) => !line.key.startsWith(PREFIX))
    .map(({ key, value }): Leaf => {
      const bytes = Buffer.from(unescaped(value.text), "utf8");
      return { path: [key], named: true, ...value, literal: { type: "str", bytes } };
    });
  const metadata = unflatten(own.map(({ key, value }) => [key.slice(PREFIX.length), unescaped(value.text)]));
  return documentFrom(
    { file, text, tree: lines, leaves, metadata },
    (key) => own.find((line) => line.key === PREFIX + key)?.value ?? null,
  );
}

function linesOf(document: SopsDocument): readonly SopsDotenvLine[] {
  return document.tree as readonly SopsDotenvLine[];
}

function without(text: string, lines: readonly SopsDotenvLine[]): string {
  return splice(
    text,
    lines.map(({ start, value }) => ({ start: lineStart(text, start), end: lineEnd(text, value.end), text: "" })),
  );
}

function unescaped(text: string): string {
  return text.replaceAll("\\n", "\n");
}

/** `kms__list_0__map_context__map_Role` (getsops/sops stores/flatten.go): lists and maps of a flat file's metadata. */
function unflatten(entries: readonly (readonly [string, string])[]): Metadata {
  const root = emptyMap();
  for (const [flat, value] of entries) {
    const [first = "", ...rest] = flat.split(/(?=__map_|__list_)/);
    let at = root;
    let key = first;
    for (const part of rest) {
      const isList = part.startsWith("__list_");
      if (!Object.hasOwn(at, key)) at[key] = emptyMap();
      const next = at[key];
      if (typeof next !== "object" || next === null) break;
      at = next as Loose;
      key = part.slice(isList ? "__list_".length : "__map_".length);
      if (isList) lists.add(at);
    }
    at[key] = value;
  }
  return settled(root) as Metadata;
}

type Loose = { [key: string]: unknown };
/** Maps that stand for a list. */
const lists = new WeakSet<Loose>();

/** Without a prototype: keys come from the file. */
function emptyMap(): Loose {
  return Object.create(null) as Loose;
}

function settled(node: unknown): unknown {
  if (typeof node !== "object" || node === null) return node;
  const map = node as Loose;
  if (lists.has(map)) return Object.keys(map).map((key) => settled(map[key]));
  for (const key of Object.keys(map)) map[key] = settled(map[key]);
  return map;
}

function keyLines(keys: KeyGroups): readonly string[] {
  return Object.entries(keyLists(keys)).flatMap(([name, list]) => flatLines(PREFIX + name, list));
}

function flatLines(name: string, value: unknown): readonly string[] {
  if (Array.isArray(value))
    return (value as readonly unknown[]).flatMap((item, index) => flatLines(`${name}__list_${index}`, item));
  if (typeof value === "object" && value !== null)
    return Object.entries(value).flatMap(([key, inner]) => flatLines(`${name}__map_${key}`, inner as unknown));
  return [`${name}=${String(value).replaceAll("\n", "\\n")}`];
}
