import { globSync, readFileSync } from "node:fs";
import { Visitor, parseSync } from "rolldown/utils";
import { rules } from "../../src/detect/index.ts";
import * as shapes from "../../src/detect/patterns.ts";

/** A regular expression of the product: where it stands, and what it says. */
export type Pattern = { readonly place: string; readonly source: string; readonly flags: string };

const ROOT = new URL("../..", import.meta.url).pathname;
const FILES = ["src/**/*.{ts,tsx}", "providers/**/*.ts", "migrations/**/*.ts"];

/** Every rule's pattern and names, what src/detect/patterns.ts builds, and every literal of the source; each once. */
export function allPatterns(): readonly Pattern[] {
  const found = new Map<string, Pattern>();
  const add = (place: string, { source, flags }: Pick<RegExp, "source" | "flags">): void => {
    const key = `/${source}/${flags}`;
    if (!found.has(key)) found.set(key, { place, source, flags });
  };
  for (const { id, pattern, names } of rules) {
    if (pattern !== null) add(`rule ${id}`, pattern);
    if (names !== null) add(`names of rule ${id}`, names);
  }
  for (const [name, value] of Object.entries<unknown>(shapes))
    if (value instanceof RegExp) add(`src/detect/patterns.ts ${name}`, value);
  for (const file of sources()) for (const literal of literalsOf(file)) add(file, literal);
  return [...found.values()];
}

/** The files that build expressions from text, each as often as it does. */
export function builders(): readonly string[] {
  return sources().flatMap((file) => {
    const places: string[] = [];
    const take = (callee: { readonly type: string }): void => {
      if (callee.type === "Identifier" && "name" in callee && callee.name === "RegExp") places.push(file);
    };
    new Visitor({
      NewExpression: (node) => take(node.callee),
      CallExpression: (node) => take(node.callee),
    }).visit(parsed(file));
    return places;
  });
}

function literalsOf(file: string): readonly Pick<RegExp, "source" | "flags">[] {
  const literals: Pick<RegExp, "source" | "flags">[] = [];
  new Visitor({
    Literal: (node) => {
      if ("regex" in node) literals.push(new RegExp(node.regex.pattern, node.regex.flags));
    },
  }).visit(parsed(file));
  return literals;
}

function sources(): readonly string[] {
  return globSync(FILES, { cwd: ROOT }).sort();
}

function parsed(file: string): ReturnType<typeof parseSync>["program"] {
  const { program, errors } = parseSync(file, readFileSync(ROOT + file, "utf8"));
  if (errors.length > 0) throw new Error(`${file} cannot be parsed`);
  return program;
}
