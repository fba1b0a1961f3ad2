import { countBelow } from "../../../src/kit/sorted.ts";
import type { RunCommand } from "./shell-run.ts";
import type { ShellWord } from "../../../src/kit/text/shell-words.ts";

export type ScriptCommands = readonly (readonly ShellWord[])[];

/** A script whose run lines are known. */
export type ScriptText = {
  readonly text: string;
  readonly commands: ScriptCommands;
  readonly runs: readonly RunCommand[];
};

export type ScriptAssignment = { readonly word: ShellWord; readonly words: readonly ShellWord[] };

/** A command that opens or closes branches, loops or functions: the keywords before it, in order. */
type BranchCommand = { readonly start: number; readonly words: readonly string[] };

/**
 * What is needed about a script for each of its run lines, computed in one pass each: a script may have thousands of
 * them.
 */
export type ScriptIndex = {
  /** By their beginnings. */
  readonly sorted: ScriptCommands;
  readonly starts: readonly number[];
  /** Commands with a keyword before them, in order, and where `;;` is. */
  readonly turns: readonly BranchCommand[];
  readonly turnStarts: readonly number[];
  readonly branchEnds: readonly number[];
  /** How often a word occurs in the text, ignoring a `-` before it; and where `NAME=(` first does. */
  readonly counts: ReadonlyMap<string, number>;
  readonly arrays: ReadonlyMap<string, number>;
};

const indexes = new WeakMap<ScriptCommands, ScriptIndex>();

/** Cached as long as its commands are. */
export function scriptIndex(text: string, commands: ScriptCommands): ScriptIndex {
  const known = indexes.get(commands);
  if (known !== undefined) return known;
  const sorted = commands.toSorted((a, b) => (a[0]?.start ?? 0) - (b[0]?.start ?? 0));
  const turns = sorted.flatMap((words): BranchCommand[] => {
    const end = words.findIndex((word) => !KEYWORD.test(word.text));
    const said = words.slice(0, end < 0 ? words.length : end).map((word) => word.text);
    return said.length === 0 ? [] : [{ start: words[0]?.start ?? 0, words: said }];
  });
  const counts = new Map<string, number>();
  for (const [, name = ""] of text.matchAll(/(?<![\w-])([A-Za-z_]\w*)/g)) counts.set(name, (counts.get(name) ?? 0) + 1);
  const arrays = new Map<string, number>();
  for (const { 1: name = "", index } of text.matchAll(/(?<=^|[\s;])([A-Za-z_]\w*)=\(/g))
    if (!arrays.has(name)) arrays.set(name, index);
  const index: ScriptIndex = {
    sorted,
    starts: sorted.map((words) => words[0]?.start ?? 0),
    turns,
    turnStarts: turns.map(({ start }) => start),
    branchEnds: [...text.matchAll(/;(?=;)/g)].map((found) => found.index),
    counts,
    arrays,
  };
  indexes.set(commands, index);
  return index;
}

/** The names of the functions that a script defines. */
export function functionsIn(text: string): ReadonlySet<string> {
  // Text longer than a file name can be is not a command.
  const made = text.matchAll(/^[ \t]*(?:function[ \t]+)?(\w[\w-]{0,254})[ \t]*\(/gm);
  return new Set([...made].map(([, name = ""]) => name));
}

const KEYWORD = /^(?:if|then|elif|else|fi|for|while|until|do|done|case|select|esac|\{|\}|!|time)$/;

/** How variables are set and used, outside run lines. */
export type VariableIndex = {
  /** Something in the text that may set or read any variable, and where; null if there is nothing like it. */
  readonly unsure: { readonly word: string; readonly at: number } | null;
  /** Commands about a variable, by its name. */
  readonly settings: ReadonlyMap<string, readonly ScriptAssignment[]>;
  /** Set where they are used: `${NAME:=…}`. */
  readonly defaulted: ReadonlySet<string>;
  /** The variables that words of run lines pass on. */
  readonly handed: ReadonlyMap<string, VariableUses>;
};

/** How many words of run lines are one variable and pass it on, and where the text first uses it otherwise; null if nowhere. */
type VariableUses = { readonly flags: number; readonly other: number | null };

const variableIndexes = new WeakMap<ScriptCommands, VariableIndex>();

/** Cached as above: the run lines are those of these commands. */
export function variableIndex({ text, commands, runs }: ScriptText): VariableIndex {
  const known = variableIndexes.get(commands);
  if (known !== undefined) return known;
  const holders = new Set(runs.flatMap(({ words, env }) => env.map(({ holder }) => words[holder])));
  const settings = new Map<string, ScriptAssignment[]>();
  for (const words of commands)
    for (const word of words) {
      const name = holders.has(word) ? undefined : /^(\w+)(?:\+?=|\[|$)/.exec(word.text)?.[1];
      if (name !== undefined) add(settings, name, { words, word });
    }
  const defaulted = new Set([...text.matchAll(/\$\{(\w+):?=/g)].map(([, name = ""]) => name));
  const index: VariableIndex = { unsure: unsureIn(text), settings, defaulted, handed: handedBy(text, runs) };
  variableIndexes.set(commands, index);
  return index;
}

function handedBy(text: string, runs: readonly RunCommand[]): Map<string, VariableUses> {
  const handing = new Map<string, ShellWord[]>();
  for (const { words, env } of runs)
    for (const { expands, content, holder } of env) {
      const [name, word] = [expands ? variableIn(content ?? "") : null, words[holder]];
      if (name !== null && word !== undefined) add(handing, name, word);
    }
  const uses = new Map<string, number[]>();
  for (const { 1: name = "", index } of text.matchAll(/\$(?:\{[#!]?)?(\w+)/g))
    if (handing.has(name)) add(uses, name, index);
  const handed = new Map<string, VariableUses>();
  for (const [name, words] of handing) {
    words.sort((a, b) => a.start - b.start);
    const starts = words.map(({ start }) => start);
    // Words do not overlap: only the last one that begins before a position can contain it.
    const isHanding = (at: number): boolean => (words[countBelow(starts, at + 1) - 1]?.end ?? 0) > at;
    const other = uses.get(name)?.find((at) => !isHanding(at)) ?? null;
    handed.set(name, { flags: words.length, other });
  }
  return handed;
}

function add<Of>(to: Map<string, Of[]>, name: string, one: Of): void {
  const own = to.get(name);
  if (own === undefined) to.set(name, [one]);
  else own.push(one);
}

/** What may set or read any variable. */
const UNSURE =
  /\$\{!|\bset[ \t]+-[a-z]*a|\ballexport\b|\beval\b|\bdeclare[ \t]+-[a-z]*n|(?:^|[;&|({]|\bthen|\bdo)[ \t]*(?:\.|source)[ \t]/m;

function unsureIn(text: string): VariableIndex["unsure"] {
  const found = UNSURE.exec(text);
  if (found === null) return null;
  const said = found[0].trim();
  // What comes before it on its line belongs to the match.
  const word = ["source", "."].find((one) => said.endsWith(one)) ?? said;
  return { word, at: text.indexOf(word, found.index) };
}

/** The name in `$NAME` or `${NAME}`, if the word is nothing else. */
export function variableIn(content: string): string | null {
  const [, plain, braced] = /^\$(?:([A-Za-z_]\w{0,254})|\{([A-Za-z_]\w{0,254})\})$/.exec(content) ?? [];
  return plain ?? braced ?? null;
}
