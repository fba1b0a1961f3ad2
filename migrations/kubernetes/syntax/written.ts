import type { Node } from "yaml";
import { lineOf } from "../../../src/kit/text/lines.ts";
import { follow, isScalar, type YamlFile } from "../../../src/kit/text/yaml-nodes.ts";
import type { FieldPlace } from "../../../src/model/place.ts";

/** The line of a manifest on which a value begins; of an alias, the line of what it stands for. */
export function lineIn(file: YamlFile, node: unknown): Pick<FieldPlace, "fileLine"> {
  const [start] = follow(node, file)?.range ?? [];
  return start === undefined ? {} : { fileLine: lineOf(file.text, start) };
}

/** Whether a value is a block `|`, which has its lines in the file as they are, below the line on which it begins. */
export function isLiteralBlock(node: Node | null): boolean {
  return isScalar(node) && node.type === "BLOCK_LITERAL";
}
