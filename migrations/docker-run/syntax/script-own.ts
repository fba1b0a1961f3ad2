import { lineOf } from "../../../src/kit/text/lines.ts";
import { exportedTo } from "./script-export.ts";
import { areHarmlessFlags, programStart, type EnvFlag, type RunCommand } from "./shell-run.ts";
import type { ShellWord, TextRange } from "../../../src/kit/text/shell-words.ts";
import { lineEnd, lineStart } from "../../../src/kit/text/splice.ts";
import {
  countBelow,
  scriptIndex,
  variableIn,
  variableIndex,
  type ScriptAssignment,
  type ScriptCommands,
} from "./script-index.ts";

/** A variable of the script that passes its literal on to containers. */
export type ScriptConstant = {
  readonly name: string;
  readonly value: string;
  /** The command that sets it, and nothing else. */
  readonly words: readonly ShellWord[];
  /** What is removed with it: its line, if there is no comment after it. */
  readonly span: TextRange;
  /** How many flags pass it on: it can be removed once each of them has been replaced. */
  readonly users: number;
  /** Other commands use it too: it stays, and `span` is its literal. */
  readonly isShared: boolean;
  /** `${NAME:-` if the literal is what it is without that variable of the environment; null if it always is. */
  readonly unless: string | null;
};

/**
 * The variable that `-e NAME="$OWN"` passes on, if it always has the one literal that the script sets. Null in any doubt: if
 * it is set twice or only in a branch, or if something may set or read any variable.
 */
