import type { RunScript } from "./script.ts";
import type { RunCommand } from "./shell-run.ts";

/** A part of a name: text, or null for what only the shell knows. */
type NamePart = string | null;

const VARIABLE =
  /\$\{(\w{1,255})(?::?-([\w./:@-]{0,255}))?\}|\$\((\w{1,255})\)|\$(\w{1,255})|\$\([^()]{0,255}\)|`[^`]{0,255}`/g;
/** What else a shell would expand, or a name cannot hold. */
const STRANGE = /[^\w./:@-]/;
const DEEPEST = 4;
const MOST_VALUES = 8;
const MOST_UNKNOWN = 3;

/**
 * The names that the image of a run line may have, where only the shell or make knows it: with the values that the script
 * gives to its variables, and anything in place of others. Null if that says next to nothing.
 */
export function likelyImage({ commands }: RunScript, { image, words }: RunCommand): RegExp | null {
  const word = words[image ?? -1];
  if (word?.expands !== true) return null;
  const values = new Map<string, Set<string>>();
  for (const { text } of commands.flat()) {
    const [, name = "", value = ""] = /^([A-Za-z_]\w{0,254})=([^]{1,255})$/.exec(text) ?? [];
    if (name === "") continue;
    const own = values.get(name) ?? new Set();
    values.set(name, own.add(value));
  }
  const names = filled(word.text, values, 0).flatMap((parts) => patternOf(parts) ?? []);
  return names.length === 0 ? null : new RegExp(`^(?:docker\\.io/)?(?:library/)?(?:${names.join("|")})(?::latest)?$`);
}

/** A text with its variables filled in, in each way that the script allows. */
function filled(text: string, values: ReadonlyMap<string, ReadonlySet<string>>, depth: number): NamePart[][] {
  const bare = text.replaceAll(/^["']|["']$/g, "");
  let found: NamePart[][] = [[]];
  let from = 0;
  const add = (more: readonly (readonly NamePart[])[]): void => {
    found = found.flatMap((parts) => more.map((one) => [...parts, ...one])).slice(0, MOST_VALUES);
  };
  for (const match of bare.matchAll(VARIABLE)) {
    const [whole, braced, standard, made, plain] = match;
    const name = braced ?? made ?? plain ?? "";
    const set = [...(values.get(name) ?? [])].slice(0, MOST_VALUES);
    const known = set.length > 0 || standard === undefined ? set : [standard];
    // `TAG="${TAG:-1}"` says what it is without one from elsewhere.
    const others = new Map([...values].filter(([other]) => other !== name));
    add([[bare.slice(from, match.index)]]);
    from = match.index + whole.length;
    add(known.length === 0 || depth >= DEEPEST ? [[null]] : known.flatMap((one) => filled(one, others, depth + 1)));
  }
  add([[bare.slice(from)]]);
  return found;
}

/** Null for a name that the shell would change further, or of which too little is known. */
function patternOf(parts: readonly NamePart[]): string | null {
  const text = parts
    .map((part) => part ?? "\0")
    .join("")
    .replaceAll(/\0+/g, "\0");
  const known = text.split("\0");
  if (known.some((one) => STRANGE.test(one)) || known.length - 1 > MOST_UNKNOWN) return null;
  // A tag or a host alone fits too much.
  const [path = ""] = (text.split("/").at(-1) ?? "").split(":", 1);
  if (!/[a-z0-9]{3}/.test(path.replaceAll("\0", " "))) return null;
  return known.map((one) => one.replaceAll(/[^\w]/g, String.raw`\$&`)).join("[\\w.-]{1,128}");
}
