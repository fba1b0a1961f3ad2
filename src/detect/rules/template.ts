import { DIGIT, MIXED, SOME, UUID, WILD } from "./proofs.ts";
import type { Kit } from "./kit.ts";

const FRAGMENTS: { readonly [name: string]: string } = { DIGIT, MIXED, SOME, UUID, WILD };
const FRAGMENT = /\$\{([A-Z]+)\}/g;
const SLOT = /\$\{([a-z][^}]*)\}/g;

/** A pattern with `${DIGIT}`, `${MIXED}`, `${SOME}`, `${WILD}` and `${UUID}` filled in (proofs.ts has each). */
export function fill(pattern: string): string {
  if (!pattern.includes("${")) return pattern;
  return pattern.replace(FRAGMENT, (_, name: string) => FRAGMENTS[name] ?? unknown(name));
}

/**
 * Compiles a template of an example, so that no whole token stands in a file: `${hex:32}` is 32 hex digits, and likewise
 * `digits`, `lower`, `upper`, `alnum`, `base62`, `urlsafe`, `base64` (of so many bytes) and `base32`. `${uuid}`,
 * `${password}`, `${jwt}`, `${pem:LABEL}`, `${withCrc:PREFIX}` and `${of:ALPHABET:LENGTH}` are the rest; `:upper` and
 * `:lower` behind any of them change its case. Names in capitals stand for themselves (`${DB_PASSWORD}`).
 */
export function example(template: string): (make: Kit) => string {
  return (kit) => template.replace(SLOT, (_, slot: string) => makeText(kit, slot));
}

const CLASSES: { readonly [characters: string]: string } = {
  "[0-9a-f]": "hex",
  "[A-Za-z0-9]": "base62",
  "[A-Za-z0-9_-]": "urlsafe",
  "[a-z0-9]": "alnum",
  "[0-9]": "digits",
  "[A-Z]": "upper",
  "[a-z]": "lower",
  "\\d": "digits",
};

/** The template for a pattern that is one class of characters and a length: the shortest text that it matches. */
export function exampleOf(pattern: string): string {
  if (pattern === "${UUID}") return "${uuid}";
  const [, characters = "", length] = /^(?:\$\{[A-Z]+\})*(\\d|\[[^\]]+\])\{(\d+)(?:,\d+)?\}$/.exec(pattern) ?? [];
  const maker = CLASSES[characters];
  if (maker === undefined) throw new Error(`no example can be derived from ${pattern}`);
  return `\${${maker}:${length}}`;
}

function makeText(kit: Kit, slot: string): string {
  const [, plain = "", change] = /^(.*?)(?::(upper|lower))?$/.exec(slot) ?? [];
  const text = plainText(kit, plain);
  if (change === undefined) return text;
  return change === "upper" ? text.toUpperCase() : text.toLowerCase();
}

function plainText(kit: Kit, slot: string): string {
  const [maker = "", ...rest] = slot.split(":");
  const length = Number(rest.at(-1));
  switch (maker) {
    case "uuid":
    case "password":
    case "jwt":
      return kit[maker]();
    case "pem":
    case "withCrc":
      return kit[maker](rest.join(":"));
    case "of":
      return kit.of(rest.slice(0, -1).join(":"), length);
    case "hex":
    case "digits":
    case "lower":
    case "upper":
    case "alnum":
    case "base62":
    case "urlsafe":
    case "base64":
    case "base32":
      return kit[maker](length);
    default:
      return unknown(slot);
  }
}

function unknown(name: string): never {
  throw new Error(`unknown in a template: ${name}`);
}
