import type { Node } from "jsonc-parser";
import { UnsprawlError } from "../../model/error.ts";
import {
  documentFrom,
  inTheWayError,
  KEY_LISTS,
  METADATA_KEY,
  notSops,
  type Leaf,
  type Metadata,
  type SopsDocument,
  type SopsFormat,
} from "./document.ts";
import { keyLists } from "./groups.ts";
import { jsonScalar } from "./scalar.ts";
import { lineEnding, lineStart, splice, type Edit } from "../../kit/text/splice.ts";

/** The mark's key among SOPS's own data: sops leaves what it does not know out when it writes, and JSON has no comments. */
const MARK_KEY = "unsprawl";

/** getsops/sops stores/json/store.go: one object, tabs; a file's own indentation stays. */
export const jsonFormat: SopsFormat = {
  name: "JSON",
  read: readJson,
  draft: (keys, metadata, mark) =>
    `${JSON.stringify({ [METADATA_KEY]: { ...keyLists(keys), ...metadata, [MARK_KEY]: mark } }, null, "\t")}\n`,
  marks: ({ metadata }) => (typeof metadata[MARK_KEY] === "string" ? [metadata[MARK_KEY]] : []),
  isEmpty: (document) => properties(rootOf(document)).length <= 1,
  unfit: ([first = ""]) =>
    // Go's encoding/json takes a key in any case for the metadata's field.
    /^sops$/iu.test(first)
      ? { why: 'sops takes this name for its own "sops" in a JSON file', hint: "rename it, or use a file in YAML form" }
      : null,
  scalar: (text) => JSON.stringify(text),
  async set(document, path, cipher) {
    const named = `${document.file}: ${path.join("/")}`;
    const there = propertyAt(rootOf(document), path);
    if (there) {
      if (there.value.type === "object" || there.value.type === "array") throw inTheWayError(named);
      return splice(document.text, [{ ...span(there.value), text: JSON.stringify(cipher) }]);
    }
    let depth = path.length - 1;
    while (depth > 0 && !propertyAt(rootOf(document), path.slice(0, depth))) depth--;
    const parent = depth === 0 ? rootOf(document) : propertyAt(rootOf(document), path.slice(0, depth))?.value;
    if (parent?.type !== "object") throw inTheWayError(named);
    const value = path.slice(depth + 1).reduceRight<unknown>((inner, key) => ({ [key]: inner }), cipher);
    return splice(document.text, [insertion(document, parent, path[depth] ?? "", value)]);
  },
  async unset(document, path, andEmptied) {
    const root = rootOf(document);
    if (!propertyAt(root, path)) return null;
    let depth = path.length;
    const parentOf = (at: number): Node | undefined =>
      at === 1 ? root : propertyAt(root, path.slice(0, at - 1))?.value;
    if (andEmptied) while (depth > 1 && properties(parentOf(depth)).length === 1) depth--;
    const parent = parentOf(depth);
    const found = propertyAt(root, path.slice(0, depth));
    if (!parent || !found) return null;
    return splice(document.text, removals(parent, [found.node]));
  },
  async rekey(document, keys) {
    const own = propertyAt(rootOf(document), [METADATA_KEY])?.value;
    if (own?.type !== "object") throw notSops(document.file, "JSON");
    const gone = properties(own).filter((one) => KEY_LISTS.includes(one.key));
    const cleared = splice(
      document.text,
      removals(
        own,
        gone.map((one) => one.node),
      ),
    );
    // One after the other, each before what was first: the last is on top.
    let text = cleared;
    for (const [kind, list] of Object.entries(keyLists(keys)).toReversed()) {
      const draft = await readJson(text, document.file);
      const at = propertyAt(rootOf(draft), [METADATA_KEY])?.value;
      if (at) text = splice(text, [insertion(draft, at, kind, list, true)]);
    }
    return text;
  },
};

async function readJson(text: string, file: string): Promise<SopsDocument> {
  const { parseTree } = await import("jsonc-parser");
  let plain: unknown;
  try {
    // jsonc-parser reads comments and trailing commas too, which sops does not.
    plain = JSON.parse(text);
  } catch {
    throw new UnsprawlError("malformed", `${file} is not valid JSON`, "restore the file from a backup");
  }
  const root = parseTree(text);
  if (root?.type !== "object") throw notSops(file, "JSON");
  const leaves: Leaf[] = [];
  const walk = (node: Node, path: readonly string[], named: boolean): void => {
    if (node.type === "object") {
      for (const { key, value } of unique(node, file))
        if (path.length > 0 || key !== METADATA_KEY) walk(value, [...path, key], named);
    } else if (node.type === "array") for (const item of node.children ?? []) walk(item, path, false);
    else {
      const { start, end } = span(node);
      const spelt = text.slice(start, end);
      const value = typeof node.value === "string" ? node.value : spelt;
      leaves.push({ path, named, start, end, text: value, literal: jsonScalar(node.value, spelt) });
    }
  };
  walk(root, [], true);
  const own = propertyAt(root, [METADATA_KEY])?.value;
  if (own?.type !== "object") throw notSops(file, "JSON");
  unique(own, file);
  const metadata = (plain as { readonly [METADATA_KEY]: Metadata })[METADATA_KEY];
  return documentFrom({ file, text, tree: root, leaves, metadata }, (key) => {
    const node = propertyAt(own, [key])?.value;
    return node?.type === "string" ? { text: node.value as string, ...span(node) } : null;
  });
}

