import { bare, cmd } from "../../kit/shell.ts";
import { EXIT, UnsprawlError } from "../../model/error.ts";
import { scriptFor, SHELLS } from "../completion/index.ts";
import type { CommandContext } from "../context.ts";
import { writeResult } from "../output.ts";

/** `unsprawl completion bash|zsh|fish`: a script that asks the program what fits. */
export async function run(context: CommandContext, args: readonly string[]): Promise<number> {
  const script = scriptFor(args[0] ?? "");
  if (script === null)
    throw new UnsprawlError(
      "usage",
      `no completion for ${JSON.stringify(args[0])}`,
      cmd`unsprawl completion ${bare(SHELLS.join("|"))}`,
    );
  await writeResult(script, null, context);
  return EXIT.ok;
}
