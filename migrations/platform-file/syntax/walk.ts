import { DEEPEST, member, memberText, type Part } from "./part.ts";

/**
 * How an environment is written: a map `{ NAME: value }` (or `{ NAME: { value } }`), words `NAME=value`, items with a
 * name and a value under these keys, or one text that `name` names.
 */
export type EnvironmentForm =
  | "map"
  | "words"
  | { readonly name: string; readonly value: string }
  | { readonly text: string };

/**
 * Where a format keeps an environment: keys from the document's root, separated by `/`. `*` is any key or item, `**` any
 * number of them, and `*_version` any key with that end.
 */
export type EnvironmentPattern = { readonly at: string; readonly form: EnvironmentForm };

/** A variable with the value that is written for it. */
export type PlatformVariable = {
  readonly name: string;
  readonly value: string;
  /** What sets it: `jobs.test.services.db.env`. */
  readonly of: string;
  /** The written value, quotes included. */
  readonly start: number;
  readonly end: number;
  readonly filled: boolean;
  /** The item or entry that holds it: `{ name, value }`, `NAME=value`; the value itself in a map. */
  readonly item: Part;
  /** The list or map of variables, and the part that has it: a container, a job. */
  readonly environment: Part;
  readonly owner: Part;
};

type Reached = { readonly part: Part; readonly path: readonly string[]; readonly owner: Part };

/** The variables at these places, each once, in the order of the text. */
export function variablesAt(root: Part, patterns: readonly EnvironmentPattern[]): PlatformVariable[] {
  const found = new Map<number, PlatformVariable>();
  for (const { at, form } of patterns)
    for (const step of stepsTo({ part: root, path: [], owner: root }, at === "" ? [] : at.split("/"), 0))
      for (const variable of variablesIn(step, form))
        if (!found.has(variable.start)) found.set(variable.start, variable);
  return [...found.values()].sort((a, b) => a.start - b.start);
}

function stepsTo(from: Reached, keys: readonly string[], depth: number): Reached[] {
  const [key, ...rest] = keys;
  if (key === undefined) return [from];
  if (depth > DEEPEST) return [];
  if (key !== "**") return childrenOf(from, key).flatMap((child) => stepsTo(child, rest, depth + 1));
  return [...stepsTo(from, rest, depth), ...childrenOf(from, "*").flatMap((child) => stepsTo(child, keys, depth + 1))];
}

function childrenOf({ part, path }: Reached, key: string): Reached[] {
  if (part.kind === "list")
    return key !== "*"
      ? []
      : part.items.map((item, at) => ({ part: item, path: named(path, `[${itemName(item) ?? at}]`), owner: part }));
  if (part.kind !== "map") return [];
  return part.entries
    .filter((entry) => matches(entry.key, key))
    .map((entry) => ({ part: entry.value, path: [...path, entry.key], owner: part }));
}

const matches = (key: string, pattern: string): boolean =>
  pattern.startsWith("*") ? key.endsWith(pattern.slice(1)) : key === pattern;

function named(path: readonly string[], item: string): string[] {
  return [...path.slice(0, -1), `${path.at(-1) ?? ""}${item}`];
}

function itemName(item: Part): string | null {
  const name = memberText(item, "name") ?? memberText(item, "Name") ?? memberText(item, "id");
  return name === null || name.length > 60 ? null : name;
}

function variablesIn({ part, path, owner }: Reached, form: EnvironmentForm): PlatformVariable[] {
  const of = path.join(".");
  const made = (name: string | null, item: Part, value: Part | null): PlatformVariable[] => {
    if (name === null || name === "" || value?.kind !== "text" || value.value === "") return [];
    const { start, end, filled } = value;
    return [{ name, value: value.value, of, start, end, filled, item, environment: part, owner }];
  };
  if (typeof form === "object" && "text" in form) return made(textName(form.text, path), part, part);
  if (form === "map") {
    if (part.kind !== "map") return [];
    return part.entries.flatMap(({ key, value }) =>
      made(key, value, value.kind === "map" ? member(value, "value") : value),
    );
  }
  if (part.kind !== "list") return [];
  if (form === "words") return part.items.flatMap((item) => wordOf(item, made));
  return part.items.flatMap((item) => made(memberText(item, form.name), item, member(item, form.value)));
}

/** `NAME=value`; the place is the whole word's. */
function wordOf<T>(item: Part, made: (name: string, item: Part, value: Part) => T[]): T[] {
  if (item.kind !== "text") return [];
  const at = item.value.indexOf("=");
  return at <= 0 ? [] : made(item.value.slice(0, at), item, { ...item, value: item.value.slice(at + 1) });
}

/** The name of a single text: the key at its place, or a block's label where the key is `default` or the like. */
function textName(name: string, path: readonly string[]): string | null {
  return name === "" ? (path.at(-1) ?? null) : name === ".." ? (path.at(-2) ?? null) : name;
}
