import type { DeliverySubject } from "../contract/delivery.ts";
import { namesBehind, READER, type EntrypointScript } from "./entrypoint.ts";
import { scriptCommands, type ScriptCommand } from "./script-commands.ts";

/**
 * Which variables the entrypoint's scripts, called as this subject calls them, read from NAME_FILE and export: only what
 * certainly runs counts, and what runs another program before ends the search.
 */
export function exportedFromFiles(
  subject: Pick<DeliverySubject, "entrypoint" | "cmd">,
  scripts: readonly EntrypointScript[],
): (name: string) => boolean {
  const size = scripts.reduce((sum, { text }) => sum + text.length, 0);
  if (size > MOST_TEXT || !scripts.every(({ text }) => isShell(text))) return () => false;
  const script = scripts.flatMap(({ path, text }) => scriptCommands(text).map((one) => ({ ...one, path })));
  if (script.length > MOST_COMMANDS) return () => false;
  const known = {
    script,
    argument: firstArgument(subject, scripts, script),
    texts: script.flatMap(({ words }) => words.map(({ text }) => text)),
    byFunction: Map.groupBy(script, ({ inFunction }) => inFunction),
    callers: Map.groupBy(script, ({ words }) => words[0]?.text),
    ends: Map.groupBy(script.filter(mayEnd), ({ path, inFunction }) => `${path}\0${inFunction ?? ""}`),
  };
  return (name) => {
    const names = new Set([name, ...namesBehind(known.texts, name)]);
    const seen: Seen = { ...known, name, form: `${name}_FILE`, names, exporting: new Map(), called: new Map() };
    return script.some((command) => isReading(command, seen) && isReached(command, seen));
  };
}

/** Larger ones are nobody's entrypoint, and are not read: in characters, and in commands. */
const [MOST_TEXT, MOST_COMMANDS] = [256 * 1024, 4000];

type PlacedCommand = ScriptCommand & { readonly path: string };

type Seen = {
  readonly script: readonly PlacedCommand[];
  readonly texts: readonly string[];
  readonly byFunction: ReadonlyMap<string | null, readonly PlacedCommand[]>;
  /** By the first word of each. */
  readonly callers: ReadonlyMap<string | undefined, readonly PlacedCommand[]>;
  /** What may end a script or function, by both. */
  readonly ends: ReadonlyMap<string, readonly PlacedCommand[]>;
  readonly name: string;
  readonly form: string;
  /** The variable's, and those that a reader is called with for it. */
  readonly names: ReadonlySet<string>;
  /** Functions that were looked at: whether they export, and whether they are called for certain. */
  readonly exporting: Map<string, boolean>;
  readonly called: Map<string, boolean>;
  /** What the scripts see as `$1`: one of these. */
  readonly argument: readonly string[];
};

const isShell = (text: string): boolean => !text.startsWith("#!") || /^#!.*(?:sh|bash)\b/.test(text);

/** `$1` of the first script. Before options, the scripts put a program that they name: `set -- mysqld "$@"`. */
function firstArgument(
  { entrypoint, cmd }: Pick<DeliverySubject, "entrypoint" | "cmd">,
  [first]: readonly EntrypointScript[],
  script: readonly PlacedCommand[],
): readonly string[] {
  const argv = [...entrypoint, ...cmd];
  const at = argv.findIndex(
    (word) => word !== "" && `/${first?.path ?? ""}`.endsWith(`/${word.replace(/^\.?\//, "")}`),
  );
  const argument = argv[at + 1] ?? "";
  if (!argument.startsWith("-")) return [argument];
  return script.flatMap(({ words }) =>
    words[0]?.text === "set" && words[1]?.text === "--" && words[2]?.expands === false ? words[2].text : [],
  );
}

/** `file_env NAME`, `export NAME="$(cat "$NAME_FILE")"`, the same over two lines, or a loop over such variables. */
function isReading(command: PlacedCommand, seen: Seen): boolean {
  const [first, ...rest] = command.words;
  if (first === undefined || command.isPiped) return false;
  const texts = rest.map(({ text }) => text);
  if (READER.test(first.text) && texts.some((one) => seen.names.has(one))) return exportsAll(first.text, seen);
  const sets = (text: string): boolean => {
    const content = text.startsWith(`${seen.name}=`) ? text.slice(seen.name.length + 1) : "";
    return CONTENT.exec(content)?.[1] === seen.form;
  };
  if (first.text === "export") {
    const listed = command.loops.some((words) => words.some(({ text }) => text === seen.form));
    return texts.some(sets) || (listed && texts.some((text) => text.startsWith("$")));
  }
  return command.words.length === 1 && sets(first.text) && isExported(seen);
}

