import type { Node, Pair } from "yaml";
import { yamlText, type Edit } from "../../../src/kit/text/splice.ts";
import { yamlEdits } from "../../../src/kit/text/yaml-edit.ts";
import { isMap, isSeq, parseYamlDocuments, type YamlFile } from "../../../src/kit/text/yaml-nodes.ts";
import { addedItems, removedItems } from "./json-edits.ts";
import type { Part } from "./part.ts";
import { withoutTemplates } from "./templates.ts";

/** A secret for a container. `isFilled`: `Fn::Sub` fills in the account. */
export type ContainerSecret = {
  readonly name: string;
  readonly from: { readonly text: string; readonly isFilled: boolean };
};

/** Items of a container's Environment that become Secrets. */
type Moving = {
  readonly container: Part;
  readonly list: Part;
  readonly items: readonly Part[];
  readonly secrets: readonly ContainerSecret[];
};

/** Templates are written in JSON or YAML, whatever their names end with. */
export const isJson = (text: string): boolean => text.trimStart().startsWith("{");

export function addedJsonSecrets(text: string, { container, list, items, secrets }: Moving): Edit[] {
  if (list.kind !== "list" || container.kind !== "map") return [];
  const objects = secrets.map(({ name, from }) => ({
    Name: name,
    ValueFrom: from.isFilled ? { "Fn::Sub": from.text } : from.text,
  }));
  return [...removedItems(list, new Set(items)), ...addedItems(text, container, list, "Secrets", objects)];
}

/** An Environment that would be empty is removed: CloudFormation refuses a property without a value. */
export async function addedYamlSecrets(text: string, { container, list, items, secrets }: Moving): Promise<Edit[]> {
  const files = await parseYamlDocuments("the template", withoutTemplates(text), "");
  for (const file of files) {
    const map = nodeOf(file.document.contents, container);
    const seq = nodeOf(file.document.contents, list);
    if (!isMap(map) || !isSeq(seq)) continue;
    const real: YamlFile = { ...file, text };
    const starts = new Set(items.map(({ start }) => start));
    const gone = new Set(seq.items.filter((item) => starts.has((item as Node).range?.[0] ?? -1)));
    const isEmptied = gone.size === seq.items.length;
    const pairs = map.items as Pair<Node, Node | null>[];
    const known = pairs.find(({ key }) => String(key) === "Secrets")?.value;
    const own = new Set<unknown>(isEmptied ? pairs.filter(({ value }) => value === seq) : []);
    const added = isSeq(known) ? [] : [newList(secrets, map.flow === true)];
    return [
      ...(isEmptied ? [] : yamlEdits(real, seq, { drop: gone, put: new Map(), add: [] })),
      ...yamlEdits(real, map, { drop: own, put: new Map(), add: added }),
      ...(isSeq(known)
        ? yamlEdits(real, known, {
            drop: new Set(),
            put: new Map(),
            add: secrets.map((one) => item(one, known.flow === true)),
          })
        : []),
    ];
  }
  return [];
}

function newList(secrets: readonly ContainerSecret[], isFlow: boolean): string {
  if (isFlow) return `Secrets: [${secrets.map((one) => item(one, true)).join(", ")}]`;
  const items = secrets.map((one) => `  - ${item(one, false).replace("\n", "\n    ")}`);
  return `Secrets:\n${items.join("\n")}`;
}

function item({ name, from }: ContainerSecret, isFlow: boolean): string {
  const value = from.isFilled ? `!Sub ${JSON.stringify(from.text)}` : yamlText(from.text);
  const [key, reference] = [`Name: ${yamlText(name)}`, `ValueFrom: ${value}`];
  return isFlow ? `{${key}, ${reference}}` : `${key}\n${reference}`;
}

/** The node that a part was read from. */
function nodeOf(node: unknown, { start, end, kind }: Part): Node | null {
  const [from = 0, to = 0] = (node as Node | null)?.range ?? [];
  if (from === start && to === end && (kind === "map" ? isMap(node) : isSeq(node))) return node as Node;
  if (from > start || to < end) return null;
  const children = isSeq(node) ? node.items : isMap(node) ? node.items.map(({ value }) => value) : [];
  for (const child of children) {
    const found = nodeOf(child, { start, end, kind } as Part);
    if (found !== null) return found;
  }
  return null;
}