export function ownVariable(
  text: string,
  commands: ScriptCommands,
  runs: readonly RunCommand[],
  run: RunCommand,
  content: string,
): ScriptConstant | null {
  const name = variableIn(content);
  if (name === null) return null;
  const always = setOnce(text, commands, runs, name, programStart(run));
  const one = always ?? setOnce(text, commands, runs, name, programStart(run), true);
  if (one === null) return null;
  const { word, words } = one;
  const front = words.slice(0, -1).map(({ text: said }) => said);
  if (!front.every((said) => /^(?:local|readonly|export)$/.test(said))) return null;
  const { value, unless } = always === null ? defaultIn(word, text, commands, runs) : literalIn(word, name);
  if (value === null) return null;
  const users =
    unless === null ? variableIndex(text, commands, runs).handed.get(name) : usersBeside(text, runs, name, word);
  if (users === undefined || (front.includes("export") && exportedTo(text, commands, runs, name) !== null))
    return sharedVariable(text, name, value, one, unless);
  const span = { start: words[0]?.start ?? 0, end: word.end };
  const line = { start: lineStart(text, span.start), end: lineEnd(text, span.end) };
  const after = text.slice(span.end, line.end);
  if (!/^\s*(?:#|$)/.test(after)) return null;
  const blanks = /^[ \t]*/.exec(after)?.[0].length ?? 0;
  const alone = after.trim() === "" ? line : { start: span.start, end: span.end + blanks };
  return { name, value, words, span: alone, users, isShared: false, unless };
}

type OwnValue = { readonly value: string | null; readonly unless: string | null };

const literalIn = (word: ShellWord, name: string): OwnValue => ({
  ...{ value: word.text.slice(name.length + 1), unless: null },
});

/** `NAME="${OTHER:-literal}"`, where the script sets OTHER nowhere else. */
const DEFAULTED = /^([A-Za-z_]\w{0,254})="?(\$\{([A-Za-z_]\w{0,254}):?-)([^"'\\`${}]{1,1000})\}"?$/;

function defaultIn(word: ShellWord, text: string, commands: ScriptCommands, runs: readonly RunCommand[]): OwnValue {
  const [, name, unless = null, other = "", value = null] = DEFAULTED.exec(text.slice(word.start, word.end)) ?? [];
  const isSet = other !== name && variableIndex(text, commands, runs).settings.has(other);
  return isSet ? { value: null, unless: null } : { value, unless };
}

/** The literal that a word of a script gives to a variable that the environment does not have; null for any other word. */
export function defaultValue(text: string, { start, end }: TextRange): string | null {
  return DEFAULTED.exec(text.slice(start, end))?.[4] ?? null;
}

/** How many flags pass a variable on, if nothing else uses it but the word that sets it. */
function usersBeside(text: string, runs: readonly RunCommand[], name: string, word: TextRange): number | undefined {
  const holders = runs.flatMap(({ env, words }) =>
    env.flatMap(({ expands, content, holder }) =>
      expands && variableIn(content ?? "") === name ? [words[holder]] : [],
    ),
  );
  const uses = [...text.matchAll(/\$(?:\{[#!]?)?(\w+)/g)].filter(({ 1: used }) => used === name);
  const isKnown = (at: number, one: TextRange | undefined): boolean =>
    one !== undefined && one.start <= at && at < one.end;
  const others = uses.filter(({ index }) => !isKnown(index, word) && !holders.some((one) => isKnown(index, one)));
  return others.length === 0 ? holders.length : undefined;
}

function sharedVariable(
  text: string,
  name: string,
  value: string,
  { word, words }: ScriptAssignment,
  unless: string | null,
): ScriptConstant | null {
  const span = { start: word.start + name.length + 1, end: word.end };
  if (words.length > 2) return null;
  // A command's output loses line ends at its end.
  if (text.slice(word.start, span.start) !== `${name}=` || value === "" || value.endsWith("\n")) return null;
  return { name, value, words, span, users: 1, isShared: true, unless };
}

/** Why a variable that is passed on is not known to be its literal, in words that follow "but"; null if that is not known. */
export function doubtAbout(
  text: string,
  commands: ScriptCommands,
  runs: readonly RunCommand[],
  name: string,
): string | null {
  const { unsure, settings } = variableIndex(text, commands, runs);
  if (unsure !== null) return `${unsure.word} in line ${lineOf(text, unsure.at)} may set or read it`;
  const again = settings.get(name)?.at(1)?.word;
  return again === undefined ? null : `line ${lineOf(text, again.start)} sets it again`;
}

/** A word of the script as a run line gets it, if its variables never change and it has this shape; else null. */
export function literalOf(
  text: string,
  commands: ScriptCommands,
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
    const one = setOnce(text, commands, runs, braced ?? plain ?? "", programStart(run));
    known &&= one !== null;
    return one?.word.text.replace(/^\w+=/, "") ?? "";
  });
  return known && shape.test(filled) ? filled : null;
}

/** A text with variables of the script in it, and their names. */
export type FilledFlag = { readonly value: string; readonly from: readonly string[] };

/** What `-e NAME="…$OTHER…"` passes on, if the script's variables in it never change; else null. */
export function filledText(
  text: string,
  commands: ScriptCommands,
  runs: readonly RunCommand[],
  run: RunCommand,
  { content, holder }: EnvFlag,
): FilledFlag | null {
  const word = run.words[holder];
  const raw = word === undefined ? "" : text.slice(word.start, word.end);
  // Other quotes and escapes decide what a dollar sign means, and patterns may be file names.
  if (content === null || /['\\`]/.test(raw) || (!raw.includes('"') && /[*?[~]/.test(raw))) return null;
  const from: string[] = [];
  let known = true;
  const value = content.replaceAll(
    /\$(?:\{([A-Za-z_]\w{0,254})\}|([A-Za-z_]\w{0,254}))/g,
    (_all, braced?: string, plain?: string) => {
      const name = braced ?? plain ?? "";
      const one = setOnce(text, commands, runs, name, programStart(run));
      known &&= one !== null;
      from.push(name);
      return one?.word.text.slice(name.length + 1).replaceAll("$", "\0") ?? "";
    },
  );
  if (!known || from.length === 0 || value.includes("$")) return null;
  return { value: value.replaceAll("\0", "$"), from: [...new Set(from)] };
}

/** What only says how the client is attached, and takes no value. */
const SWITCHES = /^(?:[ \t]*(?:-[dit]{1,3}|--(?:rm|detach|interactive|tty|init|quiet)(?:=true)?))*[ \t]*$/;

/** Whether a word of a run line, such as `$RM_OR_D`, is a variable that the script sets to switches and to nothing else. */
export function holdsSwitches(
  text: string,
  commands: ScriptCommands,
  runs: readonly RunCommand[],
  word: string,
): boolean {
  const [, name = ""] = /^\$\{?(\w+)\}?$/.exec(word) ?? [];
  const { unsure, defaulted, settings } = variableIndex(text, commands, runs);
  const setting = settings.get(name) ?? [];
  if (unsure !== null || defaulted.has(name) || setting.length === 0) return false;
  return setting.every(({ word: set, words }) => {
    const front = words.slice(0, -1).every(({ text: said }) => FRONT.test(said));
    const isLast = set === words.at(-1) && set.text.startsWith(`${name}=`) && !set.expands;
    return front && isLast && SWITCHES.test(set.text.slice(name.length + 1));
  });
}

/**
 * Whether a word of a run line, such as `$STORAGE`, is a variable that the script only ever sets to whole flags, or to
 * nothing: what follows it is still a flag, or the image.
 */
export function holdsFlags(
  text: string,
  commands: ScriptCommands,
  runs: readonly RunCommand[],
  word: ShellWord,
): boolean {
  const [, name = ""] = /^\$\{?(\w+)\}?$/.exec(text.slice(word.start, word.end)) ?? [];
  const { unsure, defaulted, settings } = variableIndex(text, commands, runs);
  const setting = settings.get(name) ?? [];
  if (unsure !== null || defaulted.has(name) || setting.length === 0) return false;
  const values = setting.map(({ word: set, words }) => {
    const front = words.slice(0, -1).every(({ text: said }) => FRONT.test(said));
    return front && set === words.at(-1) ? (/^\w+\+?=([^]*)$/.exec(set.text)?.[1] ?? null) : null;
  });
  // A variable in it may be empty, or several words.
  return values.every(
    (value) => value !== null && !/[*?[]/.test(value) && areHarmlessFlags(value.split(/\s+/).filter(Boolean)),
  );
}

/** May stand before an assignment: what makes it a variable of a kind, and what begins a branch. */
const FRONT = /^(?:local|readonly|then|else|do|\{)$/;

/**
 * The one command that sets a variable to a literal before that position on every path; else null. `byDefault`: to something
 * that the shell fills in.
 */
function setOnce(
  text: string,
  commands: ScriptCommands,
  runs: readonly RunCommand[],
  name: string,
  to: number,
  byDefault = false,
): ScriptAssignment | null {
  const { unsure, defaulted, settings } = variableIndex(text, commands, runs);
  if (unsure !== null || defaulted.has(name)) return null;
  const setting = settings.get(name) ?? [];
  const [one] = setting;
  if (one === undefined || setting.length > 1) return null;
  const { word, words } = one;
  const front = words.slice(0, -1).every(({ text: said }) => /^(?:local|readonly|export|declare|typeset)$/.test(said));
  if (!front || word !== words.at(-1) || !word.text.startsWith(`${name}=`) || word.expands !== byDefault) return null;
  // What comes before it on its line may decide whether it runs.
  const start = words[0]?.start ?? 0;
  if (text.slice(lineStart(text, start), start).trim() !== "") return null;
  return reaches(text, commands, word, to) ? one : null;
}

const OPENS = /^(?:if|for|while|until|case|select|\{)$/;
const CLOSES = /^(?:fi|done|esac|\})$/;

/**
 * Whether a setting there still holds wherever that runs: no branch, loop or function around the setting ends in
 * between.
 */
export function reaches(text: string, commands: ScriptCommands, from: TextRange, to: number): boolean {
  const { turns, turnStarts, branchEnds } = scriptIndex(text, commands);
  const next = branchEnds[countBelow(branchEnds, from.end)];
  if (from.start >= to || (next !== undefined && next + 2 <= to)) return false;
  let depth = 0;
  for (let at = countBelow(turnStarts, from.end); at < turns.length; at++) {
    const { start, words } = turns[at] ?? { start: to, words: [] };
    if (start >= to) break;
    for (const said of words) {
      if (OPENS.test(said)) depth++;
      if (CLOSES.test(said)) depth--;
      if (depth < 0 || (depth === 0 && /^el(?:se|if)$/.test(said))) return false;
    }
  }
  return true;
}
