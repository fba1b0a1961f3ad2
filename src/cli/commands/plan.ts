import { text, type CommandContext, type Options } from "../context.ts";
import { findingsExit, say, writeResult } from "../output.ts";
import { planWith } from "../plan-options.ts";
import { planText } from "../views/plan-text.ts";

/** `unsprawl plan [SOURCE…] --to STORE [-o plan.json]`. */
export async function run(context: CommandContext, sources: readonly string[], options: Options): Promise<number> {
  const { plan, left, incomplete } = await planWith(context, sources, options);
  const file = text(options, "output");
  if (file !== null) await writeResult(JSON.stringify(plan), file, context);
  await writeResult(context.json ? JSON.stringify(plan) : planText(plan, process.stdout), null, context);
  if (file !== null) say(context, `saved; next: unsprawl apply ${file}`);
  return findingsExit(left, incomplete);
}
