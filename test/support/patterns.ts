import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Visitor, parseSync, type ESTree } from "rolldown/utils";
import { dismissals, rules, valueDismissals } from "../../src/detect/index.ts";
import * as shapes from "../../src/detect/patterns.ts";

/** A regular expression of the product: where it stands, and what it says. */
export type Pattern = { readonly place: string; readonly source: string; readonly flags: string };

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const FILES = ["src/**/*.{ts,tsx}", "providers/**/*.ts", "migrations/**/*.ts"];

/**
 * Every rule's pattern and names, what src/detect/patterns.ts builds, every literal of the source, and every template
 * that is built into an expression, with a word in its holes. Each once for each place.
 */
export function allPatterns(): readonly Pattern[] {
  const found = new Map<string, Pattern>();
  const add = (place: string, { source, flags }: Pick<RegExp, "source" | "flags">): void => {
    const key = `${place}\n/${source}/${flags}`;
    if (!found.has(key)) found.set(key, { place, source, flags });
  };
  for (const { id, pattern, names } of rules) {
    if (pattern !== null) add(`rule ${id}`, pattern);
    if (names !== null) add(`names of rule ${id}`, names);
  }
  for (const { id, patterns } of [...dismissals, ...valueDismissals])
    for (const pattern of patterns) add(`dismissal ${id}`, pattern);
  for (const { tool, pattern } of shapes.REFERENCE_TOOLS) add(`reference of ${tool}`, pattern);
  for (const [name, value] of Object.entries<unknown>(shapes))
    if (value instanceof RegExp) add(`src/detect/patterns.ts ${name}`, value);
  for (const file of sources()) {
    // The literals of rules are the rules' own patterns.
    if (!file.startsWith("src/detect/rules/")) for (const literal of literalsOf(file)) add(file, literal);
    for (const { template } of built(file)) if (template !== null) add(file, template);
  }
  return [...found.values()];
}

/** The files that build expressions of anything but one template, each as often as it does. */
export function builders(): readonly string[] {
  return sources().flatMap((file) => built(file).flatMap(({ template }) => (template === null ? [file] : [])));
}

/** What is handed to `RegExp` in a file: a template with a word in its holes, or null for anything else. */
function built(file: string): readonly { readonly template: RegExp | null }[] {
  const found: { template: RegExp | null }[] = [];
  const take = ({ callee, arguments: given }: ESTree.NewExpression | ESTree.CallExpression): void => {
    if (callee.type !== "Identifier" || callee.name !== "RegExp") return;
    const [text, flags] = given;
    const whole = text?.type === "TemplateLiteral" && !file.startsWith("src/detect/rules/");
    found.push({
      template: whole
        ? new RegExp(
            text.quasis.map((piece) => piece.value.cooked ?? "").join("NAME"),
            flags?.type === "Literal" && typeof flags.value === "string" ? flags.value : "",
          )
        : null,
    });
  };
  new Visitor({ NewExpression: take, CallExpression: take }).visit(parsed(file));
  return found;
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
