import { isAlias, isMap, isScalar, isSeq, parseYamlDocuments, scalarText } from "../../../src/kit/text/yaml-nodes.ts";
import type { Node, Pair, Scalar } from "yaml";
import { DEEPEST, type Part, type PartEntry } from "./part.ts";
import { FILLER, withoutTemplates } from "./templates.ts";

/**
 * The documents of a YAML file that are maps or lists; null if it is broken. What a template engine fills in (`{{ x }}`)
 * is known as such. Aliases are not followed: what an anchor names is read where it is written.
 */
export async function readYaml(file: string, text: string): Promise<readonly Part[] | null> {
  const masked = withoutTemplates(text);
  const documents = await parseYamlDocuments(file, masked, "").catch(() => null);
  return documents?.flatMap(({ document: { contents } }) => partOf(contents, masked, 0) ?? []) ?? null;
}

function partOf(node: unknown, text: string, depth: number): Part | null {
  const own = plainPartOf(node, text, depth);
  const tag = own === null || own.kind === "text" ? null : tagOf(node);
  // `!If [a, b, c]` is `{ Fn::If: [a, b, c] }`: not a list of what it holds.
  if (own === null || tag === null) return own;
  return { kind: "map", start: own.start, end: own.end, entries: [{ key: tag, value: own, start: own.start }] };
}

function plainPartOf(node: unknown, text: string, depth: number): Part | null {
  if (depth > DEEPEST || node === null || node === undefined) return null;
  const [start = 0, end = 0] = (node as Node).range ?? [];
  if (isAlias(node)) return { kind: "text", value: `*${node.source}`, start, end, filled: true };
  if (isSeq(node))
    return { kind: "list", start, end, items: node.items.flatMap((item) => partOf(item, text, depth + 1) ?? []) };
  if (isMap(node)) {
    const entries = (node.items as Pair<Scalar, Node | null>[]).flatMap(({ key, value }): PartEntry[] => {
      const part = partOf(value, text, depth + 1);
      return !isScalar(key) || part === null
        ? []
        : [{ key: String(key.value), value: part, start: key.range?.[0] ?? part.start }];
    });
    return { kind: "map", start, end, entries };
  }
  const value = isScalar(node) ? scalarText(node) : null;
  if (value === null) return null;
  // `!Ref x`, `!Sub x`, `!vault |`: what a tag makes of the text is not known.
  // The line breaks behind a block (`>-`, `|`) belong to it, but whatever takes its place needs them.
  const last = start + text.slice(start, end).trimEnd().length;
  return { kind: "text", value, start, end: last, filled: tagOf(node) !== null || value.includes(FILLER) };
}

/** A tag that is not YAML's own; null for none. */
function tagOf(node: unknown): string | null {
  const { tag } = node as { readonly tag?: string };
  return tag === undefined || tag.startsWith("tag:yaml.org,") ? null : tag;
}
