import { startOf, type RunCommand } from "../text/shell-run.ts";
import type { ShellWord, Span } from "../text/shell-words.ts";
import { lineEnd, lineStart } from "../text/splice.ts";

type Commands = readonly (readonly ShellWord[])[];

/** A variable of the script that does nothing but hand its literal on to containers. */
export type Own = {
  readonly name: string;
  readonly value: string;
  /** The command that sets it, and nothing else. */
  readonly words: readonly ShellWord[];
  /** What goes with it: its line, where there is no comment behind it. */
  readonly span: Span;
  /** How many flags hand it on: it can go once each of them has got something else. */
  readonly users: number;
};

/**
 * The variable that `-e NAME="$OWN"` hands on, when it always has the one literal that the script sets it to, and is used
 * for nothing else. Null in any doubt: when it is set twice, exported, read by another command, or set in a branch only.
 */
export function ownVariable(
  text: string,
  commands: Commands,
  runs: readonly RunCommand[],
  run: RunCommand,
  content: string,
): Own | null {
  const name = variableIn(content);
  if (name === null) return null;
  const handing = runs.flatMap(({ words, env }) =>
    env.flatMap((flag) => (flag.expands && variableIn(flag.content ?? "") === name ? (words[flag.holder] ?? []) : [])),
  );
  const used = [...text.matchAll(new RegExp(`\\$(?:${name}\\b|\\{[#!]?${name}\\b)`, "g"))];
  if (!used.every(({ index }) => handing.some(({ start, end }) => start <= index && index < end))) return null;
  const one = setOnce(text, commands, runs, name, startOf(run));
  if (one === null || !one.words.slice(0, -1).every(({ text: said }) => /^(?:local|readonly)$/.test(said))) return null;
  const { word, words } = one;
  const span = { start: words[0]?.start ?? 0, end: word.end };
  const line = { start: lineStart(text, span.start), end: lineEnd(text, span.end) };
  const after = text.slice(span.end, line.end);
  if (!/^\s*(?:#|$)/.test(after)) return null;
  const value = word.text.slice(name.length + 1);
  const blanks = /^[ \t]*/.exec(after)?.[0].length ?? 0;
  const alone = after.trim() === "" ? line : { start: span.start, end: span.end + blanks };
  return { name, value, words, span: alone, users: handing.length };
}

/** A word of the script as a run line gets it, when its variables always hold the same and it has this shape; else null. */
export function literalOf(
  text: string,
  commands: Commands,
  runs: readonly RunCommand[],
  run: RunCommand,
  word: ShellWord,
  shape = /^[A-Za-z0-9][\w./:@-]*$/,
): string | null {
  if (!word.expands) return word.text;
  const raw = text.slice(word.start, word.end);
  if (!/^"?[\w./:@${}-]*"?$/.test(raw)) return null;
  let known = true;
  const filled = word.text.replaceAll(/\$(?:\{(\w{1,255})\}|(\w{1,255}))/g, (_all, braced?: string, plain?: string) => {
    const one = setOnce(text, commands, runs, braced ?? plain ?? "", startOf(run));
    known &&= one !== null;
    return one?.word.text.replace(/^\w+=/, "") ?? "";
  });
  return known && shape.test(filled) ? filled : null;
}

type Setting = { readonly word: ShellWord; readonly words: readonly ShellWord[] };

/** The one command that sets a variable, to a literal, before that place and whichever way leads there; else null. */
function setOnce(
  text: string,
  commands: Commands,
  runs: readonly RunCommand[],
  name: string,
  to: number,
): Setting | null {
  if (UNSURE.test(text) || new RegExp(`\\$\\{${name}:?=`).test(text)) return null;
  const holders = new Set(runs.flatMap(({ words, env }) => env.map(({ holder }) => words[holder])));
  const about = new RegExp(`^${name}(?:\\+?=|\\[|$)`);
  const setting = commands.flatMap((words) =>
    words.flatMap((word) => (about.test(word.text) && !holders.has(word) ? [{ words, word }] : [])),
  );
  const [one] = setting;
  if (one === undefined || setting.length > 1) return null;
  const { word, words } = one;
  const front = words.slice(0, -1).every(({ text: said }) => /^(?:local|readonly|export|declare|typeset)$/.test(said));
  if (!front || word !== words.at(-1) || !word.text.startsWith(`${name}=`) || word.expands) return null;
  // What stands in front of it on its line may decide whether it is run.
  const start = words[0]?.start ?? 0;
  if (text.slice(lineStart(text, start), start).trim() !== "") return null;
  return reaches(text, commands, word, to) ? one : null;
}

/** What may set or read any variable. */
const UNSURE =
  /\$\{!|\bset[ \t]+-[a-z]*a|\ballexport\b|\beval\b|\bdeclare[ \t]+-[a-z]*n|(?:^|[;&|({]|\bthen|\bdo)[ \t]*(?:\.|source)[ \t]/m;

function variableIn(content: string): string | null {
  const [, plain, braced] = /^\$(?:([A-Za-z_]\w{0,254})|\{([A-Za-z_]\w{0,254})\})$/.exec(content) ?? [];
  return plain ?? braced ?? null;
}

const KEYWORD = /^(?:if|then|elif|else|fi|for|while|until|do|done|case|select|esac|\{|\}|!|time)$/;
const OPENS = /^(?:if|for|while|until|case|select|\{)$/;
const CLOSES = /^(?:fi|done|esac|\})$/;

/** Whether what is set there holds wherever that is run: no branch, loop or function that it is set in ends in between. */
function reaches(text: string, commands: Commands, from: Span, to: number): boolean {
  if (from.start >= to || text.slice(from.end, to).includes(";;")) return false;
  let depth = 0;
  for (const words of commands.toSorted((a, b) => (a[0]?.start ?? 0) - (b[0]?.start ?? 0))) {
    const start = words[0]?.start ?? 0;
    if (start < from.end || start >= to) continue;
    const end = words.findIndex((word) => !KEYWORD.test(word.text));
    for (const { text: said } of words.slice(0, end < 0 ? words.length : end)) {
      if (OPENS.test(said)) depth++;
      if (CLOSES.test(said)) depth--;
      if (depth < 0 || (depth === 0 && /^el(?:se|if)$/.test(said))) return false;
    }
  }
  return true;
}

/**
 * Commands with the words of arrays (`args=(-e A=b)`) in the place of `"${args[@]}"`, and the commands that are such words.
 * An array that is set twice or in a branch only, or used twice, stays as it is.
 */
export function withArrays(
  text: string,
  commands: Commands,
): { readonly commands: Commands; readonly parts: ReadonlySet<readonly ShellWord[]> } {
  const parts = new Set<readonly ShellWord[]>();
  const sorted = commands.toSorted((a, b) => (a[0]?.start ?? 0) - (b[0]?.start ?? 0));
  const wordsOf = (name: string, user: number): ShellWord[] | null => {
    if ((text.match(new RegExp(`(?<![\\w-])${name}\\b`, "g")) ?? []).length !== 2) return null;
    const open = new RegExp(`(?<=^|[\\s;])${name}=\\(`).exec(text);
    if (open === null || text.slice(lineStart(text, open.index), open.index).trim() !== "") return null;
    const inside: (readonly ShellWord[])[] = [];
    let end = open.index + open[0].length;
    for (const command of sorted) {
      const [first, last] = [command[0], command.at(-1)];
      if (first === undefined || last === undefined || first.start < end) continue;
      // Line ends part commands, and here only words.
      if (!/^(?:\s|\\\r?\n|#.*\n)*$/.test(text.slice(end, first.start))) break;
      inside.push(command);
      end = last.end;
    }
    if (!reaches(text, commands, { start: open.index, end }, user)) return null;
    for (const command of inside) parts.add(command);
    return inside.flat();
  };
  const spliced = commands.map((words) =>
    words.flatMap((word): readonly ShellWord[] => {
      const [, name] = /^"?\$\{([A-Za-z_]\w{0,254})\[@\]\}"?$/.exec(text.slice(word.start, word.end)) ?? [];
      const own =
        name === undefined || !/docker|podman/.test(words.map((one) => one.text).join(" "))
          ? null
          : wordsOf(name, word.start);
      return own ?? [word];
    }),
  );
  return { commands: spliced, parts };
}
