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
  if (!scripts.every(({ text }) => isShell(text))) return () => false;
  const script = scripts.flatMap(({ path, text }) => scriptCommands(text).map((one) => ({ ...one, path })));
  const argument = firstArgument(subject, scripts, script);
  return (name) => {
    const seen: Seen = { script, name, form: `${name}_FILE`, argument };
    return script.some((command) => isReading(command, seen) && isReached(command, seen));
  };
}

type PlacedCommand = ScriptCommand & { readonly path: string };

type Seen = {
  readonly script: readonly PlacedCommand[];
  readonly name: string;
  readonly form: string;
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
  if (first === undefined) return false;
  const texts = rest.map(({ text }) => text);
  const names = [
    seen.name,
    ...namesBehind(
      seen.script.flatMap(({ words }) => words.map(({ text }) => text)),
      seen.name,
    ),
  ];
  if (READER.test(first.text) && names.some((one) => texts.includes(one))) return exportsAll(first.text, seen);
  const reads = new RegExp(`\\$\\{?${seen.form}(?!\\w)`);
  const sets = (text: string): boolean => text.startsWith(`${seen.name}=`) && reads.test(text);
  if (EXPORT.test(first.text)) {
    const listed = command.loops.some((words) => words.some(({ text }) => text === seen.form));
    return texts.some(sets) || (listed && texts.some((text) => text.startsWith("$")));
  }
  const isExported = seen.script.some(
    ({ words: [by, ...what] }) =>
      by !== undefined && EXPORT.test(by.text) && what.some(({ text }) => text === seen.name),
  );
  return sets(first.text) && isExported;
}

const EXPORT = /^(?:export|declare|typeset)$/;

/** Whether a function of the scripts exports what it is called for, itself or by another that it calls. */
function exportsAll(called: string, seen: Seen, depth = 0): boolean {
  return seen.script.some(({ inFunction, words: [first, ...rest] }) => {
    if (inFunction !== called || first === undefined || depth > DEEPEST) return false;
    if (READER.test(first.text)) return exportsAll(first.text, seen, depth + 1);
    return first.text === "export" || (EXPORT.test(first.text) && rest.some(({ text }) => /^-\w*x/.test(text)));
  });
}

/** Whether a command runs for certain: all tests around it hold, and its function is called from where that is so. */
function isReached(command: PlacedCommand, seen: Seen, depth = 0): boolean {
  const { inFunction, loops, tests } = command;
  if (depth > DEEPEST || isReplacedBefore(command, seen)) return false;
  const own = loops.flatMap(([variable]) => variable?.text ?? []);
  if (!tests.every((test) => test !== null && holds(test, own, seen))) return false;
  if (inFunction === null) return true;
  return seen.script.some(
    (one) => one.words[0]?.text === inFunction && one.inFunction !== inFunction && isReached(one, seen, depth + 1),
  );
}

const DEEPEST = 6;

/** Whether another program may have taken the script's place already; the script itself, as another user, is no other. */
function isReplacedBefore({ at, inFunction, path }: PlacedCommand, { script }: Seen): boolean {
  return script.some(
    (one) =>
      one.at < at &&
      one.inFunction === inFunction &&
      one.path === path &&
      one.words[0]?.text === "exec" &&
      !one.words.some(({ text }) => /BASH_SOURCE|^\$\{?0\b/.test(text)),
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
  return variables.some((one) => OF_COMMAND.test(one)) && argument.some((word) => namesWord(test, word));
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
