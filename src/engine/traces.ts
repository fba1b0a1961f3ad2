import { isNameLike, isPlain, type Secret } from "../model/secret.ts";
import { Literals } from "../kit/text/literals.ts";
import { encodedForms } from "../kit/text/redact.ts";
import { scriptNames } from "../model/start-script.ts";

/**
 * Every place in a JSON document whose text contains a value, raw or encoded. A plain word or number matches only a
 * whole text, or, with eight characters or more, a whole word in commands, labels and variables. Variables are named
 * (`Config.Env.NAME`) rather than indexed, so that places in two documents can be compared. Values in variable names
 * and label keys are found too; no returned place contains the value.
 */
export function findValue(document: unknown, value: Secret): string[] {
  return [...(findValues(document, [value])[0] ?? [])];
}

/** The same of many values, in one look through the document. */
export function findValues(document: unknown, values: readonly Secret[]): readonly ReadonlySet<string>[] {
  const sought = values.map((value) => ({ value, plain: isPlain(value) }));
  return searched(document, sought, []);
}

/**
 * The places of each of these values in what an engine says of a container, where one that is like a name matches as a
 * plain word does. `names` are the variables that move: they are no values, even of `password=password`, and neither is
 * what a script of ours is called with.
 */
export function findAllInContainer(
  document: unknown,
  values: readonly Secret[],
  names: readonly string[] = [],
): readonly ReadonlySet<string>[] {
  const sought = values.map((value) => ({ value, plain: isNameLike(value) }));
  return searched(document, sought, names);
}

type SoughtText = { readonly value: Secret; readonly plain: boolean };

function searched(
  document: unknown,
  sought: readonly SoughtText[],
  names: readonly string[],
): readonly ReadonlySet<string>[] {
  const found = sought.map(() => new Set<string>());
  const anywhere = new Literals<{ readonly at: number; readonly forms: readonly string[] }>(6);
  const words = new Literals<number>(6);
  const wholes = new Map<string, number[]>();
  for (const [at, { value, plain }] of sought.entries()) {
    const text = value.expose().toString("utf8");
    if (text === "") continue;
    const forms = plain ? [] : [text, ...encodedForms(value.expose(), text)];
    for (const form of forms) anywhere.add(form, { at, forms });
    if (plain) wholes.set(text, [...(wholes.get(text) ?? []), at]);
    if (plain && text.length >= 8) words.add(text, at);
  }
  const see: OnText = (leaf, path) => {
    for (const at of wholes.get(leaf) ?? []) found[at]?.add(path);
    anywhere.search(leaf, ({ at, forms }) => found[at]?.add(unquoted(path, forms)));
    if (!WORDS.test(path) || OURS.test(leaf)) return;
    words.search(leaf, (at, from, text) => {
      if (isWord(leaf, from, text)) found[at]?.add(path);
    });
  };
  visitTexts(document, "", see, new Set(names));
  return found;
}

/** Whether a word stands there by itself. A name such as ROOT_PASSWORD is no word of DB_ROOT_PASSWORD. */
function isWord(leaf: string, from: number, text: string): boolean {
  const letter = text.includes("_") ? /[A-Za-z0-9_]/ : /[A-Za-z0-9]/;
  return !letter.test(leaf.charAt(from - 1)) && !letter.test(leaf.charAt(from + text.length));
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
function namesBefore(words: readonly unknown[], names: ReadonlySet<string>): readonly [from: number, to: number] {
  const given = names.size === 0 ? null : scriptNames(words);
  if (given === null) return [0, 0];
  const said = new Set(words.slice(given.from, given.to));
  return [...names].every((name) => said.has(name)) ? [given.from, given.to] : [0, 0];
}

type OnText = (text: string, path: string) => void;

const NOBODY: ReadonlySet<string> = new Set();

export function visitTexts(node: unknown, path: string, leaf: OnText, names = NOBODY): void {
  if (typeof node === "string") leaf(node, path);
  else if (Array.isArray(node)) {
    const [from, to] = namesBefore(node, names);
    for (const [index, item] of node.entries()) {
      if (index >= from && index < to) continue;
      const name = ENV.test(path) && typeof item === "string" ? item.slice(0, Math.max(0, item.indexOf("="))) : "";
      if (name === "") visitTexts(item, `${path}[${index}]`, leaf, names);
      else {
        visitTexts((item as string).slice(name.length + 1), `${path}.${name}`, leaf);
        if (!names.has(name)) leaf(name, `the names of ${path}`);
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
