import { lineOf } from "../../src/kit/text/lines.ts";
import type { RunChange } from "../../src/contract/delivery.ts";
import { csvRecord } from "../../src/engine/run-flags.ts";
import { draftOf, valueGoneError, lineText, type FileMove, type Rewriting } from "../../src/files/file-migration.ts";
import { handedKey, isHanded, type HandedLine } from "./handed/line.ts";
import { filesNotes, filesWithout, type GoneLine } from "./handed/rewrite.ts";
import { runOf } from "./syntax/run-names.ts";
import type { ScriptConstant } from "./syntax/script-own.ts";
import { scriptOf, type RunScript } from "./syntax/script.ts";
import { cmd } from "../../src/kit/shell.ts";
import { placeText } from "../../src/model/place.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { DiffLine } from "../../src/model/plan.ts";
import { flagOf, type RunCommand, type WordFlag } from "./syntax/shell-run.ts";
import type { ShellWord } from "../../src/kit/text/shell-words.ts";
import { lineEnding, lineStart, type Edit } from "../../src/kit/text/splice.ts";
import { mountsIn } from "./supplied.ts";
import { rewrittenWord, shellWords } from "./words.ts";

/** The changes of one run line. Contains no value. */
export type RunLineChange = {
  /** Its subject: `deploy.sh:12 web`. */
  readonly subject: string;
  readonly change: RunChange;
  /** Podman's secrets, by variable: `--secret` replaces the flag. Empty elsewhere. */
  readonly secrets: { readonly [variable: string]: string };
  /** The words before the container's command: a shim, the entrypoint that it starts. */
  readonly command: readonly string[];
  readonly warnings: readonly string[];
};

/** Edits, and the words that must be read afterwards in the place of a word. */
type ScriptEdits = {
  readonly edits: Edit[];
  readonly words: Map<ShellWord, readonly string[]>;
  readonly diff: DiffLine[];
  /** How many flags that pass on a variable of the script have been replaced. */
  readonly freed: Map<ShellWord | undefined, number>;
};

/**
 * The script with another delivery for these variables, and the files of variables that its lines pass on without them.
 * Every other word is read as before, which is proven. `handed` are the lines of such files, by `handedKey`.
 */
export function rewriteScript(
  script: RunScript,
  lines: readonly RunLineChange[],
  moving: readonly FileMove[],
  handed: ReadonlyMap<string, HandedLine>,
): Rewriting {
  const { file, text } = script;
  const made: ScriptEdits = { edits: [], words: new Map(), diff: [], freed: new Map() };
  const gone: GoneLine[] = [];
  for (const line of lines) {
    const all = moving.filter(({ move }) => move.location.subjectName === line.subject);
    const run = runOf(script, line.subject);
    if (run === undefined) throw valueGoneError(all[0]?.move.name ?? "", line.subject);
    const own = all.filter(({ move }) => !isHanded(move.location));
    const others = all
      .filter(({ move }) => isHanded(move.location))
      .map((one): GoneLine => ({ ...lineFor(handed, one), masked: one.masked }));
    gone.push(...others);
    changeLine(script, run, line, own, made);
    passedOn(script, run, line, others, own.length === 0, made);
    remounted(script, run, line.change, made);
    if (line.command.length > 0) shimmed(script, run, line, made);
  }
  const draft = draftOf(file, text, made.edits, made.diff);
  if (!onlyThese(script, draft.after, made))
    throw new UnsprawlError("refused", `${file} would be read differently afterwards`, "write its run lines plainly");
  return {
    drafts: [draft, ...filesWithout(gone)],
    rest: [],
    warnings: [...new Set([...lines.flatMap(({ warnings }) => warnings), ...filesNotes(gone)])],
  };
}

function lineFor(handed: ReadonlyMap<string, HandedLine>, { move }: FileMove): HandedLine {
  const line = handed.get(handedKey(move.location));
  if (line !== undefined) return line;
  throw valueGoneError(move.name, move.location.path);
}

