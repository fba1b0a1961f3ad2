import { relative } from "node:path";
import type { YAMLMap } from "yaml";
import { entriesOf, entry, isMap, type YamlFile } from "../../../src/kit/text/yaml-nodes.ts";
import { variablesOf, type VariablePlace } from "./environment.ts";
import type { ComposeProject, ComposeService } from "./project.ts";

/** The map that describes a service; `dir` is what relative paths in it are relative to. */
export type ServiceHome = { readonly file: YamlFile; readonly map: YAMLMap; readonly dir: string };

/** A variable of a service, and the place that it leaves. */
type MovedFrom = { readonly service: string; readonly place: VariablePlace };

/**
 * The map that a service's additions go to, or null. Of several given files that describe it, this is the one that its
 * variables leave, so that it works as before without those that come later; unless a later one would overrule the additions.
 */
export function home(service: ComposeService, names: readonly string[] = []): ServiceHome | null {
  const all = homes(service);
  return all[homeIndex(service, all, names)] ?? null;
}

/** A note for each service of which a file alone lacks what moves, since a later one delivers it now. */
export function homeNotes(
  { services, dir }: ComposeProject,
  moved: readonly MovedFrom[],
  namesOf: (service: string) => readonly string[],
): readonly string[] {
  return [...Map.groupBy(moved, ({ service }) => service)].flatMap(([name, own]) => {
    const service = services.get(name);
    if (service === undefined) return [];
    const all = homes(service);
    const at = homeIndex(service, all, namesOf(name));
    const before = own.filter(({ place }) => indexOf(service, all, place) < at);
    const [first, by] = [all[0], all[at]];
    if (before.length === 0 || first === undefined || by === undefined) return [];
    const shown = [...new Set(before.map(({ place }) => place.name))].toSorted().join(", ");
    const [alone, other] = [relative(dir, first.file.file), relative(dir, by.file.file)];
    return [`${name} gets ${shown} through ${other} now: with ${alone} alone, it starts without`];
  });
}

function homes(service: ComposeService): ServiceHome[] {
  return service.layers.flatMap(({ service: node, file, dir, isBase }) =>
    isMap(node) && !isBase && isWritten(node, file, service.name) ? [{ file, map: node, dir }] : [],
  );
}

/** False for an alias of another service. */
function isWritten(node: YAMLMap, file: YamlFile, name: string): boolean {
  const found = entry(entry(file.root, "services", file)?.value, name, file);
  return found !== null && found.pair.value === node;
}

function homeIndex(service: ComposeService, all: readonly ServiceHome[], names: readonly string[]): number {
  const last = all.length - 1;
  const [first] = all;
  if (last < 1 || names.length === 0 || all.some(({ dir }) => dir !== first?.dir)) return last;
  const own = variablesOf(service);
  const places = names.map((name) => own.get(name)?.at(-1));
  const from = places.map((place) => (place === undefined ? last : indexOf(service, all, place)));
  const values = places.flatMap((place) => place?.value ?? []);
  const overruling = all.findLastIndex((one) => overrules(one, values));
  return Math.max(...from, overruling);
}

/** The file that a variable of a service stands in, or that names its env file; the last one for others. */
function indexOf(service: ComposeService, all: readonly ServiceHome[], place: VariablePlace): number {
  const layer = service.layers.findLast(({ file, envFiles }) =>
    place.kind === "line" ? envFiles.some((one) => one.file === place.file.file) : file === place.file,
  );
  const at = all.findIndex(({ file }) => file === layer?.file);
  return at < 0 ? all.length - 1 : at;
}

const OVERRULING = new Set(["entrypoint", "healthcheck", "runtime"]);
const ADDED_TO = new Set(["environment", "secrets", "configs", "labels", "command"]);

/** Whether a file sets what an earlier one could not add to then, or a command that may hold one of these values. */
function overrules({ file, map }: ServiceHome, values: readonly string[]): boolean {
  return entriesOf(map, file).some(({ key, value }) => {
    if (OVERRULING.has(key)) return true;
    if (ADDED_TO.has(key) && (value as { readonly tag?: string } | null)?.tag?.startsWith("!") === true) return true;
    const [start = 0, end = 0] = value?.range ?? [];
    const text = key === "command" ? file.text.slice(start, end) : "";
    return text.includes("$") || values.some((one) => text.includes(one));
  });
}
