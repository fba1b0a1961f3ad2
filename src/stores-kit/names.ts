import type { FoundNames, SubjectNames } from "../contract/provider.ts";

/**
 * Encodes a name in the characters that a store accepts, reversibly: each other character becomes `_xHEX_`, and so does
 * an underscore before an `x`, so that such a piece is always an encoded character. `allowed` matches one character
 * that stays.
 */
export function encodeName(name: string, allowed: RegExp): string {
  const chars = Array.from(name);
  const encode = (char: string): string => `_x${(char.codePointAt(0) ?? 0).toString(16)}_`;
  return chars
    .map((char, at) => (allowed.test(char) && !(char === "_" && chars[at + 1] === "x") ? char : encode(char)))
    .join("");
}

/** The inverse of `encodeName`. */
export function decodeName(text: string): string {
  return text.replace(/_x([0-9a-f]{1,6})_/g, (whole, hex: string) => {
    const code = Number.parseInt(hex, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

/** `{project/}`: the project and what follows it, both left out for a subject without a project. */
const OPTIONAL = /\{project([^{}\w][^{}]*)\}/g;

/** The form of a template for one subject: an optional part with the project, or without it. */
export function templateFor(template: string, { project, standIn = false }: SubjectNames): string {
  return template.replace(OPTIONAL, project === "" || standIn ? "" : "{project}$1");
}

/** The forms that a template can have, the one with every part first. */
export function templateForms(template: string): readonly string[] {
  return [...new Set([template.replace(OPTIONAL, "{project}$1"), template.replace(OPTIONAL, "")])];
}

/** The names in a path of a store that knows them from the path alone. */
export function namesInPath(template: string, path: string, decode?: (part: string) => string): FoundNames {
  return { ...unfillTemplate(template, path, decode), ...(isAmbiguous(template, path) ? { isGuess: true } : {}) };
}

type FilledNames = { readonly subject: string; readonly project: string; readonly name: string };

/**
 * The names from which a template made this text: the inverse of `fillTemplate`, empty where ambiguous. If two names
 * are adjacent, the first takes as little as possible.
 */
export function unfillTemplate(
  template: string,
  text: string,
  decode: (part: string) => string = decodeName,
): FilledNames {
  for (const form of templateForms(template)) {
    const found = unfillForm(form, text, decode);
    if (found !== null) return found;
  }
  return { subject: "", project: "", name: "" };
}

/** Whether a template makes this text of other names too: `a-b-c` is `{subject}-{name}` in two ways. */
function isAmbiguous(template: string, text: string): boolean {
  const read = (part: string): string =>
    JSON.stringify(templateForms(template).flatMap((form) => unfillForm(form, text, (name) => name, part) ?? []));
  // The first reading of all and the last: where they are the same there is no other.
  const first = read(LEAST);
  return first !== read(MOST) || (JSON.parse(first) as unknown[]).length > 1;
}

const LEAST = "([^/]{1,500}?)";
const MOST = "([^/]{1,500})";

function unfillForm(
  template: string,
  text: string,
  decode: (part: string) => string,
  part = LEAST,
): FilledNames | null {
  const literal = (fixed: string): string => fixed.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
  const order = Array.from(template.matchAll(/\{(\w+)\}/g), ([, which]) => which as string);
  const pattern = template
    .split(/\{\w+\}/)
    .map(literal)
    .join(part);
  const found = new RegExp(`^${pattern}$`).exec(text);
  if (found === null) return null;
  const of = (which: string): string => {
    const name = found[order.indexOf(which) + 1];
    return name === undefined || !order.includes(which) ? "" : decode(name);
  };
  return { subject: of("subject"), project: of("project"), name: of("name") };
}

/** A template's `{subject}`, `{project}` and `{name}` filled in. */
export function fillTemplate(template: string, names: { readonly [which: string]: string }): string {
  return template.replace(/\{(\w+)\}/g, (_, which: string) => names[which] ?? "");
}

/** The part of a template that is the same for all names, for policies: `apps/` of `apps/{subject}`. */
export function fixedPrefix(template: string): string {
  return template.split("{")[0] ?? "";
}
