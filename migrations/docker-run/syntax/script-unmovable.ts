import { lineOf } from "../../../src/kit/text/lines.ts";
import { basename } from "node:path";
import { cmd } from "../../../src/kit/shell.ts";
import { runCommand, scriptKind, type EnvFlag, type RunCommand } from "./shell-run.ts";
import { functionsIn, variableIn } from "./script-index.ts";
import { defaultValue, doubtAbout, type ScriptConstant } from "./script-own.ts";
import { shellCommands, type ShellWord, type TextRange } from "../../../src/kit/text/shell-words.ts";
import { linePlace } from "../../../src/files/file-migration.ts";
import { runText } from "./run-names.ts";
import type { Refusal } from "../../../src/model/plan.ts";
import type { LinePlace } from "../../../src/model/place.ts";

/** A variable that a line of a script gives to a container, or would. */
export type ScriptVariable = {
  /** `deploy.sh:12 web`: its run line; only the file for one that belongs to none. */
  readonly subject: string;
  /** `FILE:13 docker run web -e DB_PASSWORD`. */
  readonly place: LinePlace;
  readonly name: string;
  readonly value: string;
  /** Why it cannot be moved as it is written; null if it can, and then it has a place in a run line. */
  readonly fault: Refusal | null;
  readonly by: {
    readonly command: RunCommand;
    readonly flag: EnvFlag;
    /** The script's variable that holds the value; null if the flag does. */
    readonly own: ScriptConstant | null;
  } | null;
};

type ScriptContext = {
  readonly file: string;
  readonly text: string;
  readonly commands: readonly (readonly ShellWord[])[];
  readonly bodies: readonly TextRange[];
  readonly runs: readonly RunCommand[];
  readonly moving: readonly ScriptVariable[];
};

/** What else in a script gives variables to containers: reported, with the reason why it stays. */
export function unmovableVariables(around: ScriptContext): ScriptVariable[] {
  const { file, text, commands, bodies } = around;
  const functions = functionsIn(text);
  const hasClient = /\b(?:docker|podman|nerdctl)\b/.test(text);
  return [
    ...filledIn(around),
    ...commands.flatMap((words) =>
      runCommand(words) === null
        ? [...beside(file, text, words, functions), ...(hasClient ? flagTexts(file, text, words) : [])]
        : quoted(file, text, words),
    ),
    ...bodies.flatMap((body) => inBody(file, text, body)),
  ];
}

