import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Node } from "yaml";
import { entriesOf, entry, parseYamlDocuments, type YamlFile } from "../../../src/kit/text/yaml-nodes.ts";
import { isAt, type Location } from "../../../src/model/location.ts";
import { scalarTexts, type ManifestText } from "../manifest-texts.ts";

/** Whether a file is a chart's values file. */
export function isValuesFile(file: string): boolean {
  return /^values(?:[-._].*)?\.ya?ml$/.test(basename(file));
}

/** The folder of the chart that a template belongs to; null for a file in no chart. */
export function chartOf(file: string): string | null {
  for (let dir = dirname(file); dirname(dir) !== dir; dir = dirname(dir))
    if (basename(dir) === "templates" && existsSync(join(dirname(dir), "Chart.yaml"))) return dirname(dir);
  return null;
}

/** Every text of a values file. Throws `malformed`. */
export async function helmValues(file: string, text: string): Promise<ManifestText[]> {
  const [document] = await parseYamlDocuments(file, text, "helm lint CHART shows how Helm reads it");
  return document === undefined ? [] : scalarTexts(document.root, document, "").filter(({ value }) => value !== "");
}

/** The key by which a chart takes a Secret in place of the value at `location`: beside it, or above; null if it has none. */
export async function existingSecretKey(file: string, text: string, location: Location): Promise<string | null> {
  const [document] = await parseYamlDocuments(file, text, "helm lint CHART shows how Helm reads it");
  if (document === undefined) return null;
  const value = scalarTexts(document.root, document, "").find(({ place }) => isAt(location, place));
  const keys = (value?.keys ?? []).slice(0, -1);
  for (let length = keys.length; length >= 0; length--) {
    const found = keyOf(below(document, keys.slice(0, length)), document);
    if (found !== null) return [...keys.slice(0, length), found].join(".");
  }
  return null;
}

/** Null below a list: no chart takes a Secret for an item of one. */
function below(document: YamlFile, keys: readonly (string | number)[]): Node | null {
  return keys.reduce<Node | null>(
    (node, key) => (typeof key === "string" ? (entry(node, key, document)?.value ?? null) : null),
    document.root,
  );
}

function keyOf(node: Node | null, document: YamlFile): string | null {
  const isKey = (key: string): boolean => /^existing\w*secret/i.test(key) || /^\w*secretName$/i.test(key);
  return entriesOf(node, document).find(({ key }) => isKey(key))?.key ?? null;
}
