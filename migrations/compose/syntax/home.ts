import { relative } from "node:path";
import type { YAMLMap } from "yaml";
import { entry, isMap, type YamlFile } from "../../../src/kit/text/yaml-nodes.ts";
import type { ComposeProject, ComposeService } from "./project.ts";

/** The map that describes a service; `dir` is what relative paths in it are relative to. */
export type ServiceHome = { readonly file: YamlFile; readonly map: YAMLMap; readonly dir: string };

/** A variable of a service, and the file that it leaves. */
type MovedFrom = { readonly service: string; readonly name: string; readonly file: string };

/** The map that defines a service in the last given file that does so, where additions go, or null. */
export function home(service: ComposeService): ServiceHome | null {
  return homes(service).at(-1) ?? null;
}

/** A note for each service that several files describe, if what moves was not in the last one, which delivers it now. */
export function homeNotes({ services, dir }: ComposeProject, moved: readonly MovedFrom[]): readonly string[] {
  return [...Map.groupBy(moved, ({ service }) => service)].flatMap(([service, own]) => {
    const described = services.get(service);
    const files = described === undefined ? [] : homes(described).map(({ file }) => file.file);
    const [first = "", last = ""] = [files[0], files.at(-1)];
    const names = new Set(own.flatMap(({ name, file }) => (file === last ? [] : [name])));
    if (first === last || names.size === 0) return [];
    const shown = [...names].toSorted().join(", ");
    return [
      `${service} gets ${shown} through ${relative(dir, last)} now: with ${relative(dir, first)} alone, it starts without`,
    ];
  });
}

function homes(service: ComposeService): ServiceHome[] {
  return service.layers.flatMap(({ service: node, file, dir }) =>
    isMap(node) && isWritten(node, file, service.name) ? [{ file, map: node, dir }] : [],
  );
}

/** False for a base that is extended, and for an alias of another service. */
function isWritten(node: YAMLMap, file: YamlFile, name: string): boolean {
  const found = entry(entry(file.root, "services", file)?.value, name, file);
  return found !== null && found.pair.value === node;
}
