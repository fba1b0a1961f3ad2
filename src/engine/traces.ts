import { isNameLike, isPlain, type Secret } from "../model/secret.ts";
import { encodedForms } from "../kit/text/redact.ts";
import { scriptNames } from "../model/start-script.ts";

/** The places of a value in what an engine says of a container, where one that is like a name matches as a plain word does. */
export const findInContainer = (document: unknown, value: Secret, names: readonly string[] = []): string[] =>
  findValue(document, value, isNameLike(value), names);

/**
 * Every place in a JSON document whose text contains a value, raw or encoded. A plain word or number matches only a
 * whole text, or, with eight characters or more, a whole word in commands, labels and variables. Variables are named
 * (`Config.Env.NAME`) rather than indexed, so that places in two documents can be compared. Values in variable names
 * and label keys are found too; no returned place contains the value. `names` are the variables that move: they are no
 * values, even of `password=password`, and neither is what a script of ours is called with.
 */
export function findValue(
  document: unknown,
  value: Secret,
  plain = isPlain(value),
  names: readonly string[] = [],
): string[] {
  const text = value.expose().toString("utf8");
  if (text === "") return [];
  const forms = [text, ...encodedForms(value.expose(), text)];
  const found = new Set<string>();
  // A name such as ROOT_PASSWORD is no word of DB_ROOT_PASSWORD.
  const letters = text.includes("_") ? "[A-Za-z0-9_]" : "[A-Za-z0-9]";
  const word = plain && text.length >= 8 ? new RegExp(`(?<!${letters})${text}(?!${letters})`) : null;
  const see = (leaf: string, path: string): void => {
    const asWord = word !== null && WORDS.test(path) && !OURS.test(leaf) && word.test(leaf);
    if (plain ? leaf === text || asWord : forms.some((form) => leaf.includes(form)))
      found.add(plain ? path : unquoted(path, forms));
  };
  visitTexts(document, "", see, names);
  return [...found];
}

/** The path up to a key that contains the value. */
function unquoted(path: string, forms: readonly string[]): string {
  const ends = forms.map((form) => path.indexOf(form)).filter((at) => at >= 0);
  return ends.length === 0 ? path : `${path.slice(0, Math.min(...ends))}…`;
}

/** Where longer plain words are also searched inside text: what people write, not what the engine fills in. */
const WORDS =
  /^(Config\.(Cmd|Entrypoint|Healthcheck|Labels|Env)|Args|Path|HostConfig\.(Annotations|LogConfig)|Labels|TaskTemplate\.(LogDriver|ContainerSpec\.(Command|Args|Healthcheck|Labels|Env)))/;
/** Lists of variables, of a container or a Swarm service. */
const ENV = /(^|\.)(Config|ContainerSpec)\.Env$/;
/** References, mount paths and our labels may contain the container's own name, or a variable's. */
const OURS = /^(ref\+|\/run\/|unsprawl\.)/;

/** The words that the start script is called with, where all of `names` are among them: of earlier migrations too. */
function namesBefore(words: readonly unknown[], names: readonly string[]): readonly [from: number, to: number] {
  const given = names.length === 0 ? null : scriptNames(words);
  if (given === null) return [0, 0];
  const said = new Set(words.slice(given.from, given.to));
  return names.every((name) => said.has(name)) ? [given.from, given.to] : [0, 0];
}

export function visitTexts(
  node: unknown,
  path: string,
  leaf: (text: string, path: string) => void,
  names: readonly string[] = [],
): void {
  if (typeof node === "string") leaf(node, path);
  else if (Array.isArray(node)) {
    const [from, to] = namesBefore(node, names);
    for (const [index, item] of node.entries()) {
      if (index >= from && index < to) continue;
      const name = ENV.test(path) && typeof item === "string" ? item.slice(0, Math.max(0, item.indexOf("="))) : "";
      if (name === "") visitTexts(item, `${path}[${index}]`, leaf, names);
      else {
        visitTexts((item as string).slice(name.length + 1), `${path}.${name}`, leaf);
        if (!names.includes(name)) leaf(name, `the names of ${path}`);
      }
    }
  } else if (typeof node === "object" && node !== null) {
    for (const [key, item] of Object.entries(node)) {
      const at = path === "" ? key : `${path}.${key}`;
      visitTexts(item, at, leaf, names);
      // Keys of a map (labels, annotations) may contain a value too.
      leaf(key, at);
    }
  }
}
