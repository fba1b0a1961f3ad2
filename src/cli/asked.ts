import { createInterface } from "node:readline/promises";
import { printable } from "../kit/text/escape.ts";
import type { CommandContext, ParsedFlags } from "./context.ts";

/** Asks one question and returns the line that was typed, trimmed; null once nobody answers any more. */
export type Ask = (question: string) => Promise<string | null>;

/** True where a person can answer: on a terminal, but not in CI, nor with --no-input, --json or --quiet. */
export function canAsk(context: Pick<CommandContext, "json" | "quiet">, options: ParsedFlags): boolean {
  const { stdin, stderr, env } = process;
  return stdin.isTTY && stderr.isTTY && !env["CI"] && options["input"] !== false && !context.json && !context.quiet;
}

/** Questions on stderr, until `use` has its answers. An interrupt rejects with AbortError. */
export async function asking<T>(signal: AbortSignal, use: (ask: Ask) => Promise<T>): Promise<T> {
  // The terminal itself edits the line, so that an interrupt reaches this process as everywhere else.
  const lines = createInterface({ input: process.stdin, output: process.stderr, terminal: false });
  const closed = new Promise<null>((resolve) => lines.once("close", () => resolve(null)));
  try {
    return await use(async (question) => {
      const answer = await Promise.race([lines.question(printable(question), { signal }), closed]);
      return answer?.trim() ?? null;
    });
  } finally {
    lines.close();
  }
}
