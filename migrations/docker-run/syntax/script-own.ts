import { countBelow } from "../../../src/kit/sorted.ts";
import { bare, cmd } from "../../../src/kit/shell.ts";
import { lineOf } from "../../../src/kit/text/lines.ts";
import type { ShellWord, TextRange } from "../../../src/kit/text/shell-words.ts";
import { lineEnd, lineStart } from "../../../src/kit/text/splice.ts";
import type { Refusal } from "../../../src/model/plan.ts";
import {
  scriptIndex,
  variableIn,
  variableIndex,
  type ScriptAssignment,
  type ScriptCommands,
  type ScriptText,
} from "./script-index.ts";
import { areHarmlessFlags, programStart, type EnvFlag, type RunCommand } from "./shell-run.ts";

/** A variable that the script sets once, and that passes its literal on to containers. */
export type ScriptConstant = {
  readonly name: string;
  readonly value: string;
  /** The command that sets it, and nothing else. */
  readonly words: readonly ShellWord[];
  /** What is removed with it: its line, if there is no comment after it. */
  readonly span: TextRange;
  /** How many flags pass it on: it can be removed once each of them has been replaced. */
  readonly users: number;
  /** Why it cannot be removed with them; null if it can. */
  readonly fault: Refusal | null;
};

/**
 * The variable that `-e NAME="$OWN"` passes on, if the script sets it to one literal, or to one default. Null in any doubt: if
 * it is set twice or only in a branch, or if something may set or read any variable.
 */
export function ownVariable(script: ScriptText, run: RunCommand, flag: EnvFlag): ScriptConstant | null {
  const { text } = script;
  const name = variableIn(flag.content ?? "") ?? "";
  const one = setOnce(script, name, programStart(run));
  if (one === null) return null;
  const { word, words } = one;
  if (!words.slice(0, -1).every(({ text: said }) => /^(?:local|readonly|export)$/.test(said))) return null;
  const value = word.expands ? ownDefault(script, name, word) : word.text.slice(name.length + 1);
  if (value === null) return null;
  const { flags: users = 0, other = null } = variableIndex(script).handed.get(name) ?? {};
  const lines = {
    set: lineOf(text, startOf(words)),
    flag: lineOf(text, run.words[flag.holder]?.start ?? 0),
    other: other === null ? null : lineOf(text, other),
  };
  const fault = faultOfOwn(one, name, flag.variable, lines);
  const span = removable(text, { start: startOf(words), end: word.end });
  if (fault === null && span === null) return null;
  return { name, value, words, span: span ?? word, users, fault };
}

const startOf = (words: readonly ShellWord[]): number => words[0]?.start ?? 0;

