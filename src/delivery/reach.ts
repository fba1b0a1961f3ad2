import type { DeliverySubject } from "../contract/delivery.ts";
import { codeOf, namesBehind, READER, type EntrypointScript } from "./entrypoint.ts";
import { scriptCommands, type ScriptCommand } from "./script-commands.ts";
import { holds } from "./shell-test.ts";

/**
 * Which variables the entrypoint's scripts, called as this subject calls them, read from NAME_FILE and export: only what
 * certainly runs counts, and what runs another program before ends the search.
 */
export function exportedFromFiles(
  subject: Pick<DeliverySubject, "entrypoint" | "cmd">,
  scripts: readonly EntrypointScript[],
): (name: string) => boolean {
  const size = scripts.reduce((sum, { text }) => sum + text.length, 0);
  if (size > MOST_TEXT || !scripts.every(({ text }) => isShell(text)) || isUnclear(scripts)) return () => false;
  const script = scripts.flatMap(({ path, text }) => scriptCommands(text).map((one) => ({ ...one, path })));
  if (script.length > MOST_COMMANDS) return () => false;
  const known = {
    ...firstArgument(subject, scripts, script),
    aliases: aliasesIn(script),
    texts: script.flatMap(({ words }) => words.map(({ text }) => text)),
    byFunction: Map.groupBy(script, ({ inFunction }) => inFunction),
    callers: Map.groupBy(script, ({ words }) => words[0]?.text),
    ends: Map.groupBy(script.filter(mayEnd), placeOf),
  };
  return (name) => {
    const names = new Set([name, ...namesBehind(known.texts, name)]);
    const form = `${name}_FILE`;
    const firstSet = firstSets(script, name, form);
    const seen: Seen = { ...known, name, form, names, firstSet, exporting: new Map(), called: new Map() };
    return script.some((one) => isReading(one, seen) && isReached(one, seen) && !isSetBefore(one, seen));
  };
}

/** Larger ones are nobody's entrypoint, and are not read: in characters, and in commands. */
const [MOST_TEXT, MOST_COMMANDS] = [256 * 1024, 4000];

type PlacedCommand = ScriptCommand & { readonly path: string };

type Seen = {
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
  /** By script and function: where the variable is first set there. */
  readonly firstSet: ReadonlyMap<string, number>;
  /** Functions that were looked at: whether they export, and whether they are called for certain. */
  readonly exporting: Map<string, boolean>;
  readonly called: Map<string, boolean>;
  /** What the scripts see as `$1`: one of these; empty if that is not known. */
  readonly argument: readonly string[];
  /** What `$1` is before the scripts put anything else there. */
  readonly original: readonly string[];
  /** Variables that are `$1` as it was then. */
  readonly aliases: ReadonlySet<string>;
};

const isShell = (text: string): boolean => !text.startsWith("#!") || /^#!.*(?:sh|bash)\b/.test(text);

/** Whether scripts do what is not followed here: subshells, aliases, functions that are defined twice or hide a command. */
function isUnclear(scripts: readonly EntrypointScript[]): boolean {
  const lines = scripts.flatMap(({ text }) => codeOf(text));
  const defined = lines.flatMap((line) => /^\s*(?:function\s+)?([\w.-]+)\s*\(\s*\)/.exec(line)?.[1] ?? []);
  return (
    new Set(defined).size < defined.length ||
    defined.some((name) => /^(?:export|exec|exit|return|set|unset|cat|test|declare|typeset)$/.test(name)) ||
    lines.some((line) => SUBSHELL.test(line) || /^\s*alias\s/.test(line))
  );
}

