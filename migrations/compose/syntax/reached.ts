import type { Node } from "yaml";
import { entriesOf, follow, isMap, isScalar, isSeq, type YamlFile } from "../../../src/kit/text/yaml-nodes.ts";
import { variablesOf, type ProjectText } from "./environment.ts";
import type { ComposeProject } from "./project.ts";

const known = new WeakMap<ComposeProject, ReadonlySet<string>>();

/**
 * Whether a service, or another part that Compose acts on, gets this text. Not so for a text under `x-` that every service
 * overrides, or that none merges, nor for a variable that a later file sets again, or a service that it takes away.
 */
export function isReached(project: ComposeProject, { keys: [top, name, member], file, start }: ProjectText): boolean {
  if (top === "services" && typeof name === "string" && !project.services.has(name)) return false;
  const isVariable = top === "services" && member === "environment" && project.given.length > 1;
  if (!isVariable && (typeof top !== "string" || !top.startsWith("x-"))) return true;
  const reached = known.get(project) ?? reachedTexts(project);
  known.set(project, reached);
  return reached.has(idOf(file.file, start));
}

/** The texts that services take, with aliases and merges followed. */
function reachedTexts({ services }: ComposeProject): ReadonlySet<string> {
  const found = new Set<string>();
  // Aliases may repeat a node more often than there is time for.
  const seen = new Set<Node>();
  const walk = (node: Node | null, file: YamlFile): void => {
    if (node === null || seen.has(node)) return;
    seen.add(node);
    if (isMap(node)) for (const { value } of entriesOf(node, file)) walk(value, file);
    else if (isSeq(node)) for (const item of node.items) walk(follow(item, file), file);
    else if (isScalar(node)) found.add(idOf(file.file, node.range?.[0] ?? 0));
  };
  for (const service of services.values()) {
    for (const { service: node, file } of service.layers)
      for (const { key, value } of entriesOf(node, file)) if (key !== "environment") walk(value, file);
    // Of its variables, what another file or layer overrides is not taken.
    for (const places of variablesOf(service).values()) {
      const last = places.at(-1);
      if (last?.kind === "item") walk(follow(last.member, last.file), last.file);
      if (last?.kind === "pair") walk(follow(last.member.value, last.file), last.file);
    }
  }
  return found;
}

const idOf = (file: string, start: number): string => `${file}:${start}`;
