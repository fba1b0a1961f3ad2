import { shellCommands } from "../kit/text/shell-words.ts";

/** The words of a command as a JSON list, which is how an engine stores it; a list stays as it is. */
export function commandWords(command: string): string {
  if (command.trimStart().startsWith("[")) return command;
  const words = shellCommands(command).flatMap((one) => one.map(({ text }) => text));
  return words.length === 0 ? "" : JSON.stringify(words);
}