/** `( … )` where a command begins, but not arithmetic. */
const SUBSHELL = /(?:^|[;&|{}]|\b(?:then|do|else))\s{0,200}\((?!\()/;

/** `$1` of the first script. Before options, the scripts put a program that they name: `set -- mysqld "$@"`. */
function firstArgument(
  { entrypoint, cmd }: Pick<DeliverySubject, "entrypoint" | "cmd">,
  [first]: readonly EntrypointScript[],
  script: readonly PlacedCommand[],
): Pick<Seen, "argument" | "original"> {
  const argv = [...entrypoint, ...cmd];
  const at = argv.findIndex(
    (word) => word !== "" && `/${first?.path ?? ""}`.endsWith(`/${word.replace(/^\.?\//, "")}`),
  );
  const argument = argv[at + 1] ?? "";
  const put = script.filter(
    ({ inFunction, words }) => putsBefore(words) && (inFunction === null || isMain(inFunction)),
  );
  const forOptions = put.filter(({ tests }) => tests.length > 0 && tests.every(asksForOption));
  const original = argument.startsWith("-")
    ? forOptions.flatMap(({ words: [, , word] }) => (word === undefined || word.expands ? [] : word.text))
    : [argument];
  return { original, argument: put.length > forOptions.length ? [] : original };
}

/** `set -- program "$@"`, which makes the program `$1`; not `set -- "$@" --option`. */
const putsBefore = ([first, second, third]: ScriptCommand["words"]): boolean =>
  first?.text === "set" && second?.text === "--" && third?.text !== "$@";

/** `[ "${1:0:1}" = '-' ]`, `[ "${1#-}" != "$1" ]`. */
const asksForOption = (test: string | null): boolean => test !== null && /"\$\{1(?::0:1\}" =|#-\}" !=)/.test(test);

/** Docker's library calls its main function `_main "$@"`. */
const isMain = (name: string): boolean => name === "_main" || name === "main";

const aliasesIn = (script: readonly PlacedCommand[]): ReadonlySet<string> => {
  const set = script.flatMap(({ words: [word, ...more] }) => (more.length > 0 ? [] : (word?.text ?? "")));
  const before = script.flatMap(({ inFunction, tests, words: [word], words }) => {
    const [, variable] = /^(\w+)=\$\{?1\}?$/.exec(word?.text ?? "") ?? [];
    return variable !== undefined && inFunction === null && tests.length === 0 && words.length === 1 ? variable : [];
  });
  return new Set(before.filter((one) => set.filter((text) => text.startsWith(`${one}=`)).length === 1));
};

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
  // A loop over what a variable has may run not once.
  if (!loops.every(([, , ...items]) => items.some(({ expands }) => !expands))) return false;
  const callers = inFunction === null ? [] : (seen.callers.get(inFunction) ?? []);
  const context = {
    // A function has its own `$1`, unless it is called with all of them.
    argument: callers.every(({ words }) => words[1]?.text === "$@") ? seen.argument : [],
    original: seen.original,
    name: seen.name,
    forms: [seen.form, ...loops.flatMap(([variable]) => variable?.text ?? [])],
    aliases: seen.aliases,
  };
  if (!tests.every((test) => test !== null && holds(test, context))) return false;
  if (inFunction === null) return true;
  const known = seen.called.get(inFunction);
  if (known !== undefined) return known;
  seen.called.set(inFunction, false); // one that only calls itself
  const isCalled = callers.some((one) => one.inFunction !== inFunction && !one.isPiped && isReached(one, seen));
  seen.called.set(inFunction, isCalled);
  return isCalled;
}

/** Whether the script gives the variable or its file's variable a value before, or takes it away: a default, as in `: ${NAME:=x}`. */
function isSetBefore({ at, inFunction, path }: PlacedCommand, { firstSet }: Seen): boolean {
  // What stands outside of functions runs before any of them is called.
  if (inFunction !== null && firstSet.has(placeOf({ path, inFunction: null }))) return true;
  return (firstSet.get(placeOf({ path, inFunction })) ?? Number.POSITIVE_INFINITY) < at;
}

const placeOf = ({ path, inFunction }: Pick<PlacedCommand, "path" | "inFunction">): string =>
  `${path}\0${inFunction ?? ""}`;

/** Where each script and function sets, or takes away, one of these first. */
function firstSets(script: readonly PlacedCommand[], name: string, form: string): ReadonlyMap<string, number> {
  const first = new Map<string, number>();
  for (const one of script) {
    const isUnset = one.words[0]?.text === "unset";
    const sets = one.words.some(
      ({ text }) =>
        [name, form].some(
          (own) => text.startsWith(`${own}=`) || text.includes(`\${${own}:=`) || text.includes(`\${${own}=`),
        ) ||
        (isUnset && text === form),
    );
    const place = placeOf(one);
    if (sets) first.set(place, Math.min(one.at, first.get(place) ?? one.at));
  }
  return first;
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