/** The script's variables that `-e NAME=$OWN`, or `-e OWN`, passes on. */
function filledIn({ file, text, commands, runs, moving }: ScriptContext): ScriptVariable[] {
  const moves = new Set(moving.flatMap(({ by }) => (by === null || by.own === null ? [] : [by.flag])));
  const users = new Map<string, { readonly run: RunCommand; readonly flag: EnvFlag }>();
  for (const run of runs)
    for (const flag of run.env) {
      if (moves.has(flag)) continue;
      const { content, variable } = flag;
      const used = content === null ? [variable] : [...content.matchAll(/\$[{(]?(\w+)/g)].map(([, name = ""]) => name);
      for (const name of used) if (!users.has(name)) users.set(name, { run, flag });
    }
  return commands.flatMap((words) => {
    const begin = words.findIndex(({ text: one }) => !/^(?:then|else|do|\{)$/.test(one));
    const end = words.findIndex(({ text: one }, at) => at >= begin && !ASSIGNS.test(one));
    return words.slice(begin, end < 0 ? words.length : end).flatMap((word): ScriptVariable[] => {
      const [, name = "", written = ""] = /^([A-Za-z_]\w{0,254})=([^]*)$/.exec(word.text) ?? [];
      const value = word.expands ? (defaultValue(text, word) ?? "") : written;
      const user = users.get(name);
      if (name === "" || value === "" || user === undefined) return [];
      const { run, flag } = user;
      const line = lineOf(text, run.words[flag.holder]?.start ?? 0);
      const isWhole = scriptKind(file) === "shell" && variableIn(flag.content ?? "") === name;
      const doubt = isWhole ? doubtAbout({ text, commands, runs }, name) : null;
      return [
        {
          subject: basename(file),
          place: linePlace(file, lineOf(text, word.start), `${name}=`),
          // By its name in inspect.
          name: /^\$[{(]?\w+[)}]?$/.test(flag.content ?? "") ? flag.variable : name,
          value,
          fault: {
            reason: `is in the script's variable ${name}, which -e ${flag.variable} in line ${line} passes on${doubt === null ? "" : `, but ${doubt}`}`,
            hint: cmd`write -e ${flag.variable}=value in line ${line} itself and remove ${name}; then plan again`,
          },
          by: null,
        },
      ];
    });
  });
}

/** Words that may precede an assignment, and assignments. */
const ASSIGNS = /^(?:[A-Za-z_]\w*=[^]*|export|local|readonly|declare|typeset|-[a-z]+)$/;

/** What passes variables on to a container without being a parsable `docker run`: `docker compose run`, an array. */
function beside(
  file: string,
  text: string,
  words: readonly ShellWord[],
  functions: ReadonlySet<string>,
): ScriptVariable[] {
  const first = words[0]?.text ?? "";
  const about = words.some((word) => /(?:^|\/)(?:docker|podman|docker-compose|nerdctl)$/.test(word.text));
  const own = functions.has(first);
  const inner = quoted(file, text, words);
  if (!about && !own && !first.startsWith("-")) return inner;
  const end = first.startsWith("-") ? endAbove(text, words[0]?.start ?? 0) : null;
  const what = first.startsWith("-")
    ? "an array of words"
    : words
        .slice(0, 3)
        .map((word) => word.text)
        .filter((word) => /^[\w./-]+$/.test(word))
        .join(" ");
  const found = words.flatMap((word, at): ScriptVariable[] => {
    const [, name = "", value = ""] = /^(?:-[ditPq]*e=?|--env=)?([A-Za-z_]\w*)=([^]+)$/.exec(word.text) ?? [];
    const flagged = /^-[ditPq]*e$|^--env$/.test(words[at - 1]?.text ?? "") || word.text.startsWith("-");
    if (name === "" || !flagged) return [];
    if (end !== null) return [unmovable(file, text, word.start, `behind a ${end.by}`, name, value, ended(end))];
    const isAlone = first.startsWith("-") && !isInArray(text, word.start);
    const fault = {
      reason: isAlone
        ? "is in a line that begins with a flag, after the end of the command above it"
        : `is in ${what}, which is not a docker run line that can be rewritten`,
      hint: /compose/.test(what)
        ? "unsprawl plan compose: moves what is in its files; write it there"
        : / service\b/.test(what)
          ? cmd`make a swarm secret of it, and write --secret with -e ${name}_FILE=/run/secrets/${name} in its place`
          : / exec\b/.test(what)
            ? cmd`write -e ${name} without the value, and start the script with unsprawl run, which sets it from a reference`
            : cmd`write docker run -e ${name}=value in full, then plan again`,
    };
    return [unmovable(file, text, word.start, what, name, value, fault)];
  });
  return [...found, ...inner];
}

/** `-e NAME=value` in a text of flags; a value that something else fills in says nothing. */
const FLAG =
  /(?:^|\s)(?:-[ditPq]{0,8}e[ \t]+|--env[ \t=])["']?([A-Za-z_]\w{0,254})=("[^"$]*"|'[^'$]*'|[^\s"'$]+)(?=["'\s]|$)/g;

/** Flags for run lines that a variable or a string holds: `OPTS="-p 80:80 -e A=b"`, and PowerShell's `"-e A=b " +`. */
function flagTexts(file: string, text: string, words: readonly ShellWord[]): ScriptVariable[] {
  return words.flatMap((word, at) => {
    const [, variable = null] = /^\$?([A-Za-z_]\w{0,254})\+?=/.exec(word.text) ?? [];
    const isString = at === 0 && /["']/.test(text.charAt(word.start));
    if (mentions(word.text) || (variable === null && !isString)) return [];
    const flags = variable === null ? word.text : word.text.slice(word.text.indexOf("=") + 1);
    return [...flags.matchAll(FLAG)].map(([, name = "", value = ""]) => {
      const what = variable === null ? "a string" : `the variable ${variable}`;
      const fault = {
        reason: `is in the flags that ${what} holds`,
        hint: cmd`write -e ${name}=value in the docker run line itself, then plan again`,
      };
      const start = Math.max(word.start, text.indexOf(`${name}=`, word.start));
      return unmovable(file, text, start, what, name, value.replaceAll(/^["']|["']$/g, ""), fault);
    });
  });
}

/** Whether parentheses of an array (`NAME=(…`) are open here. */
function isInArray(text: string, at: number): boolean {
  const open = text.lastIndexOf("=(", at);
  return open >= 0 && !text.slice(open, at).includes(")");
}

function ended({ line, by }: CommandEnd): Refusal {
  const reason = "ends the command above it: what follows is a separate command without a program";
  if (by === "comment")
    return {
      reason: `the comment in line ${line} ${reason}`,
      hint: "move the comment above the whole command, then plan again",
    };
  return {
    reason: `the text after the backslash in line ${line} ${reason}`,
    hint: "make the backslash the last character of its line, then plan again",
  };
}

type CommandEnd = { readonly line: number; readonly by: "comment" | "backslash" };

/** What ends a command above these words that was meant to continue: a comment, or a blank behind the backslash. */
function endAbove(text: string, at: number): CommandEnd | null {
  const lines = text.slice(0, at).split("\n").slice(0, -1);
  const last = lines.findLastIndex((line) => !/^[ \t]*#/.test(line));
  const line = lines[last] ?? "";
  if (/\\[ \t]+(?:#|\r?$)/.test(line)) return { line: last + 1, by: "backslash" };
  return last < lines.length - 1 && /\\\r?$/.test(line) ? { line: last + 2, by: "comment" } : null;
}

/** Commands inside a quoted word: in `ssh host 'docker run …'`, `eval`, `sh -c`. */
function quoted(file: string, text: string, words: readonly ShellWord[]): ScriptVariable[] {
  return words.flatMap((word) => {
    if (!mentions(word.text) || text.slice(word.start, word.end).includes("$(")) return [];
    const by = words[0]?.text ?? "";
    return within(file, text, word.start, word.text, `a command inside the words of ${by}`, ` ${by}`);
  });
}

/** Whether a text may contain a run line: the client, later a subcommand that creates a container, and a flag. */
function mentions(text: string): boolean {
  const client = text.search(/\b(?:docker|podman)\b/);
  if (client < 0) return false;
  const verb = text.slice(client).search(/\b(?:run|create)\b/);
  return verb >= 0 && text.includes("-", client + verb);
}

function inBody(file: string, text: string, { start, end }: TextRange): ScriptVariable[] {
  const body = text.slice(start, end);
  return mentions(body) ? within(file, text, start, body, "a here-document", " <<") : [];
}

function within(
  file: string,
  text: string,
  start: number,
  script: string,
  what: string,
  mark: string,
): ScriptVariable[] {
  return shellCommands(script)
    .flatMap((words) => runCommand(words) ?? [])
    .flatMap((run) =>
      run.env.flatMap((flag): ScriptVariable[] => {
        if (flag.content === null) return [];
        const at = start + (run.words[flag.holder]?.start ?? 0);
        const fault = {
          reason: `is in ${what}, which is read elsewhere or later`,
          hint: "move it into its own script where it runs, then plan it there",
        };
        return [unmovable(file, text, at, `${runText(run)}${mark}`, flag.variable, flag.content, fault)];
      }),
    );
}

function unmovable(
  file: string,
  text: string,
  at: number,
  what: string,
  name: string,
  value: string,
  fault: Refusal,
): ScriptVariable {
  const place = linePlace(file, lineOf(text, at), `${what} -e ${name}`);
  return { subject: basename(file), place, name, value, fault, by: null };
}
