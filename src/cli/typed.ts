import { asking } from "./asked.ts";
import { type CommandContext, type ParsedFlags, canAsk } from "./context.ts";
import { say } from "./output.ts";

/** Asks a person to type `word`, and returns whether they did. False where nobody can answer. */
export async function typedOnTerminal(
  context: CommandContext,
  options: ParsedFlags,
  text: string,
  word: string,
): Promise<boolean> {
  if (!canAsk(context, options)) return false;
  say(context, text);
  return asking(context.signal, async (ask) => (await ask(`Type ${word} to continue: `)) === word);
}
