import type { ShellWord } from "../../kit/text/shell-words.ts";
import { parseUnit, wordsOf } from "./unit-file.ts";

/** `-`, `@` and the like before the program say how it is run. */
const PREFIX = /^[-@:+!|]*/;

/**
 * The commands of a systemd unit's `Exec…=` lines as words, as the commands receive them (systemd.service(5), COMMAND
 * LINES): a single `;` begins another command, `$$` and `%%` stand for one character. `only`: those of this section.
 */
export function unitCommands(text: string, only: string | null = null): ShellWord[][] {
  return parseUnit(text)
    .filter(({ key, section }) => key.startsWith("Exec") && (only === null || section === only))
    .flatMap((setting) => {
      const commands: ShellWord[][] = [[]];
      for (const { text: said, start, end } of wordsOf(setting)) {
        const command = commands.at(-1) ?? [];
        if (text.slice(start, end) === ";") commands.push([]);
        else {
          const own = command.length === 0 ? said.replace(PREFIX, "") : said;
          const left = own.replaceAll(/\$\$|%%/g, "");
          // `$NAME` in single quotes too: here quotes only keep blanks together.
          const expands = /\$[\w{]|%\w/.test(left);
          command.push({ start, end, text: own.replaceAll(/([$%])\1/g, "$1"), expands });
        }
      }
      return commands.filter((command) => command.length > 0);
    });
}
