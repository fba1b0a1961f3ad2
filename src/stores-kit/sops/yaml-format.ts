import type { YAMLMap } from "yaml";
import { UnsprawlError } from "../../model/error.ts";
import {
  inTheWayError,
  KEY_LISTS,
  METADATA_KEY,
  type NewMetadata,
  type SopsDocument,
  type SopsFormat,
  type KeyGroups,
} from "./document.ts";
import { keyLists } from "./groups.ts";
import { lineEnding, lineEnd, lineStart, splice, yamlKey, yamlText } from "../../kit/text/splice.ts";
import { lastByte, pairAt, readYaml, rootOf, type SopsPair } from "./yaml.ts";

/** YAML readers look no further for the colon of a key (1024 in YAML 1.2, section 7.4). */
const MAX_KEY = 250;

/** getsops/sops stores/yaml/store.go: block form, four spaces a step. */
export const yamlFormat: SopsFormat = {
  name: "YAML",
  read: readYaml,
  draft: (keys, metadata, mark) =>
    [`#${mark}`, `${METADATA_KEY}:`, ...metadataLines(keys, metadata, "    "), ""].join("\n"),
  marks: ({ text }) => text.split("\n").flatMap((line) => /^#(ENC\[.*,type:comment\])\s*$/.exec(line)?.[1] ?? []),
  isEmpty: (document) => rootOf(document).items.length <= 1,
  unfit: (path) =>
    path.some((key) => key.length > MAX_KEY)
      ? { why: "this name is too long for a YAML key", hint: "rename the variable, or use another store" }
      : null,
  scalar: (text) => (text.startsWith("ENC[") ? text : `"${text}"`),
  set: setYaml,
  unset: unsetYaml,
  rekey: rekeyYaml,
};

async function setYaml(document: SopsDocument, path: readonly string[], ciphertext: string): Promise<string> {
  const cipher = ciphertext || '""';
  const named = `${document.file}: ${path.join("/")}`;
  const { isMap, isScalar } = await import("yaml");
  const root = rootOf(document);
  const pair = await pairAt(root, path);
  if (pair) {
    if (!isScalar(pair.value) || !pair.value.range) throw inTheWayError(named);
    const [start, end] = pair.value.range;
    const block = document.text.slice(start, end).endsWith("\n") ? lineEnding(document.text) : "";
    const gap = /[\s]/.test(document.text[start - 1] ?? "") ? "" : " ";
    return splice(document.text, [{ start, end, text: gap + cipher + block }]);
  }
  let depth = path.length - 1;
  while (depth > 0 && !(await pairAt(root, path.slice(0, depth)))) depth--;
  const parent: unknown = depth === 0 ? root : (await pairAt(root, path.slice(0, depth)))?.value;
  if (!isMap(parent)) throw inTheWayError(named);
  if (parent.flow && parent.items.length > 0) {
    throw new UnsprawlError(
      "refused",
      `${document.file} is written in braces`,
      `sops decrypt and encrypt it again in block form, or use another file`,
    );
  }
  const place = depth === 0 ? beforeMetadata(document) : inside(document, parent as ReturnType<typeof rootOf>);
  const lines = nested(path.slice(depth), cipher, place.indent, lineEnding(document.text));
  return splice(document.text, [{ ...place, text: place.lead + lines }]);
}

/** Without `andEmptied`, a map that this leaves empty stays as `{}`. */
async function unsetYaml(document: SopsDocument, path: readonly string[], andEmptied: boolean): Promise<string | null> {
  const { isMap } = await import("yaml");
  const root = rootOf(document);
  if (!(await pairAt(root, path))) return null;
  let depth = path.length;
  const parentOf = async (at: number): Promise<YAMLMap> => {
    const node = at === 1 ? root : (await pairAt(root, path.slice(0, at - 1)))?.value;
    if (!isMap(node)) throw inTheWayError(document.file);
    return node;
  };
  if (andEmptied) while (depth > 1 && (await parentOf(depth)).items.length === 1) depth--;
  const parent = await parentOf(depth);
  if (parent.flow)
    throw new UnsprawlError(
      "refused",
      `${document.file} is written in braces`,
      "remove a value from such a file with sops unset",
    );
  const pair = await pairAt(root, path.slice(0, depth));
  const { start, end } = linesOf(document.text, pair);
  if (parent.items.length > 1) return splice(document.text, [{ start, end, text: "" }]);
  const owner = await pairAt(root, path.slice(0, depth - 1));
  const colon = document.text.indexOf(":", owner?.key.range?.[1] ?? start) + 1;
  return splice(document.text, [{ start: colon, end, text: ` {}${lineEnding(document.text)}` }]);
}

async function rekeyYaml(document: SopsDocument, keys: KeyGroups): Promise<string> {
  const { isMap } = await import("yaml");
  const own = (await pairAt(rootOf(document), [METADATA_KEY]))?.value;
  if (!isMap(own) || own.flow)
    throw new UnsprawlError(
      "refused",
      `${document.file} is written in braces`,
      "change such a file with sops updatekeys",
    );
  const pairs = own.items as SopsPair[];
  const first = pairs[0]?.key.range?.[0] ?? 0;
  const top = lineStart(document.text, first);
  const indent = document.text.slice(top, first);
  const lines = metadataLines(keys, {}, indent).map((line) => line + lineEnding(document.text));
  return splice(document.text, [
    { start: top, end: top, text: lines.join("") },
    ...pairs
      .filter((pair) => KEY_LISTS.includes(pair.key.value))
      .map((pair) => ({ ...linesOf(document.text, pair), text: "" })),
  ]);
}

function linesOf(text: string, pair: SopsPair | null): { readonly start: number; readonly end: number } {
  const start = lineStart(text, pair?.key.range?.[0] ?? 0);
  return { start, end: lineEnd(text, lastByte(pair?.value ?? null) ?? pair?.key.range?.[1] ?? start) };
}

type YamlInsertion = { readonly start: number; readonly end: number; readonly indent: string; readonly lead: string };

function beforeMetadata(document: SopsDocument): YamlInsertion {
  const pair = rootOf(document).items.find((item) => item.key.value === METADATA_KEY);
  const start = lineStart(document.text, pair?.key.range?.[0] ?? 0);
  return { start, end: start, indent: "", lead: "" };
}

function inside({ text }: SopsDocument, map: ReturnType<typeof rootOf>): YamlInsertion {
  const first = map.items[0];
  if (!first) {
    // `name: {}`: the braces give way to lines below, one step deeper than the line they are on.
    const [start = 0, end = 0] = map.range ?? [];
    const own = /^ */.exec(text.slice(lineStart(text, start)))?.[0] ?? "";
    return { start, end: lineEnd(text, end), indent: `${own}    `, lead: lineEnding(text) };
  }
  const at = first.key.range?.[0] ?? 0;
  const end = lineEnd(text, lastByte(map) ?? at);
  return {
    start: end,
    end,
    indent: text.slice(lineStart(text, at), at),
    lead: text[end - 1] === "\n" ? "" : lineEnding(text),
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

function metadataLines(keys: KeyGroups, metadata: NewMetadata, indent: string): readonly string[] {
  return mapLines({ ...keyLists(keys), ...metadata }, indent);
}

/** A map's lines; `lead` is what is before its first key. */
function mapLines(map: object, lead: string): readonly string[] {
  const below = " ".repeat(lead.length);
  return Object.entries(map).flatMap(([name, value], index) =>
    field(index === 0 ? lead : below, yamlKey(name), value as unknown),
  );
}

function field(lead: string, name: string, value: unknown): readonly string[] {
  const below = " ".repeat(lead.length);
  if (typeof value === "object" && value !== null && Object.keys(value).length > 0) {
    const items = Array.isArray(value) ? (value as readonly object[]) : null;
    const lines = items?.flatMap((item) => mapLines(item, `${below}    - `)) ?? mapLines(value, `${below}    `);
    return [`${lead}${name}:`, ...lines];
  }
  if (typeof value !== "string") return [`${lead}${name}: ${JSON.stringify(value)}`];
  if (!value.includes("\n") || !BLOCK.test(value)) return [`${lead}${name}: ${yamlText(value)}`];
  const lines = value.trimEnd().split("\n");
  const end = value.endsWith("\n") ? "" : "-";
  return [`${lead}${name}: |${end}`, ...lines.map((line) => (line === "" ? "" : `${below}  ${line}`))];
}

/** What a block of several lines keeps as it is. */
const BLOCK = /^[!-~][ -~\n]*[!-~]\n?$/;
