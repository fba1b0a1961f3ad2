import { createInterface } from "node:readline/promises";
import { printable } from "../kit/text/escape.ts";
import type { CommandContext, ParsedFlags } from "./context.ts";
import { say } from "./output.ts";

/**
 * Asks a person to type `word`, and returns whether they did. False where nobody can answer: without a terminal, in CI,
 * with --no-input, --json or --quiet.
 */
export async function typedOnTerminal(
  context: CommandContext,
  options: ParsedFlags,
  text: string,
  word: string,
): Promise<boolean> {
  const { stdin, stderr, env } = process;
  if (!stdin.isTTY || !stderr.isTTY || env["CI"] || options["input"] === false || context.json || context.quiet)
    return false;
  say(context, text);
  // The terminal itself edits the line, so that an interrupt reaches this process as everywhere else.
  const lines = createInterface({ input: stdin, output: stderr, terminal: false });
  const closed = new Promise<null>((resolve) => lines.once("close", () => resolve(null)));
  try {
    const asked = lines.question(printable(`Type ${word} to continue: `), { signal: context.signal });
    return (await Promise.race([asked, closed]))?.trim() === word;
  } finally {
    lines.close();
  }
}
