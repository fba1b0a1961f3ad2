import { filledParts, type FilledRange, type Interpolated } from "../../../src/files/interpolate.ts";
import { lineOf } from "../../../src/kit/text/lines.ts";
import type { Node, Pair, Scalar, YAMLMap, YAMLSeq } from "yaml";
import { passedOn, type DotenvEntry } from "../../../src/files/dotenv.ts";
import { memberRange } from "../../../src/kit/text/yaml-edit.ts";
import { filledText, throwFault, type OnFault } from "./fill.ts";
import type { ComposeEnvFile } from "./scope.ts";
import { settingInLine, type VariableSetting } from "./scope.ts";
import type { ServiceLayer, ComposeProject, ComposeService } from "./project.ts";
import {
  entriesOf,
  entry,
  follow,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  scalarText,
  type YamlFile,
} from "../../../src/kit/text/yaml-nodes.ts";

/** Where a variable of a service is defined. */
export type VariablePlace = {
  /** The same for all services that get a variable from here. */
  readonly id: string;
  /** `FILE:LINE`. */
  readonly at: string;
  readonly line: number;
  readonly name: string;
  /** The service's value from here; null if it is passed through from the shell and not set there. */
  readonly value: string | null;
  /** The variables it is interpolated from. */
  readonly uses: readonly string[];
  /** What of the value they fill, each part after those within it. */
  readonly parts: readonly FilledRange[];
  /** What sets such a variable. */
  readonly setting: (name: string) => VariableSetting | null;
} & (
  | {
      readonly kind: "pair";
      readonly file: YamlFile;
      readonly member: Pair<Scalar, Node | null>;
      readonly owner: YAMLMap;
    }
  | { readonly kind: "item"; readonly file: YamlFile; readonly member: Node; readonly owner: YAMLSeq }
  | { readonly kind: "line"; readonly file: ComposeEnvFile; readonly member: DotenvEntry }
);

/**
 * A service's variables, each with all places that define it; the last one is effective. Env files come before
 * `environment`, whatever their layer (Compose Specification, "Environment variables precedence"). Interpolation errors
 * are passed to `tell`, which throws by default; otherwise the text is taken literally.
 */
export function variables(service: ComposeService, tell: OnFault = throwFault): Variables {
  const found = new Map<string, VariablePlace[]>();
  const add = (place: VariablePlace): void => {
    const own = found.get(place.name);
    if (own === undefined) found.set(place.name, [place]);
    else own.push(place);
  };
  for (const { envFiles } of service.layers)
    for (const file of envFiles) for (const line of file.entries) if (line.value !== null) add(ofLine(file, line));
  for (const layer of service.layers) {
    const { places, whole, reset } = environment(layer, tell);
    // `!override` replaces the values of earlier layers, `!reset` removes them (Compose Specification, "Merge").
    if (whole) forget(found, () => true);
    for (const place of places) add(place);
    forget(found, (name) => reset.has(name));
  }
  return found;
}

export type Variables = ReadonlyMap<string, readonly VariablePlace[]>;

const read = new WeakMap<ComposeService, Variables>();

/** The same without faults, read once: a project may have thousands, each of which is asked for. */
export function variablesOf(service: ComposeService): Variables {
  const before = read.get(service) ?? variables(service, () => undefined);
  read.set(service, before);
  return before;
}

function ofLine(file: ComposeEnvFile, member: DotenvEntry): VariablePlace {
  const { name, value, uses, parts, start } = member;
  return {
    kind: "line",
    id: `${file.file}:${start}`,
    at: `${file.file}:${member.line}`,
    line: member.line,
    name,
    value,
    uses,
    parts,
    setting: (use) => settingInLine(file, member, use),
    file,
    member,
  };
}

/** Removes what `environment` in earlier layers defined, but not what env files did. */
function forget(found: Map<string, VariablePlace[]>, which: (name: string) => boolean): void {
  for (const [name, places] of found) {
    const kept = which(name) ? places.filter(({ kind }) => kind === "line") : places;
    if (kept.length === 0) found.delete(name);
    else found.set(name, kept);
  }
}

type Environment = { readonly places: VariablePlace[]; readonly whole: boolean; readonly reset: ReadonlySet<string> };

function environment(layer: ServiceLayer, tell: OnFault): Environment {
  const written = entry(layer.service, "environment", layer.file)?.value ?? null;
  const tag = (node: unknown): string => (node as { readonly tag?: string } | null)?.tag ?? "";
  if (tag(written) === "!reset") return { places: [], whole: true, reset: new Set() };
  const gone = entriesOf(written, layer.file).filter(({ value }) => tag(value) === "!reset");
  const reset = new Set(gone.map(({ key }) => key));
  const places = placesOf(layer, written, tell).filter(({ name }) => !reset.has(name));
  return { places, whole: tag(written) === "!override", reset };
}