/** What a file has, and no more: `$(cat "$NAME_FILE")`, `$(<$NAME_FILE)`. */
const CONTENT = /^\$\(\s{0,9}(?:cat|<)\s{0,9}"?\$\{?(\w{1,200})\}?"?\s{0,9}\)$/;

const isExported = ({ callers, name }: Seen): boolean =>
  (callers.get("export") ?? []).some(({ words }) => words.some(({ text }) => text === name));

/** Whether a function of the scripts exports what it is called for, itself or by another that it calls. */
function exportsAll(called: string, seen: Seen): boolean {
  const known = seen.exporting.get(called);
  if (known !== undefined) return known;
  seen.exporting.set(called, false);
  const does = (seen.byFunction.get(called) ?? []).some(({ words: [first, ...rest] }) => {
    if (first === undefined) return false;
    if (READER.test(first.text)) return exportsAll(first.text, seen);
    return first.text === "export" || (DECLARE.test(first.text) && rest.some(({ text }) => /^-\w*x/.test(text)));
  });
  seen.exporting.set(called, does);
  return does;
}

const DECLARE = /^(?:declare|typeset)$/;

/** Whether a command runs for certain: all tests around it hold, and its function is called from where that is so. */
function isReached(command: PlacedCommand, seen: Seen): boolean {
  const { inFunction, loops, tests } = command;
  if (isEndedBefore(command, seen)) return false;
  const own = loops.flatMap(([variable]) => variable?.text ?? []);
  if (!tests.every((test) => test !== null && holds(test, own, seen))) return false;
  if (inFunction === null) return true;
  const known = seen.called.get(inFunction);
  if (known !== undefined) return known;
  seen.called.set(inFunction, false); // one that only calls itself
  const isCalled = (seen.callers.get(inFunction) ?? []).some(
    (one) => one.inFunction !== inFunction && !one.isPiped && isReached(one, seen),
  );
  seen.called.set(inFunction, isCalled);
  return isCalled;
}

/** What another program, or nothing, may follow on; the script itself, as another user, is no other. */
function mayEnd({ words: [first, ...rest] }: PlacedCommand): boolean {
  if (first === undefined || !/^(?:exec|exit|return|break|continue|shift)$/.test(first.text)) return false;
  return first.text !== "exec" || !rest.some(({ text }) => /BASH_SOURCE|^\$\{?0\b/.test(text));
}

/** Whether the script or function may have ended before; what `exit 1` ends for a fault runs nothing at all. */
function isEndedBefore({ at, inFunction, path }: PlacedCommand, { ends }: Seen): boolean {
  return (ends.get(`${path}\0${inFunction ?? ""}`) ?? []).some(
    (one) => one.at < at && !(one.words[0]?.text === "exit" && /^[1-9]/.test(one.words[1]?.text ?? "")),
  );
}

/**
 * Whether a test certainly holds: it names the command (`[ "$1" = mysqld ]`), asks whether the script is sourced, or whether
 * the file's variable is set, or names a file. `own` are the variables of the loops around it.
 */
function holds(test: string, own: readonly string[], { argument, name, form }: Seen): boolean {
  if (/_is_sourced\b/.test(test)) return /!\s*_is_sourced/.test(test);
  if (/!=|!\s*\[|\[\s*!|\s!\s+-/.test(test)) return false;
  const variables = Array.from(test.matchAll(/\$\{?!?([A-Za-z_]\w*|[1-9@*])/g), ([, one = ""]) => one);
  const ofFile = [form, ...own];
  if (variables.length > 0 && variables.every((one) => one === name || ofFile.includes(one))) {
    const empty = Array.from(test.matchAll(/-z\s+"?\$\{?!?(\w+)/g), ([, one = ""]) => one);
    return empty.every((one) => one === name) && variables.every((one) => one !== name || empty.includes(one));
  }
  if (/\s-[ao]\s|\bfalse\b/.test(test) || variables.length === 0) return false;
  return variables.every((one) => OF_COMMAND.test(one)) && argument.some((word) => namesWord(test, word));
}

/** `originalArgOne` is MongoDB's. */
const OF_COMMAND = /^(?:1|@|\*|originalArgOne)$/;

function namesWord(test: string, word: string): boolean {
  if (word === "") return false;
  if (new RegExp(`(?<![\\w./-])${word.replace(/\W/g, "\\$&")}(?![\\w./*-])`).test(test)) return true;
  // A pattern: `apache2*`.
  return test
    .split("*")
    .slice(0, -1)
    .some((before) => {
      const start = /[\w./-]{1,200}$/.exec(before.slice(-200))?.[0];
      return start !== undefined && word.startsWith(start);
    });
}
