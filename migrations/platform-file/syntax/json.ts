import type { Node, ParseError } from "jsonc-parser";
import { DEEPEST, type Part } from "./part.ts";

/** JSON with or without comments and trailing commas; null if it is broken. */
export async function readJson(text: string): Promise<Part | null> {
  const { parseTree } = await import("jsonc-parser");
  const faults: ParseError[] = [];
  const tree = parseTree(text, faults, { allowTrailingComma: true, disallowComments: false });
  return tree === undefined || faults.length > 0 ? null : partOf(tree, 0);
}

function partOf(node: Node, depth: number): Part | null {
  const { type, offset: start, length, children = [] } = node;
  const end = start + length;
  if (depth > DEEPEST || type === "null") return null;
  if (type === "array")
    return { kind: "list", start, end, items: children.flatMap((item) => partOf(item, depth + 1) ?? []) };
  if (type !== "object") return { kind: "text", value: String(node.value), start, end, filled: false };
  const entries = children.flatMap(({ offset, children: [key, value] = [] }) => {
    const part = value === undefined ? null : partOf(value, depth + 1);
    return key === undefined || part === null ? [] : [{ key: String(key.value), value: part, start: offset }];
  });
  return { kind: "map", start, end, entries };
}
