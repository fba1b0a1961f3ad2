import { createInterface } from "node:readline/promises";
import { printable } from "../kit/text/escape.ts";

/** Asks one question and returns the line that was typed, trimmed; null once nobody answers any more. */
export type Ask = (question: string) => Promise<string | null>;

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