/** What goes with a command: its line, or up to the comment on it. Null if another command follows. */
function removable(text: string, { start, end }: TextRange): TextRange | null {
  const line = { start: lineStart(text, start), end: lineEnd(text, end) };
  const after = text.slice(end, line.end);
  if (!/^\s*(?:#|$)/.test(after)) return null;
  return after.trim() === "" ? line : { start, end: end + (/^[ \t]*/.exec(after)?.[0].length ?? 0) };
}

/** Why a constant stays: the environment may set it, or other commands use it. `lines` tell where it is set, passed on and used otherwise. */
function faultOfOwn(
  { word, words }: ScriptAssignment,
  name: string,
  variable: string,
  lines: { readonly set: number; readonly flag: number; readonly other: number | null },
): Refusal | null {
  const { set, flag, other } = lines;
  const written = bare(cmd`write -e ${variable}=value in line ${flag} itself`);
  if (word.expands)
    return {
      reason: `is the default of the script's variable ${name} in line ${set}, which may be set where the script is started`,
      hint: cmd`${written}, then plan again`,
    };
  if (other !== null)
    return {
      reason: `is in the script's variable ${name}, which line ${other} uses too`,
      hint: cmd`${written} and remove line ${set}; unsprawl run sets ${name} from a reference for line ${other}`,
    };
  if (!words.some((said) => said.text === "export")) return null;
  return {
    reason: `is in the script's variable ${name}, which line ${set} exports to every command`,
    hint: cmd`take export out of line ${set} if no command needs it, then plan again`,
  };
}

/** `NAME="${OTHER:-literal}"`. */
const DEFAULTED = /^[A-Za-z_]\w{0,254}="?\$\{([A-Za-z_]\w{0,254}):?-([^"'\\`${}]{1,1000})\}"?$/;

/** A default, of a variable that the script sets nowhere else. */
function ownDefault(script: ScriptText, name: string, { start, end }: TextRange): string | null {
  const [, other = "", value = null] = DEFAULTED.exec(script.text.slice(start, end)) ?? [];
  return other !== name && variableIndex(script).settings.has(other) ? null : value;
}

/** The literal that a word of a script gives to a variable that the environment does not have; null for any other word. */
export function defaultValue(text: string, { start, end }: TextRange): string | null {
  return DEFAULTED.exec(text.slice(start, end))?.[2] ?? null;
}

/** Why a variable that is passed on is not known to be its literal, in words that follow "but"; null if that is not known. */
export function doubtAbout(script: ScriptText, name: string): string | null {
  const { unsure, settings } = variableIndex(script);
  if (unsure !== null) return `${unsure.word} in line ${lineOf(script.text, unsure.at)} may set or read it`;
  const again = settings.get(name)?.at(1)?.word;
  return again === undefined ? null : `line ${lineOf(script.text, again.start)} sets it again`;
}

/**
 * A word of a run line, or `said` of it, with the script's variables that never change filled in. Null if only the shell
 * knows what it is.
 */
export function constantText(
  script: ScriptText,
  run: RunCommand,
  word: ShellWord,
  said: string = word.text,
): string | null {
  if (!word.expands) return said;
  const raw = script.text.slice(word.start, word.end);
  // Other quotes and escapes decide what a dollar sign means, and patterns may be file names.
  if (/['\\`]/.test(raw) || (!raw.includes('"') && /[*?[~]/.test(raw))) return null;
  let known = 0;
  const filled = said.replaceAll(
    /\$(?:\{([A-Za-z_]\w{0,254})\}|([A-Za-z_]\w{0,254}))/g,
    (all, braced?: string, plain?: string) => {
      const name = braced ?? plain ?? "";
      const one = setOnce(script, name, programStart(run));
      if (one === null || one.word.expands) return all;
      known++;
      return one.word.text.slice(name.length + 1).replaceAll("$", "\0");
    },
  );
  return known === 0 || filled.includes("$") ? null : filled.replaceAll("\0", "$");
}

/**
 * Whether a word of a run line, such as `$STORAGE`, is a variable that the script only ever sets to whole flags, or to
 * nothing: what follows it is still a flag, or the image.
 */
export function holdsFlags(script: ScriptText, word: ShellWord): boolean {
  const [, name = ""] = /^\$\{?(\w+)\}?$/.exec(script.text.slice(word.start, word.end)) ?? [];
  const { unsure, defaulted, settings } = variableIndex(script);
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

/** The one command that sets a variable before that position on every path; null if no command does, or several do. */
function setOnce(script: ScriptText, name: string, to: number): ScriptAssignment | null {
  const { text, commands } = script;
  const { unsure, defaulted, settings } = variableIndex(script);
  if (unsure !== null || defaulted.has(name)) return null;
  const setting = settings.get(name) ?? [];
  const [one] = setting;
  if (one === undefined || setting.length > 1) return null;
  const { word, words } = one;
  const front = words.slice(0, -1).every(({ text: said }) => /^(?:local|readonly|export|declare|typeset)$/.test(said));
  if (!front || word !== words.at(-1) || !word.text.startsWith(`${name}=`)) return null;
  // What comes before it on its line may decide whether it runs.
  const start = startOf(words);
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
