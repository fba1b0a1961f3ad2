import type { NamedLiteral } from "./assignment.ts";
import type { CommandInText } from "./commands.ts";
import { literalsIn } from "./literals.ts";
import { unescaped } from "./unescape.ts";

export function isNotebook(path: string): boolean {
  return path.endsWith(".ipynb");
}

/** A string of a JSON document that is no key. */
const STRING = /"((?:\\.|[^"\\\n]){8,2000})"(?!\s{0,8}:)/g;
/** A line of code that gives a name a value, and commands and variables as Jupyter takes them. */
const LIKELY = /[=:(]|^[!%]/;

/** What a notebook's strings, each of which is a line of code, give names; places are those of the bytes. */
export function* namedInNotebook(bytes: Buffer): Generator<NamedLiteral> {
  const text = bytes.toString("latin1");
  for (const match of text.matchAll(STRING)) {
    const raw = match[1] as string;
    if (!LIKELY.test(raw)) continue;
    const at = match.index + 1;
    for (const line of unescaped(raw).split("\n"))
      for (const one of [...literalsIn(line, "code"), ...ofShell(line)]) {
        // Where escapes hide the value, all of the string stands for it.
        const inner = raw.indexOf(one.value);
        const [start, end] = inner < 0 ? [at, at + raw.length] : [at + inner, at + inner + one.value.length];
        yield { ...one, start, end };
      }
  }
}

/** A line that a notebook hands to a shell. */
export function commandsInNotebook(bytes: Buffer): CommandInText[] {
  const text = bytes.toString("latin1");
  if (!text.includes('"!')) return [];
  return [...text.matchAll(COMMAND)].map((match) => {
    const raw = match[1] as string;
    const start = match.index + 2;
    return { start, end: start + raw.length, text: unescaped(raw).trim() };
  });
}

const COMMAND = /"!((?:\\.|[^"\\\n]){8,2000})"/g;

/** `%env NAME=value`, `!export NAME=value`. */
const VARIABLE =
  /^\s{0,8}(?:%env|%set_env|!\s?export)\s{1,4}([A-Za-z_]\w{1,80})[=\s]\s{0,2}["']?([^\s"']{3,1000})["']?\s{0,4}$/;

function ofShell(line: string): NamedLiteral[] {
  const [, name, value] = VARIABLE.exec(line) ?? [];
  return name === undefined || value === undefined ? [] : [{ name, value, start: 0, end: 0, quoted: true }];
}
