import type { RunResult } from "../core/apply.ts";
import { EXIT } from "../model/error.ts";
import type { CommandContext } from "./context.ts";
import { printError, writeResult } from "./output.ts";
import { runText } from "./views/run-text.ts";

/** Prints how a run ended and returns its exit code. */
export async function finishRun(result: RunResult, context: CommandContext): Promise<number> {
  const { error, ...rest } = result;
  const reduced = error === null ? null : { code: error.code, message: error.message, hint: error.hint };
  await writeResult(
    context.json ? JSON.stringify({ ...rest, error: reduced }) : runText(result, process.stdout),
    null,
    context,
  );
  return error === null ? EXIT.ok : printError(error, context);
}
