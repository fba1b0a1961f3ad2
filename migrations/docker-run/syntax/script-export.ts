import { BLIND_PROGRAMS, BLIND_VERBS } from "../../../src/files/blind-commands.ts";
import { functionsIn, type ScriptCommands } from "./script-index.ts";
import type { RunCommand } from "./shell-run.ts";
import type { ShellWord } from "../../../src/kit/text/shell-words.ts";

/**
 * The first command of a script that may read a variable which the script exports; null if each is one that does not look at
 * such variables, or a function of the script, whose commands count.
 */
export function exportedTo(
  text: string,
  commands: ScriptCommands,
  runs: readonly RunCommand[],
  name: string,
): ShellWord | null {
  for (const { words, env, flags } of runs) {
    // `-e NAME` takes it from there, and so does a line `NAME` in a file of variables.
    const taken = env.find(({ variable, content }) => content === null && variable === name);
    const file = flags.find((flag) => flag.name === "env-file");
    const found = words[taken?.flag ?? file?.flag ?? -1];
    if (found !== undefined) return found;
  }
  const defined = functionsIn(text);
  const hidden = hasHiddenCommands(text);
  for (const words of commands) {
    const at = words.findIndex(({ text }) => !BEFORE.test(text));
    const program = words[at];
    if (program === undefined) continue;
    if (hidden || !isHarmless(words.slice(at), name, defined)) return program;
  }
  return null;
}

function isHarmless(words: readonly ShellWord[], name: string, defined: ReadonlySet<string>): boolean {
  const [program, ...rest] = words;
  if (program === undefined || program.expands) return false;
  const called = program.text.slice(program.text.lastIndexOf("/") + 1);
  // What a signal runs is a text, but for a function's name.
  if (called === "trap") return ["", "-", ...defined].includes(rest[0]?.text ?? "");
  if (!/^(?:docker|podman)$/.test(called)) return BLIND_PROGRAMS.has(called) || defined.has(called);
  const verb = rest.find(({ text }) => !text.startsWith("-"))?.text ?? "";
  // `docker exec -e NAME` takes it from there too.
  const takes = new RegExp(`^(?:-[a-z]*e=?|--env=)?${name}$|^--env-file`);
  return BLIND_VERBS.test(verb) && !rest.some(({ text }) => takes.test(text));
}

/** Whether a script may run commands that are not read: those in backquotes, and in here-documents. */
function hasHiddenCommands(text: string): boolean {
  const body = text.indexOf("<<");
  return text.includes("`") || (body >= 0 && text.includes("$(", body));
}

/** What may precede a program. */
const BEFORE =
  /^(?:[A-Za-z_]\w*\+?=.*|if|then|elif|else|fi|while|until|for|do|done|case|esac|!|\{|\}|time|sudo|exec|command)$/s;