/** The edits of a run line. */
function changeLine(
  script: RunScript,
  run: RunCommand,
  line: RunLineChange,
  moving: readonly FileMove[],
  made: ScriptEdits,
): void {
  const { file, text, kind } = script;
  const { change, secrets } = line;
  const found = moving.map(({ move, masked }) => {
    const at = move.location.path;
    const by = script.variables.find(({ place, subject }) => placeText(place) === at && subject === line.subject)?.by;
    if (by?.command !== run) throw valueGoneError(move.name, at);
    return { ...by, path: at, masked };
  });
  found.sort((a, b) => a.flag.flag - b.flag.flag);
  for (const [index, { flag, own, path, masked }] of found.entries()) {
    // Further flags of a delivery come after the first.
    const more = index === 0 ? moreFlags(run, change) : [];
    const [word, holder] = [wordAt(run, flag.flag), wordAt(run, flag.holder)];
    const secret = secrets[flag.variable];
    const put = secret === undefined ? replacement(change, flag.variable) : null;
    const gap = between(text, run, flag);
    const said = (words: readonly string[]): string => shellWords(words, kind);
    made.diff.push({ sign: "-", path, text: masked });
    if (put === null) {
      const instead = secret === undefined ? [] : [["--secret", `${secret},type=env,target=${flag.variable}`]];
      const flags = [...(flag.others === "" ? [] : [[`-${flag.others}`]]), ...instead, ...more];
      const start = flags.length === 0 ? blanksBefore(text, run, flag.flag) : word.start;
      made.edits.push({ start, end: holder.end, text: flags.map(said).join(gap) });
      made.words.set(holder, []).set(word, flags.flat());
      for (const words of instead) made.diff.push({ sign: "+", path, text: said(words) });
    } else {
      const old = { skip: flag.skip, old: flag.variable };
      const now = rewrittenWord(text.slice(holder.start, holder.end), old, put.name, put.value, kind);
      if (now === null)
        throw new UnsprawlError(
          "refused",
          `${path} is written in a way that cannot be rewritten`,
          cmd`write -e ${flag.variable}='value' plainly, then plan again`,
        );
      made.edits.push({ start: holder.start, end: holder.end, text: [now, ...more.map(said)].join(gap) });
      const front = flag.flag === flag.holder ? holder.text.slice(0, flag.skip) : "";
      made.words.set(holder, [`${front}${put.name}=${put.value}`, ...more.flat()]);
      made.diff.push({ sign: "+", path, text: `-e ${put.name}=${put.value}` });
    }
    const beside = lineText(file, lineOf(text, word.start), run.program);
    for (const words of more) made.diff.push({ sign: "+", path: beside, text: said(words) });
    if (own !== null) free(script, own, masked, made);
  }
}

/** The script's variable is removed with the last flag that passes it on. */
function free({ file, text }: RunScript, own: ScriptConstant, masked: string, made: ScriptEdits): void {
  const [word] = own.words;
  const count = (made.freed.get(word) ?? 0) + 1;
  made.freed.set(word, count);
  if (count < own.users) return;
  made.edits.push({ ...own.span, text: "" });
  for (const one of own.words) made.words.set(one, []);
  made.diff.push({ sign: "-", path: lineText(file, lineOf(text, own.span.start), `${own.name}=`), text: masked });
}

/** Behind a flag that names a file of variables: what takes the place of lines that leave the file. */
function passedOn(
  script: RunScript,
  run: RunCommand,
  { change, secrets }: RunLineChange,
  lines: readonly GoneLine[],
  isFirst: boolean,
  made: ScriptEdits,
): void {
  const { file, text, kind } = script;
  for (const [index, [flag, own]] of [...Map.groupBy(lines, (one) => one.flag.flag)].entries()) {
    const flags = own.flatMap(({ entry: { name } }): (readonly string[])[] => {
      const secret = secrets[name];
      if (secret !== undefined) return [["--secret", `${secret},type=env,target=${name}`]];
      const put = replacement(change, name);
      return put === null ? [] : [["-e", `${put.name}=${put.value}`]];
    });
    const put = [...flags, ...(isFirst && index === 0 ? moreFlags(run, change) : [])];
    const [first] = own;
    if (first === undefined || put.length === 0) continue;
    const holder = wordAt(run, first.flag.holder);
    const gap = between(text, run, first.flag);
    const said = put.map((words) => shellWords(words, kind));
    made.edits.push({ start: holder.end, end: holder.end, text: said.map((words) => gap + words).join("") });
    made.words.set(holder, [holder.text, ...put.flat()]);
    const path = lineText(file, lineOf(text, wordAt(run, flag).start), run.program);
    for (const words of said) made.diff.push({ sign: "+", path, text: words });
  }
}

function wordAt({ words }: RunCommand, at: number): ShellWord {
  const word = words[at];
  if (word !== undefined) return word;
  throw new UnsprawlError("changed", "a run line has fewer words than before", "unsprawl plan again");
}

/** What replaces a variable in its flag; null for nothing. */
function replacement(
  { unset, set }: RunChange,
  variable: string,
): { readonly name: string; readonly value: string } | null {
  const at = unset.indexOf(variable);
  return (at < 0 ? set.find(({ name }) => name === variable) : set[at]) ?? null;
}

