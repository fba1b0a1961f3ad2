import type { Secret } from "../model/secret.ts";
import { encodedForms } from "../kit/text/redact.ts";

/**
 * Every place of a JSON document whose text holds a value, raw or encoded. A plain word or number is found
 * where it is the whole text, and one of eight characters or more as a word of commands, labels and variables. Variables are told by name (`Config.Env.NAME`)
 * and not by index, so that the places of two documents can be compared. A value that stands in a variable's name or in a
 * label's key is found too, and no place quotes it.
 */
export function traces(document: unknown, value: Secret): string[] {
  const text = value.expose().toString("utf8");
  if (text === "") return [];
  const plain = isPlain(value);
  const forms = [text, ...encodedForms(value.expose(), text)];
  const found = new Set<string>();
  const word = plain && text.length >= 8 ? new RegExp(`(?<![A-Za-z0-9])${text}(?![A-Za-z0-9])`) : null;
  walk(document, "", (leaf, path) => {
    const asWord = word !== null && WORDS.test(path) && !OURS.test(leaf) && word.test(leaf);
    if (plain ? leaf === text || asWord : forms.some((form) => leaf.includes(form)))
      found.add(plain ? path : unquoted(path, forms));
  });
  return [...found];
}

/** The place up to where it would tell the value: a key that holds it is part of the place. */
function unquoted(path: string, forms: readonly string[]): string {
  const ends = forms.map((form) => path.indexOf(form)).filter((at) => at >= 0);
  return ends.length === 0 ? path : `${path.slice(0, Math.min(...ends))}…`;
}

/** Where a longer plain word is looked for inside other text too: what a person wrote, not what the engine fills in. */
const WORDS =
  /^(Config\.(Cmd|Entrypoint|Healthcheck|Labels|Env)|Args|Path|HostConfig\.(Annotations|LogConfig)|Labels|TaskTemplate\.(LogDriver|ContainerSpec\.(Command|Args|Healthcheck|Labels|Env)))/;
/** Where variables are listed: of a container, and of a Swarm service. */
const ENV = /(^|\.)(Config|ContainerSpec)\.Env$/;
/** A reference or a mounted path may have the container's own name in it. */
const OURS = /^(ref\+|\/run\/)/;

/** True when a value is so plain that it may stand elsewhere by coincidence: up to four characters, a word, a number. */
export function isPlain(value: Secret): boolean {
  const text = value.expose().toString("utf8");
  return text.length < 5 || (text.length < 16 && /^([a-z]+|[A-Z]+|[A-Z][a-z]+|\d+)$/.test(text));
}

export function walk(node: unknown, path: string, leaf: (text: string, path: string) => void): void {
  if (typeof node === "string") leaf(node, path);
  else if (Array.isArray(node)) {
    for (const [index, item] of node.entries()) {
      const name = ENV.test(path) && typeof item === "string" ? item.slice(0, Math.max(0, item.indexOf("="))) : "";
      if (name === "") walk(item, `${path}[${index}]`, leaf);
      else {
        walk((item as string).slice(name.length + 1), `${path}.${name}`, leaf);
        leaf(name, `the names of ${path}`);
      }
    }
  } else if (typeof node === "object" && node !== null) {
    for (const [key, item] of Object.entries(node)) {
      const at = path === "" ? key : `${path}.${key}`;
      walk(item, at, leaf);
      // A map's key may be a value too (labels, annotations).
      leaf(key, at);
    }
  }
}
