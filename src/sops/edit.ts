import type { Node, YAMLMap } from "yaml";
import { UnsprawlError } from "../model/error.ts";
import { encryptValue } from "./cipher.ts";
import { METADATA_KEY, pairAt, readDocument, type SopsDocument } from "./document.ts";
import { additionalData, openDocument, sealMac } from "./mac.ts";
import { isEncrypted } from "./rules.ts";
import { lineEnd, lineStart, splice, yamlKey } from "./splice.ts";

/** YAML readers look no further for the colon of a key (1024 in YAML 1.2, section 7.4). */
const MAX_KEY = 250;

/**
 * The file's text with one value set; all other bytes but `lastmodified` and `mac` stay. `value` is text in UTF-8.
 * Throws `refused` where the file would keep the value in plain text, or where a map or list is in the way.
 */
export async function setValue(
  document: SopsDocument,
  path: readonly string[],
  value: Buffer,
  dataKey: Buffer,
): Promise<string> {
  const named = `${document.file}: ${path.join("/")}`;
  if (path[0] === METADATA_KEY)
    throw new UnsprawlError(
      "refused",
      `${named}: SOPS keeps its own data under "sops"`,
      "rename the variable, or use another store",
    );
  if (!isEncrypted(path, document.rules)) {
    throw new UnsprawlError(
      "refused",
      `${named}: the file's rules would leave this name in plain text`,
      "rename the variable, or use a file without such a rule",
    );
  }
  if (path.some((key) => key === "" || key.length > MAX_KEY || !key.isWellFormed() || key.includes("\0"))) {
    throw new UnsprawlError(
      "refused",
      `${document.file}: this name cannot be a YAML key`,
      "rename the variable, or use another store",
    );
  }
  const cipher = encryptValue({ type: "str", bytes: value }, dataKey, additionalData(path)) || '""';
  const { isMap, isScalar } = await import("yaml");
  const pair = await pairAt(document.root, path);
  if (pair) {
    if (!isScalar(pair.value) || !pair.value.range) throw inTheWay(named);
    const [start, end] = pair.value.range;
    const block = document.text.slice(start, end).endsWith("\n") ? eol(document.text) : "";
    const gap = /[\s]/.test(document.text[start - 1] ?? "") ? "" : " ";
    return seal(document, splice(document.text, [{ start, end, text: gap + cipher + block }]), path, dataKey);
  }
  let depth = path.length - 1;
  while (depth > 0 && !(await pairAt(document.root, path.slice(0, depth)))) depth--;
  const parent: unknown = depth === 0 ? document.root : (await pairAt(document.root, path.slice(0, depth)))?.value;
  if (!isMap(parent)) throw inTheWay(named);
  const map = parent as SopsDocument["root"];
  if (map.flow && map.items.length > 0) {
    throw new UnsprawlError(
      "refused",
      `${document.file} is written in braces`,
      `sops decrypt and encrypt it again in block form, or use another file`,
    );
  }
  const place = depth === 0 ? beforeMetadata(document) : inside(document, map);
  const lines = nested(path.slice(depth), cipher, place.indent, eol(document.text));
  return seal(document, splice(document.text, [{ ...place, text: place.lead + lines }]), path, dataKey);
}

/**
 * The file's text without one value; null when the path holds none. With `andEmptied`, maps that this leaves empty go
 * too, else they stay as `{}`.
 */
export async function deleteValue(
  document: SopsDocument,
  path: readonly string[],
  dataKey: Buffer,
  andEmptied: boolean,
): Promise<string | null> {
  const { isMap } = await import("yaml");
  if (!(await pairAt(document.root, path))) return null;
  let depth = path.length;
  const parentOf = async (at: number): Promise<YAMLMap> => {
    const node = at === 1 ? document.root : (await pairAt(document.root, path.slice(0, at - 1)))?.value;
    if (!isMap(node)) throw inTheWay(document.file);
    return node;
  };
  if (andEmptied) while (depth > 1 && (await parentOf(depth)).items.length === 1) depth--;
  const parent = await parentOf(depth);
  if (parent.flow)
    throw new UnsprawlError(
      "refused",
      `${document.file} is written in braces`,
      "sops unset removes a value from such a file",
    );
  const pair = await pairAt(document.root, path.slice(0, depth));
  const start = lineStart(document.text, pair?.key.range?.[0] ?? 0);
  const end = lineEnd(document.text, lastByte(pair?.value ?? null) ?? pair?.key.range?.[1] ?? start);
  if (parent.items.length > 1) return seal(document, splice(document.text, [{ start, end, text: "" }]), path, dataKey);
  const owner = await pairAt(document.root, path.slice(0, depth - 1));
  const after = owner?.key.range?.[1] ?? start;
  return seal(
    document,
    splice(document.text, [{ start: document.text.indexOf(":", after) + 1, end, text: ` {}${eol(document.text)}` }]),
    path,
    dataKey,
  );
}