type Property = { readonly key: string; readonly value: Node; readonly node: Node };

function rootOf(document: SopsDocument): Node {
  return document.tree as Node;
}

function properties(node: Node | undefined): readonly Property[] {
  return (node?.type === "object" ? (node.children ?? []) : []).flatMap((property) => {
    const [key, value] = property.children ?? [];
    return key && value ? [{ key: String(key.value), value, node: property }] : [];
  });
}

/** An object's properties. Throws `malformed` for a name that is there twice: readers differ in which one they take. */
function unique(node: Node, file: string): readonly Property[] {
  const inner = properties(node);
  if (new Set(inner.map((one) => one.key)).size < inner.length)
    throw new UnsprawlError("malformed", `${file} has a name twice`, "restore the file from a backup");
  return inner;
}

function propertyAt(root: Node, path: readonly string[]): Property | null {
  let at: Node | undefined = root;
  let found: Property | null = null;
  for (const key of path) {
    found = properties(at).find((one) => one.key === key) ?? null;
    at = found?.value;
  }
  return found;
}

function span({ offset, length }: Node): { readonly start: number; readonly end: number } {
  return { start: offset, end: offset + length };
}

/** A property put into an object: before SOPS's own data (or all, with `first`), else behind the last, in the file's own form. */
function insertion(document: SopsDocument, parent: Node, key: string, value: unknown, first = false): Edit {
  const { text } = document;
  const all = properties(parent);
  const step = stepOf(document);
  const before = first ? all[0] : all.find((one) => one.key === METADATA_KEY && parent === rootOf(document));
  const anchor = before ?? all.at(-1);
  const line = anchor === undefined ? null : indentAt(text, anchor.node.offset);
  const own = indentAt(text, parent.offset, true);
  const indent = anchor === undefined ? (step === null || own === null ? null : own + step) : line;
  const spelt = `${JSON.stringify(key)}: ${JSON.stringify(value, null, indent === null ? undefined : (step ?? "\t"))
    .split("\n")
    .join(`${lineEnding(text)}${indent ?? ""}`)}`;
  const gap = indent === null ? " " : `${lineEnding(text)}${indent}`;
  if (before) return { start: before.node.offset, end: before.node.offset, text: `${spelt},${gap}` };
  if (anchor) {
    const { end } = span(anchor.node);
    return { start: end, end, text: `,${gap}${spelt}` };
  }
  const { start, end } = span(parent);
  return { start, end, text: indent === null ? `{${spelt}}` : `{${gap}${spelt}${lineEnding(text)}${own ?? ""}}` };
}

/** The ranges that take properties out of an object; one that loses all becomes `{}`. */
function removals(parent: Node, gone: readonly Node[]): readonly Edit[] {
  const all = properties(parent).map((one) => one.node);
  if (gone.length === 0) return [];
  if (all.every((node) => gone.includes(node))) return [{ ...span(parent), text: "{}" }];
  const kept = all.filter((node) => !gone.includes(node));
  const lastKept = kept.at(-1);
  const edits: Edit[] = [];
  for (const [index, node] of all.entries()) {
    const next = all[index + 1];
    if (!gone.includes(node)) continue;
    // What follows the last remaining property is removed with the comma before it; everything else up to the next
    // property.
    if (lastKept && node.offset > lastKept.offset) {
      edits.push({ start: span(lastKept).end, end: span(all.at(-1) ?? node).end, text: "" });
      break;
    }
    edits.push({ start: node.offset, end: next?.offset ?? span(node).end, text: "" });
  }
  return edits;
}

/** The white space in front of a place, when nothing else is on its line (or, with `loose`, whatever is); else null. */
function indentAt(text: string, at: number, loose = false): string | null {
  const start = lineStart(text, at);
  const lead = text.slice(start, at);
  if (loose) return /^[ \t]*/.exec(lead)?.[0] ?? "";
  return /^[ \t]*$/.test(lead) && start > 0 ? lead : null;
}

/** One step of indentation, by SOPS's own data; null for a file in one line. */
function stepOf(document: SopsDocument): string | null {
  const own = propertyAt(rootOf(document), [METADATA_KEY]);
  const inner = properties(own?.value)[0];
  const outer = own === null ? null : indentAt(document.text, own.node.offset);
  const deep = inner === undefined ? null : indentAt(document.text, inner.node.offset);
  if (outer === null) return null;
  return deep !== null && deep.startsWith(outer) && deep !== outer ? deep.slice(outer.length) : outer || "\t";
}
