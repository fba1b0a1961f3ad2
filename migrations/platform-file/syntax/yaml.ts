import { isMap, isScalar, isSeq, parseYamlDocuments, scalarText } from "../../../src/kit/text/yaml-nodes.ts";
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
  return documents?.flatMap(({ document }) => partOf(document.contents, 0) ?? []) ?? null;
}

function partOf(node: unknown, depth: number): Part | null {
  if (depth > DEEPEST || node === null || node === undefined) return null;
  const [start = 0, end = 0] = (node as Node).range ?? [];
  if (isSeq(node))
    return { kind: "list", start, end, items: node.items.flatMap((item) => partOf(item, depth + 1) ?? []) };
  if (isMap(node)) {
    const entries = (node.items as Pair<Scalar, Node | null>[]).flatMap(({ key, value }): PartEntry[] => {
      const part = partOf(value, depth + 1);
      return !isScalar(key) || part === null
        ? []
        : [{ key: String(key.value), value: part, start: key.range?.[0] ?? part.start }];
    });
    return { kind: "map", start, end, entries };
  }
  const value = isScalar(node) ? scalarText(node) : null;
  if (value === null) return null;
  // `!Ref x`, `!Sub x`, `!vault |`: what a tag makes of the text is not known.
  const isTagged = (node as Node).tag !== undefined && !(node as Node).tag?.startsWith("tag:yaml.org,");
  return { kind: "text", value, start, end, filled: isTagged || value.includes(FILLER) };
}