/**
 * Puts a fresh `lastmodified` and MAC in, then opens the result again: what is returned is known to be right, and
 * to differ in no value but those under `path`.
 */
async function seal(before: SopsDocument, text: string, path: readonly string[], dataKey: Buffer): Promise<string> {
  const edited = await readDocument(text, before.file).catch(() => null);
  if (edited === null || others(before, path) !== others(edited, path)) {
    throw new UnsprawlError(
      "refused",
      `${before.file} is written in a form that cannot be changed safely`,
      "sops set and sops unset write it anew; or use another file",
    );
  }
  const lastModified = `${new Date().toISOString().slice(0, 19)}Z`;
  const mac = sealMac(edited, dataKey, lastModified);
  const sealed = splice(text, [
    { start: edited.lastModified.start, end: edited.lastModified.end, text: `"${lastModified}"` },
    { start: edited.mac.start, end: edited.mac.end, text: mac },
  ]);
  openDocument(await readDocument(sealed, before.file), dataKey);
  return sealed;
}

function others({ leaves }: SopsDocument, path: readonly string[]): string {
  const under = (one: readonly string[]): boolean => path.every((key, index) => one[index] === key);
  return JSON.stringify(leaves.filter((leaf) => !under(leaf.path)).map((leaf) => [leaf.path, leaf.text]));
}

type Place = { readonly start: number; readonly end: number; readonly indent: string; readonly lead: string };

function beforeMetadata(document: SopsDocument): Place {
  const pair = document.root.items.find((item) => item.key.value === METADATA_KEY);
  const start = lineStart(document.text, pair?.key.range?.[0] ?? 0);
  return { start, end: start, indent: "", lead: "" };
}

function inside(document: SopsDocument, map: SopsDocument["root"]): Place {
  const { text } = document;
  const first = map.items[0];
  if (!first) {
    // `name: {}`: the braces give way to lines below, one step deeper than the line they are on.
    const [start = 0, end = 0] = map.range ?? [];
    const own = /^ */.exec(text.slice(lineStart(text, start)))?.[0] ?? "";
    return { start, end: lineEnd(text, end), indent: `${own}    `, lead: eol(text) };
  }
  const at = first.key.range?.[0] ?? 0;
  const end = lineEnd(text, lastByte(map) ?? at);
  return {
    start: end,
    end,
    indent: text.slice(lineStart(text, at), at),
    lead: text[end - 1] === "\n" ? "" : eol(text),
  };
}

function nested(path: readonly string[], cipher: string, indent: string, newline: string): string {
  return path
    .map(
      (key, depth) =>
        `${indent}${"    ".repeat(depth)}${yamlKey(key)}:${depth === path.length - 1 ? ` ${cipher}` : ""}${newline}`,
    )
    .join("");
}

/** Where the last value below a node ends. */
function lastByte(node: unknown): number | null {
  const { items, range } = (node ?? {}) as { items?: readonly unknown[]; range?: readonly number[] | null };
  const last = items?.at(-1) as { key?: Node; value?: unknown } | undefined;
  if (last === undefined) return range?.[1] ?? null;
  if (last.key === undefined) return lastByte(last);
  return lastByte(last.value) ?? last.key.range?.[1] ?? null;
}

function inTheWay(named: string): UnsprawlError {
  return new UnsprawlError(
    "refused",
    `${named}: the file has a list, a map or a value in that place`,
    "name another file or path in the store's configuration",
  );
}

function eol(text: string): string {
  return text.includes("\r\n") ? "\r\n" : "\n";
}