/** Further flags of a delivery, each with its value. */
function moreFlags(run: RunCommand, change: RunChange): (readonly string[])[] {
  const { mounts, unmount = [], labels = [], runtime, entrypointPrefix } = change;
  const [program] = entrypointPrefix ?? [];
  return [
    ...mounts.filter(({ target }) => !unmount.includes(target)).map((one) => ["--mount", mountText(one)]),
    // The owner of an earlier migration's files is the same.
    ...labels
      .map(({ name, value }) => `${name}=${value}`)
      .filter((label) => !run.flags.some(({ name, value }) => ["label", "l"].includes(name) && value === label))
      .map((label) => ["--label", label]),
    ...(runtime === null || flagOf(run, "runtime") !== null ? [] : [["--runtime", runtime]]),
    ...(program === undefined || flagOf(run, "entrypoint") !== null ? [] : [["--entrypoint", program]]),
  ];
}

function mountText({ source, target }: RunChange["mounts"][number]): string {
  return csvRecord(["type=bind", `source=${source}`, `target=${target}`, "readonly"]);
}

/** The folder of an earlier migration is replaced by the one with its values and the new ones. */
function remounted({ file, text, kind }: RunScript, run: RunCommand, change: RunChange, made: ScriptEdits): void {
  for (const mount of change.mounts.filter(({ target }) => change.unmount?.includes(target))) {
    const old = mountsIn(run).find(({ target }) => target === mount.target);
    if (old === undefined) throw valueGoneError(mount.target, file);
    const [word, holder] = [wordAt(run, old.flag.flag), wordAt(run, old.flag.holder)];
    const words = ["--mount", mountText(mount)];
    made.edits.push({ start: word.start, end: holder.end, text: shellWords(words, kind) });
    made.words.set(holder, []).set(word, words);
    const path = lineText(file, lineOf(text, word.start), run.program);
    made.diff.push({ sign: "~", path, text: shellWords(words, kind) });
  }
}

/** The shim in place of the line's entrypoint, and what it starts after the image. */
function shimmed(
  { file, text, kind }: RunScript,
  run: RunCommand,
  { change, command }: RunLineChange,
  made: ScriptEdits,
): void {
  const own = flagOf(run, "entrypoint");
  const [program = ""] = change.entrypointPrefix ?? [];
  const image = wordAt(run, run.image ?? -1);
  const path = lineText(file, lineOf(text, image.start), run.program);
  if (own !== null) {
    const [word, holder] = [wordAt(run, own.flag), wordAt(run, own.holder)];
    made.edits.push({ start: word.start, end: holder.end, text: shellWords(["--entrypoint", program], kind) });
    made.words.set(holder, []).set(word, ["--entrypoint", program]);
    made.diff.push({ sign: "~", path, text: `--entrypoint ${program}` });
  }
  const said = shellWords(command, kind);
  made.edits.push({ start: image.end, end: image.end, text: ` ${said}` });
  made.words.set(image, [image.text, ...command]);
  made.diff.push({ sign: "+", path, text: `${said}, in front of the command` });
}

/** What separates a flag from the next: a continued line end if it is alone on its line. */
function between(text: string, run: RunCommand, { flag, holder }: WordFlag): string {
  const { start } = wordAt(run, flag);
  const indent = text.slice(lineStart(text, start), start);
  const rest = text.slice(wordAt(run, holder).end);
  // linuxserver.io's documentation marks an optional flag by the output of a comment.
  const [, mark = null] = /^[ \t]*(?:`#[^`\n]*`[ \t]*)?([\\`])\r?\n/.exec(rest) ?? [];
  return mark !== null && /^[ \t]+$/.test(indent) ? ` ${mark}${lineEnding(text)}${indent}` : " ";
}

/** Where the separator between a word and the previous one begins, if it is only blanks and line ends. */
function blanksBefore(text: string, run: RunCommand, at: number): number {
  const { start } = wordAt(run, at);
  const end = wordAt(run, at - 1).end;
  return end < start && /^(?:\s|[\\`]\r?\n)*$/.test(text.slice(end, start)) ? end : start;
}

/** All commands are read as before, except for the words to change; a word around one contains its new text. */
function onlyThese({ file, commands }: RunScript, after: string, { edits, words: changed }: ScriptEdits): boolean {
  const around = ({ start, end }: ShellWord): boolean => edits.some((edit) => edit.start >= start && edit.end <= end);
  const expected = commands
    .map((words) =>
      words.flatMap((word): readonly (string | null)[] => changed.get(word) ?? [around(word) ? null : word.text]),
    )
    .filter((words) => words.length > 0);
  const now = scriptOf(file, after).commands;
  return (
    now.length === expected.length &&
    expected.every((words, at) => {
      const read = now[at] ?? [];
      return read.length === words.length && words.every((word, index) => word === null || word === read[index]?.text);
    })
  );
}
