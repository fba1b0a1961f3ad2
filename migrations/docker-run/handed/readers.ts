import { readdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { bytesIfThere } from "../../../src/files/rewritten.ts";
import { lineOf } from "../../../src/kit/text/lines.ts";
import { splice } from "../../../src/kit/text/splice.ts";
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
  new RegExp(`(?<![\\w.-])${name.replaceAll(/[^\w]/g, String.raw`\$&`)}(?![\\w-]|\\.\\w)`);

/** The first line of a script that names the file outside the flags that pass it on, or reads a file that only the shell knows. */
function lineReading(script: RunScript, file: string): number | null {
  const { text, runs, commands } = script;
  const handing = new Set(
    runs.flatMap((run) => flagsNaming(script, run, file).flatMap(({ holder }) => run.words[holder] ?? [])),
  );
  const blank = (words: string): string => words.replaceAll(/[^\n]/g, " ");
  const others = splice(
    text,
    [...handing].map(({ start, end }) => ({ start, end, text: blank(text.slice(start, end)) })),
  ).replaceAll(/(?<=^|\s)#[^\n]*/g, blank);
  const sourced = commands.flatMap((words) =>
    words.filter((_, at) => /^(?:\.|source)$/.test(words[at - 1]?.text ?? "")),
  );
  const unsure = sourced.find(({ text: path }) => /[$`*?]/.test(path.slice(path.lastIndexOf("/") + 1)));
  const at = unsure?.start ?? others.search(mentionOf(basename(file)));
  return at < 0 ? null : lineOf(text, at);
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
