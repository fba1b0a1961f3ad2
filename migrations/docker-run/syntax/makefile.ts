import { shellCommands, type ShellWord, type TextRange } from "../../../src/kit/text/shell-words.ts";

/** What make itself reads before a command: it prints no line with `@`, ignores a failure with `-`. */
const PREFIX = /^\t[ \t@+-]*/;
const CONTINUED_PREFIX = /^\t?/;

/** `PASSWORD ?= value`: make's own, with a comment after it. */
const SETS =
  /^(?:export[ \t]+|override[ \t]+)*([A-Za-z_]\w{0,254})[ \t]*(?:[:?+]{0,3}=)[ \t]*([^\n]*?)[ \t]*(?:#[^\n]*)?\r?$/;

/**
 * The commands of a makefile's recipes as words, as make hands them to the shell: `$$` is a dollar sign of the shell's,
 * any other one is make's and fills something in, in single quotes too. A variable that make sets is a command that sets
 * it.
 */
export function makefileCommands(text: string, bodies: TextRange[] = [], open: number[] = []): ShellWord[][] {
  let [start, inRecipe] = [0, false];
  let recipes = "";
  const settings: ShellWord[][] = [];
  for (const line of text.split(/(?<=\n)/)) {
    const isRecipe = line.startsWith("\t") || inRecipe;
    const front = isRecipe ? ((inRecipe ? CONTINUED_PREFIX : PREFIX).exec(line)?.[0].length ?? 0) : line.length;
    recipes += line.slice(0, front).replaceAll(/[^\n\r]/g, " ") + line.slice(front);
    const [, name = "", value = ""] = (isRecipe ? null : SETS.exec(line.replace(/\n$/, ""))) ?? [];
    if (name !== "")
      settings.push([{ start, end: start + line.trimEnd().length, ...received(`${name}=${value}`, false) }]);
    inRecipe = isRecipe && /\\\r?\n$/.test(line);
    start += line.length;
  }
  const commands = shellCommands(recipes, bodies, open).map((words) =>
    words.map((word) => ({ ...word, ...received(word.text, word.expands) })),
  );
  return [...settings, ...commands];
}

function received(text: string, expands: boolean): Pick<ShellWord, "text" | "expands"> {
  if (expands || text.replaceAll("$$", "").includes("$")) return { text, expands: true };
  return { text: text.replaceAll("$$", "$"), expands: false };
}
