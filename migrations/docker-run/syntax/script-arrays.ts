import { countBelow } from "../../../src/kit/sorted.ts";
import { lineStart } from "../../../src/kit/text/splice.ts";
import type { ShellWord } from "../../../src/kit/text/shell-words.ts";
import { scriptIndex, type ScriptCommands } from "./script-index.ts";
import { reaches } from "./script-own.ts";

/**
 * Commands with the words of arrays (`args=(-e A=b)`) in place of `"${args[@]}"`, and the commands that are such words.
 * An array that is set twice or only in a branch, or used twice, stays as it is.
 */
export function withArrays(
  text: string,
  commands: ScriptCommands,
): { readonly commands: ScriptCommands; readonly parts: ReadonlySet<readonly ShellWord[]> } {
  const parts = new Set<readonly ShellWord[]>();
  const { sorted, starts, counts, arrays } = scriptIndex(text, commands);
  const wordsOf = (name: string, user: number): ShellWord[] | null => {
    const open = arrays.get(name);
    if (counts.get(name) !== 2 || open === undefined) return null;
    if (text.slice(lineStart(text, open), open).trim() !== "") return null;
    const inside: (readonly ShellWord[])[] = [];
    let end = open + name.length + 2;
    for (let at = countBelow(starts, end); at < sorted.length; at++) {
      const command = sorted[at] ?? [];
      const [first, last] = [command[0], command.at(-1)];
      if (first === undefined || last === undefined || first.start < end) continue;
      // Line ends separate commands, but only words here.
      if (!/^(?:\s|\\\r?\n|#.*\n)*$/.test(text.slice(end, first.start))) break;
      inside.push(command);
      end = last.end;
    }
    if (!reaches(text, commands, { start: open, end }, user)) return null;
    for (const command of inside) parts.add(command);
    return inside.flat();
  };
  const spliced = commands.map((words) => {
    if (!words.some((word) => /docker|podman/.test(word.text))) return words;
    return words.flatMap((word): readonly ShellWord[] => {
      const [, name] = /^"?\$\{([A-Za-z_]\w{0,254})\[@\]\}"?$/.exec(text.slice(word.start, word.end)) ?? [];
      return (name === undefined ? null : wordsOf(name, word.start)) ?? [word];
    });
  });
  return { commands: spliced, parts };
}
