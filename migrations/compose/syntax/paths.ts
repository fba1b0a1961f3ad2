import { homedir } from "node:os";
import { join, resolve } from "node:path";
import type { Node } from "yaml";
import { entriesOf, entry, follow, isMap, isSeq, parseYaml, type YamlFile } from "../../../src/kit/text/yaml-nodes.ts";
import { splice, type Edit } from "../../../src/kit/text/splice.ts";
import { filledScalar } from "./fill.ts";
import type { VariableLookup } from "../../../src/files/interpolate.ts";

/** A path of a service's `env_file` or `volumes`, in which Compose takes `~` for the home folder. */
export function servicePath(dir: string, path: string): string {
  return path.startsWith("~") ? join(homedir(), path.slice(1)) : resolve(dir, path);
}

/**
 * A Compose file's text in which the absolute paths of other files that are read with it (`env_file`, `extends`, `include`)
 * are changed by `moved`, which gives null for one that stays.
 */
export async function withPathsMoved(
  { file, text }: Pick<YamlFile, "file" | "text">,
  lookup: VariableLookup,
  moved: (path: string) => string | null,
): Promise<string> {
  const yaml = await parseYaml(file, text);
  const edits = new Map<number, Edit>();
  for (const node of otherFiles(yaml)) {
    const path = filledScalar(node, lookup, yaml, () => undefined);
    const place = path === null || !/^[/~]/.test(path) ? null : moved(servicePath("/", path));
    const [start, end] = node.range ?? [0, 0];
    if (place !== null && end > start)
      edits.set(start, { start, end, text: JSON.stringify(place).replaceAll("$", () => "$$") });
  }
  return splice(text, [...edits.values()]);
}

/** The scalars that name other files. */
function otherFiles(yaml: YamlFile): readonly Node[] {
  const all = (node: Node | null): readonly (Node | null)[] =>
    isSeq(node) ? node.items.map((item) => follow(item, yaml)) : [node];
  const at = (node: Node | null, ...keys: readonly string[]): readonly (Node | null)[] =>
    isMap(node) ? keys.flatMap((key) => all(entry(node, key, yaml)?.value ?? null)) : [node];
  const services = entriesOf(entry(yaml.root, "services", yaml)?.value, yaml).flatMap(({ value }) => [
    ...all(entry(value, "env_file", yaml)?.value ?? null).flatMap((one) => at(one, "path")),
    ...at(entry(value, "extends", yaml)?.value ?? null, "file"),
  ]);
  const included = all(entry(yaml.root, "include", yaml)?.value ?? null).flatMap((one) =>
    at(one, "path", "env_file", "project_directory"),
  );
  return [...services, ...included].filter((node) => node !== null);
}
