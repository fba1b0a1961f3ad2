import { table } from "./tables.ts";

/** A part of the JSON Schema of unsprawl.yaml, as far as the pages need it. */
export type SchemaNode = {
  readonly description?: string;
  readonly const?: string;
  readonly properties?: { readonly [key: string]: SchemaNode };
  readonly additionalProperties?: SchemaNode | boolean;
  readonly anyOf?: readonly SchemaNode[];
  readonly items?: SchemaNode;
};

/** Every key below these properties, with its description. */
export function settingsTable(properties: { readonly [key: string]: SchemaNode }, prefix = ""): string {
  const rows = Object.entries(properties).flatMap(([key, node]) => rowsOf(`${prefix}${key}`, node));
  return table(["key", "meaning"], rows);
}

/** A store's or a channel's own keys: the form of this map whose `which` is `name`. */
export function formOf(
  map: SchemaNode | undefined,
  which: string,
  name: string,
): { readonly [key: string]: SchemaNode } {
  const values = map?.additionalProperties;
  const forms = typeof values === "object" ? (values.anyOf ?? []) : [];
  const form = forms.find(({ properties }) => properties?.[which]?.const === name)?.properties;
  if (form === undefined) throw new Error(`the schema has no ${name}`);
  return form;
}

function rowsOf(key: string, node: SchemaNode): string[][] {
  const meaning = node.const === undefined ? (node.description ?? "") : `\`${node.const}\``;
  const inside = innerNodes(key, node).flatMap(([name, one]) => rowsOf(name, one));
  return meaning === "" ? inside : [[`\`${key}\``, meaning], ...inside];
}

/** What a map, a list or a choice holds, each with its name on the page. */
function innerNodes(
  key: string,
  { properties, additionalProperties, anyOf, items }: SchemaNode,
): [string, SchemaNode][] {
  return [
    ...Object.entries(properties ?? {}).map(([name, node]): [string, SchemaNode] => [`${key}.${name}`, node]),
    ...(typeof additionalProperties === "object"
      ? [[`${key}.NAME`, additionalProperties] as [string, SchemaNode]]
      : []),
    ...(anyOf ?? []).filter((node) => node.properties !== undefined).map((node): [string, SchemaNode] => [key, node]),
    ...(items?.properties !== undefined || items?.anyOf !== undefined
      ? [[`${key}[]`, { ...items, description: "" }] as [string, SchemaNode]]
      : []),
  ];
}
