import { lineText } from "../../src/files/file-migration.ts";
import { STORED_VALUE } from "../../src/files/stored-value.ts";
import { lineOf } from "../../src/kit/text/lines.ts";
import type { ShellWord } from "../../src/kit/text/shell-words.ts";
import type { Edit } from "../../src/kit/text/splice.ts";
import type { DiffLine } from "../../src/model/plan.ts";
import { mentionsIn, type MentionedValue } from "./mentions.ts";
import type { ScriptConstant } from "./syntax/script-own.ts";
import type { RunScript } from "./syntax/script.ts";
import { shellWords } from "./words.ts";

/** Edits, and the words that must be read afterwards in the place of a word. */
export type ScriptEdits = {
  readonly edits: Edit[];
  readonly words: Map<ShellWord, readonly string[]>;
  readonly diff: DiffLine[];
  /** How many flags that pass on a variable of the script have been replaced. */
  readonly freed: Map<ShellWord | undefined, number>;
  /** The commands before and behind one that gets a variable from the store, by its first word. */
  readonly around: Map<ShellWord | undefined, StoredVariable>;
};

type StoredVariable = {
  readonly name: string;
  readonly before: readonly (readonly string[])[];
  readonly after: readonly (readonly string[])[];
};

/** What a script needs that gets values from the store. */
export function storeNotes(file: string, { around }: ScriptEdits): string[] {
  const names = [...around.values()].map(({ name }) => name);
  if (names.length === 0) return [];
  return [
    `${file} gets ${names.join(", ")} from the store when it runs: it needs unsprawl and a login there, and ends without them`,
  ];
}

/** What the script says about these values gets their references; returns what it prints from then on. */
export function mentioned(script: RunScript, values: readonly MentionedValue[], made: ScriptEdits): string[] {
  const { file } = script;
  const found = mentionsIn(script, values, made.edits);
  for (const { edit, line, word, value, reference } of found) {
    made.edits.push(edit);
    made.diff.push({ sign: "~", path: lineText(file, line, word === null ? "#" : "echo"), text: reference });
    if (word === null) continue;
    const [before = word.text] = made.words.get(word) ?? [];
    made.words.set(word, [before.replace(value, () => reference)]);
  }
  return found.flatMap(({ word, line, name }) =>
    word === null ? [] : [`line ${line} of ${file} prints where ${name} is stored, in place of its value`],
  );
}

/** The script's variable is removed with the last flag that passes it on. */
export function free(
  { file, text }: RunScript,
  own: ScriptConstant,
  masked: string,
  { freed, edits, words, diff }: ScriptEdits,
): void {
  const [word] = own.words;
  const count = (freed.get(word) ?? 0) + 1;
  freed.set(word, count);
  if (count < own.users) return;
  edits.push({ ...own.span, text: "" });
  for (const one of own.words) words.set(one, []);
  diff.push({ sign: "-", path: lineText(file, lineOf(text, own.span.start), `${own.name}=`), text: masked });
}

/**
 * The script's variable, which other commands use too, gets its value from the store. If the store gives none, the script
 * ends: those commands would run with an empty value. `export` and others hide a failure, so the variable is set first.
 */
export function fromStore(
  { file, text }: RunScript,
  { name, words: its, span, unless }: ScriptConstant,
  reference: string,
  masked: string,
  { freed, edits, words, diff, around }: ScriptEdits,
): void {
  const [first, word] = [its[0], its.at(-1)];
  if (first === undefined || word === undefined || freed.has(first)) return;
  freed.set(first, 1);
  const stored = `$(${STORED_VALUE}=${shellWords([reference], "shell")} ${STORED.join(" ")})`;
  const put = unless === null ? stored : `${unless}${stored}}`;
  const declared = first === word ? [] : [first.text, name];
  const [before, after] = first.text === "local" ? [declared, []] : [[], declared];
  const commands = [before.join(" "), `${name}="${put}" || exit`, after.join(" ")];
  edits.push({ start: first.start, end: span.end, text: commands.filter(Boolean).join("; ") });
  for (const one of its) words.set(one, one === word ? [`${name}=${put}`] : []);
  // Commands in `${…}` are read as its text.
  const inner = unless === null ? [[`${STORED_VALUE}=${reference}`, ...STORED]] : [];
  around.set(first, { before: [before, ...inner], after: [["exit"], after], name });
  const path = lineText(file, lineOf(text, span.start), `${name}=`);
  diff.push({ sign: "-", path, text: masked }, { sign: "+", path, text: put });
}

const STORED = ["unsprawl", "run", "--", "printenv", STORED_VALUE];
