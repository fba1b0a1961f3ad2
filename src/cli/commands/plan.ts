import { UnsprawlError } from "../../model/error.ts";
import type { Plan } from "../../model/plan.ts";
import { cmd } from "../../kit/shell.ts";
import { jsonText } from "../../kit/text/escape.ts";
import { textFlag, type CommandContext, type ParsedFlags } from "../context.ts";
import { exitFor } from "../left-exit.ts";
import { say, sayNext, writeResult } from "../output.ts";
import { planWith } from "../plan-options.ts";
import { planParts, planText } from "../views/plan-text.ts";

/** `unsprawl plan [SOURCE…] --to STORE [-o plan.json]`. */
export async function run(context: CommandContext, sources: readonly string[], options: ParsedFlags): Promise<number> {
  const format = textFlag(options, "format");
  if (context.json && format !== null && format !== "json")
    throw new UnsprawlError("usage", `--json and --format ${format} are two formats`, "give one of them");
  const { plan, left, incomplete } = await planWith(context, sources, options);
  const file = textFlag(options, "output");
  const isTicket = format === "markdown";
  if (file !== null && !isTicket) {
    mustBeSavable(plan, context);
    await writeResult(jsonText(plan), file, context);
  }
  await writeResult(await printed(plan, context, options), isTicket ? file : null, context);
  if (file !== null) say(context, cmd`wrote ${file}`);
  if (file !== null && !isTicket && plan.steps.length > 0) sayNext(context, cmd`unsprawl apply ${file}`);
  return exitFor(left, incomplete, context);
}

async function printed(plan: Plan, context: CommandContext, options: ParsedFlags): Promise<string> {
  const format = textFlag(options, "format");
  if (context.json || format === "json") return jsonText(plan);
  if (format === "markdown") return (await import("../views/plan-markdown.ts")).planMarkdown(plan);
  return planText(plan, process.stdout, planParts(options));
}

/**
 * Throws if a value is also a name or a path that the plan acts on: it cannot be masked there, and must not be saved.
 */
function mustBeSavable(plan: Plan, { assembly }: CommandContext): void {
  const written = jsonText(plan);
  if (assembly.redactor.guard(written) !== written)
    throw new UnsprawlError(
      "refused",
      "a secret's value is also part of a name or a path in this plan, and a saved plan would show it",
      "unsprawl migrate does the same without a file",
    );
}
