import { readdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { bytesIfThere } from "../../../src/files/rewritten.ts";
import { lineOf } from "../../../src/kit/text/lines.ts";
import { lineStart } from "../../../src/kit/text/splice.ts";
import type { ShellWord } from "../../../src/kit/text/shell-words.ts";
import { flagsNaming } from "../syntax/run-env-files.ts";
import type { RunScript } from "../syntax/script.ts";

/** What else reads a file of variables of a run line, in words that follow "which"; null if nothing known does. */
export function otherReader(script: RunScript, file: string, variable: string): string | null {
  const line = lineReading(script, file);
  if (line !== null) return `line ${line} of the script reads too`;
  return fileReading(script, file, variable);
}

/** A name as a word of a text, not a part of another one. */
const mentionOf = (name: string): RegExp =>
  new RegExp(`(?<![\\w.-])${name.replaceAll(/[^\w]/g, String.raw`\$&`)}(?![\\w-]|\\.\\w)`, "g");

/** Looks at a file without reading it, or writes it. */
const NO_READER = /^(?:\[{1,2}|test|echo|printf|chmod|chown|ls|touch|rm|exit|export|readonly|local|declare)$/;
const KEYWORD = /^(?:if|then|elif|else|while|until|do|!|\{|time|sudo)$/;
const ASSIGNMENT = /^[A-Za-z_]\w{0,254}=/;
/** More than a person writes: whatever is beyond counts as one that reads. */
const MOST_MENTIONS = 200;

/** The first line of a script, outside the flags that name the file, that may read it. */
function lineReading(script: RunScript, file: string): number | null {
  const { text, runs, commands } = script;
  const name = basename(file);
  const handing = new Map(
    runs.map((run) => [run.words, new Set(flagsNaming(script, run, file).map(({ holder }) => run.words[holder]))]),
  );
  const holders = new Set([...handing.values()].flatMap((words) => [...words]));
  const all = commands.flatMap((words) => words.map((word) => ({ word, words })));
  const variables = all.flatMap(({ word }) => {
    const [, variable = "", value = ""] = /^([A-Za-z_]\w{0,254})=([^]*)$/.exec(word.text) ?? [];
    return variable !== "" && mentionOf(name).test(value) ? [variable] : [];
  });
  const unsure = all.find(({ word, words }) => isSourced(word, words) && mayName(word.text, commands));
  if (unsure !== undefined) return lineOf(text, unsure.word.start);
  const places = [name, ...variables].flatMap((one) => [...text.matchAll(mentionOf(one))].map(({ index }) => index));
  const seen = places.toSorted((a, b) => a - b);
  const reads = seen.find((at, count) => {
    if (count >= MOST_MENTIONS) return true;
    if (/(?:^|\s)#/.test(text.slice(lineStart(text, at), at))) return false;
    const around = all.filter(({ word }) => word.start <= at && at < word.end);
    const found = around.toSorted((a, b) => a.word.end - a.word.start - (b.word.end - b.word.start))[0];
    if (found === undefined) return true;
    const { word, words } = found;
    return !holders.has(word) && !isHarmless(words, word, (handing.get(words)?.size ?? 0) > 0);
  });
  return reads === undefined ? null : lineOf(text, reads);
}

/** What `.` and `source` read. */
const isSourced = (word: ShellWord, words: readonly ShellWord[]): boolean =>
  /^(?:\.|source)$/.test(words[words.indexOf(word) - 1]?.text ?? "");

/** Whether only the shell knows the name of a file: a variable, which the script sets to no plain text, or a pattern. */
function mayName(path: string, commands: RunScript["commands"]): boolean {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const variable = /^"?\$\{?([A-Za-z_]\w{0,254})\}?"?$/.exec(name)?.[1];
  const own = variable === undefined ? [] : commands.flat().filter(({ text }) => text.startsWith(`${variable}=`));
  if (own.length > 0) return own.some(({ text }) => /[$`*?]/.test(text.slice(text.lastIndexOf("/") + 1)));
  return /[$`*?]/.test(name);
}

function isHarmless(words: readonly ShellWord[], word: ShellWord, passesOn: boolean): boolean {
  // A container that gets the file's variables may mount it too.
  if (passesOn) return true;
  const [program, ...rest] = words.filter((one) => !KEYWORD.test(one.text));
  if (program === undefined || ASSIGNMENT.test(program.text)) return true;
  return NO_READER.test(program.text) || (program.text === "cp" && rest.length === 2 && rest[1] === word);
}

/** Files of a folder that may name files of variables. */
const READERS = /\.(?:sh|bash|zsh|fish|mk|ps1|bat|cmd|service|container|ya?ml)$|^(?:GNU)?[Mm]akefile$|^package\.json$/;
const LARGEST = 256 * 1024;
/** More than a folder of a person's has. */
const MOST_FILES = 500;

/** What beside the script, or beside the file, may read it, in words: scripts, units, and what Compose fills in. */
function fileReading(script: RunScript, file: string, variable: string): string | null {
  const name = basename(file);
  for (const folder of new Set([dirname(file), dirname(script.file)])) {
    const names = namesIn(folder).filter((other) => READERS.test(other));
    if (names.length > MOST_FILES) return `one of the ${names.length} scripts in ${folder} may read too`;
    for (const other of names) {
      const path = join(folder, other);
      if (path === script.file) continue;
      const isYaml = /\.ya?ml$/.test(other);
      const whole = textOf(path);
      if (whole === null && !isYaml) return `${path}, which is too large to look through, may read too`;
      const text = (whole ?? "").replaceAll(/^[ \t]*#.*$/gm, "");
      const isCompose = isYaml && /^services:/m.test(text);
      if (isYaml && !isCompose) continue;
      if (mentionOf(name).test(text)) return `${path} reads too`;
      // Compose fills its files in from `.env`.
      if (isCompose && name === ".env" && folder === dirname(file) && fillsIn(text, variable))
        return `${path} reads too`;
    }
  }
  return null;
}

/** Others than these are never filled in. */
const fillsIn = (text: string, variable: string): boolean =>
  /^\w{1,256}$/.test(variable) && new RegExp(`\\$(?:\\{${variable}\\b|${variable}\\b)`).test(text);

// A folder or a file that cannot be read is no help.
function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).toSorted();
  } catch {
    return [];
  }
}

/** Null for more than a person writes; a file that cannot be read is empty. */
function textOf(file: string): string | null {
  try {
    if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) >= LARGEST) return null;
    return bytesIfThere(file)?.toString("utf8") ?? "";
  } catch {
    return "";
  }
}
