import { lineOf } from "../../src/kit/text/lines.ts";
import { lineEnd, lineStart, type Edit } from "../../src/kit/text/splice.ts";
import type { ShellWord } from "../../src/kit/text/shell-words.ts";
import { isNameLike, Secret } from "../../src/model/secret.ts";
import type { RunScript } from "./syntax/script.ts";

/** A value that moves, and what is written where the script only mentions it. */
export type MentionedValue = { readonly name: string; readonly value: string; readonly reference: string };

/** A place of a script that mentions a value for a reader: in a comment, or in what the script prints. */
export type Mention = MentionedValue & {
  readonly edit: Edit;
  readonly line: number;
  /** The word that is printed; null for a comment. */
  readonly word: ShellWord | null;
};

/** Shorter values and plain words stand elsewhere by coincidence: see `leftIn`. */
const DISTINCTIVE = 5;
/** More than a person writes: whatever is beyond stays, and keeps its value from moving. */
const MOST_MENTIONS = 100;
const MOST_MARKS = 20;

/**
 * Where a script mentions values that move from it, outside these edits: nothing runs with them there. Only a shell's
 * script, and only references that mean the same in any quotes.
 */
export function mentionsIn(
  script: RunScript,
  values: readonly MentionedValue[],
  edits: readonly Edit[],
): readonly Mention[] {
  const { text, kind } = script;
  if (kind !== "shell") return [];
  const words = script.commands.flat().toSorted((a, b) => a.start - b.start);
  let printed: ReadonlySet<ShellWord> | null = null;
  let seen = 0;
  const found: Mention[] = [];
  const longest = values.toSorted((a, b) => b.value.length - a.value.length);
  for (const one of longest) {
    const { value, reference } = one;
    if (value.length < DISTINCTIVE || isNameLike(Secret.of(value)) || !/^[\w+:/#.@=-]+$/.test(reference)) continue;
    for (let start = text.indexOf(value); start >= 0; start = text.indexOf(value, start + 1)) {
      const edit = { start, end: start + value.length, text: reference };
      if (++seen > MOST_MENTIONS) return found;
      if ([...edits, ...found.map((other) => other.edit)].some((other) => overlaps(other, edit))) continue;
      if (/\w/.test(text.charAt(start - 1)) || /\w/.test(text.charAt(edit.end))) continue;
      const around = words.filter((word) => overlaps(word, edit));
      const [word = null] = around;
      const isMention =
        word === null
          ? isComment(script, words, start)
          : around.length === 1 && (printed ??= printedWords(script)).has(word) && !reference.includes("%");
      if (isMention) found.push({ ...one, edit, line: lineOf(text, start), word });
    }
  }
  return found;
}

type Range = { readonly start: number; readonly end: number };

const overlaps = (one: Range, other: Range): boolean => one.start < other.end && other.start < one.end;

/** Whether a place that is in no word is behind a `#` that is in none either, on the same line. */
function isComment({ text, bodies }: RunScript, words: readonly ShellWord[], at: number): boolean {
  if (bodies.some(({ start, end }) => start <= at && at < end)) return false;
  const line = lineStart(text, at);
  const marks = [...text.slice(line, at).matchAll(/(?<![^\s;&|()])#/g)].slice(0, MOST_MARKS);
  return marks.some(({ index }) => words.every(({ start, end }) => line + index < start || line + index >= end));
}

/**
 * The words that the script prints for the person who runs it: of `echo` and `printf` outside functions and substitutions, whose
 * output goes nowhere else.
 */
function printedWords({ text, commands }: RunScript): ReadonlySet<ShellWord> {
  const all = commands.flat().toSorted((a, b) => a.start - b.start || b.end - a.end);
  const inner = new Set<ShellWord>();
  let [gaps, end] = ["", 0];
  for (const word of all) {
    if (word.end <= end) inner.add(word);
    // A function's name is followed by `()`.
    if (word.start > end) gaps += `${text.slice(end, word.start).replace(/^[ \t]*\([ \t]*\)/, "")} `;
    end = Math.max(end, word.end);
  }
  // The output of a loop or a branch may go elsewhere as a whole, and so may that of a group or a function.
  const isHandedOn = HANDED_ON.test(text) || /\bexec[ \t]+(?:\d{0,4}|&|\{\w{1,80}\})[<>]/.test(text);
  // Between words, a `#` begins a comment.
  const between = (gaps + text.slice(end)).replaceAll(/#[^\n]*/g, "");
  if (isHandedOn || /(?:^|[\s;&|<>])\((?!\()/m.test(between)) return new Set();
  const grouped = groupedCommands(commands);
  return new Set(
    commands.flatMap((words) => {
      if (grouped.has(words)) return [];
      const at = words.findIndex((word) => !/^(?:then|else|do|\{|if|!)$/.test(word.text));
      const [program, ...rest] = words.slice(at < 0 ? words.length : at);
      const last = rest.at(-1);
      if (program === undefined || last === undefined || !/^(?:echo|printf)$/.test(program.text)) return [];
      return inner.has(program) || !isAlone(text, [program, ...rest], last) ? [] : rest;
    }),
  );
}

/** The commands in braces: of functions and groups, whose output may go elsewhere. */
function groupedCommands(commands: RunScript["commands"]): ReadonlySet<readonly ShellWord[]> {
  const grouped = new Set<readonly ShellWord[]>();
  let depth = 0;
  for (const words of commands.toSorted((a, b) => (a[0]?.start ?? 0) - (b[0]?.start ?? 0))) {
    if (words[0]?.text === "}") depth--;
    depth += words.filter(({ text }) => text === "{").length;
    if (depth !== 0) grouped.add(words);
  }
  return grouped;
}

const HANDED_ON = /(?:^|[;&])[ \t]*(?:done|fi|esac|\}|\))(?:[ \t]|\\\r?\n)*(?:\d{0,4}|&|\{\w{1,80}\})[<>|]/m;

/** Whether only blanks are between the words, and nothing before or behind them sends the output elsewhere. */
function isAlone(text: string, words: readonly ShellWord[], last: ShellWord): boolean {
  const begin = words[0]?.start ?? 0;
  if (/[<>]/.test(text.slice(lineStart(text, begin), begin))) return false;
  const gaps = words.slice(1).map(({ start }, at) => text.slice(words[at]?.end ?? start, start));
  const behind = text.slice(last.end, lineEnd(text, last.end));
  return gaps.every((gap) => /^(?:[ \t]|\\\r?\n)*$/.test(gap)) && /^[ \t]*(?:$|\r?\n|[;#]|&&|\|\||\})/.test(behind);
}