function placesOf({ file, lookup }: ServiceLayer, written: Node | null, tell: OnFault): VariablePlace[] {
  const common = (member: unknown): Pick<VariablePlace, "id" | "at" | "line"> => {
    const [start] = memberRange(member);
    const line = lineOf(file.text, start);
    return { id: `${file.file}:${start}`, at: `${file.file}:${line}`, line };
  };
  const { setting } = lookup;
  if (isSeq(written)) {
    return (written.items as Node[]).flatMap((member): VariablePlace[] => {
      const node = follow(member, file);
      if (!isScalar(node)) return [];
      const filled = filledText(node.value ?? "", lookup, file, node.range?.[0] ?? 0, tell);
      const at = filled.value.indexOf("=");
      const name = at < 0 ? filled.value : filled.value.slice(0, at);
      const own = at < 0 ? passedOn(name, lookup) : behind(filled, at + 1);
      return [{ kind: "item", ...common(member), name, ...own, setting, file, member, owner: written }];
    });
  }
  return entriesOf(written, file).map(({ key, pair, owner, value: node }): VariablePlace => {
    const raw = scalarText(node);
    const own =
      raw === null ? passedOn(key, lookup) : behind(filledText(raw, lookup, file, node?.range?.[0] ?? 0, tell), 0);
    return { kind: "pair", ...common(pair), name: key, ...own, setting, file, member: pair, owner };
  });
}

/** The part of a text that begins at this position. */
function behind(filled: Interpolated, from: number): Pick<VariablePlace, "value" | "uses" | "parts"> {
  return {
    value: filled.value.slice(from),
    uses: filled.uses.map(({ name }) => name),
    parts: filledParts(filled).flatMap((part) =>
      part.end <= from ? [] : { ...part, start: Math.max(0, part.start - from), end: part.end - from },
    ),
  };
}

/** A text anywhere in the project's files. */
export type ProjectText = {
  readonly file: YamlFile | ComposeEnvFile;
  readonly start: number;
  readonly end: number;
  /** `services.db.command`, `x-env.PASSWORD`; in an env file the variable's name. */
  readonly path: string;
  /** The path's keys and positions; in an env file the variable's name. */
  readonly keys: readonly (string | number)[];
  /** The path without its position in a list, and that position. */
  readonly field: string;
  readonly index?: number;
  readonly key: string;
  readonly value: string;
  readonly uses: readonly string[];
};

/** Every text in the project's files, each once, however often Compose uses it. Errors as in `variables`. */
export function projectTexts(project: ComposeProject, tell: OnFault = throwFault): ProjectText[] {
  const found: ProjectText[] = [];
  for (const file of project.yaml.values()) {
    const lookup = project.lookups.get(file.file) ?? project.lookup;
    const walk = (node: unknown, field: string, key: string, keys: ProjectText["keys"], index?: number): void => {
      const path = index === undefined ? field : `${field}[${index}]`;
      if (isAlias(node)) return;
      if (isMap(node)) {
        for (const pair of node.items as Pair<Scalar, Node | null>[]) {
          const name = isScalar(pair.key) ? String(pair.key.value) : "";
          walk(pair.value, path === "" ? name : `${path}.${name}`, name, [...keys, name]);
        }
      } else if (isSeq(node)) for (const [at, item] of node.items.entries()) walk(item, path, key, [...keys, at], at);
      else if (isScalar(node)) {
        const [start = 0, end = 0] = node.range ?? [];
        const { value, uses } = filledText(node.value ?? "", lookup, file, start, tell);
        // Secrets and configs refer to their variable by name.
        const [top, , member] = keys;
        const isGrant = keys.length === 3 && (top === "secrets" || top === "configs") && member === "environment";
        const named = isGrant ? [value] : [];
        const place = { field, ...(index === undefined ? {} : { index }) };
        const from = [...uses.map((use) => use.name), ...named];
        found.push({ file, start, end, path, keys, ...place, key, value, uses: from });
      }
    };
    walk(file.root, "", "", []);
  }
  for (const file of envFiles(project)) {
    for (const { name, value, uses, start, end } of file.entries)
      found.push({ file, start, end, path: name, keys: [name], field: name, key: name, value: value ?? "", uses });
  }
  return found;
}

/** All env files of a project, each once. */
export function envFiles({ dotenv, services }: ComposeProject): ComposeEnvFile[] {
  const named = [...services.values()].flatMap(({ layers }) => layers.flatMap((layer) => layer.envFiles));
  return [...new Map([...dotenv, ...named].map((one) => [one.file, one])).values()];
}
