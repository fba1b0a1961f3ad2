import type { YAMLMap } from "yaml";
import { entry, isMap, type YamlFile } from "../../../src/kit/text/yaml-nodes.ts";
import type { ComposeService } from "./project.ts";

/** The map that describes a service; `dir` is what relative paths in it are relative to. */
export type ServiceHome = { readonly file: YamlFile; readonly map: YAMLMap; readonly dir: string };

/** The map that defines a service in the last given file that does so, where additions go, or null. */
export function home(service: ComposeService): ServiceHome | null {
  const own = service.layers.findLast(({ service: node, file }) => isMap(node) && isWritten(node, file, service.name));
  return own && isMap(own.service) ? { file: own.file, map: own.service, dir: own.dir } : null;
}

/** False for a base that is extended, and for an alias of another service. */
function isWritten(node: YAMLMap, file: YamlFile, name: string): boolean {
  const found = entry(entry(file.root, "services", file)?.value, name, file);
  return found !== null && found.pair.value === node;
}
