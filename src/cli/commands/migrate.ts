import { apply } from "../../core/apply.ts";
import { DEFAULT_SOURCES } from "../../assembly/plug-ins.ts";
import { movedText } from "../../core/moved-text.ts";
import { cmd } from "../../kit/shell.ts";
import { clearTextWarning } from "../../core/store-place.ts";
import { EXIT, UnsprawlError } from "../../model/error.ts";
import type { Plan } from "../../model/plan.ts";
import { mustBeAnswerable, mustBeConfirmed, restartsText } from "../confirm.ts";
import { scriptHost, textFlag, type CommandContext, type ParsedFlags } from "../context.ts";
import { finishRun } from "../finish.ts";
import { exitFor } from "../left-exit.ts";
import { reportNothingToMove } from "../nothing-to-move.ts";
import { say, writeResult } from "../output.ts";
import { planWith } from "../plan-options.ts";
import { applyTools } from "../run-tools.ts";
import { typedOnTerminal } from "../typed.ts";
import { planParts, planText } from "../views/plan-text.ts";

/** `unsprawl migrate [SOURCE…] --to STORE --yes`: plan and apply in one; the plan is shown first. */
export async function run(context: CommandContext, sources: readonly string[], options: ParsedFlags): Promise<number> {
  const { assembly } = context;
  if (options["dryRun"] === true) return (await import("./plan.ts")).run(context, sources, options);
  const to = textFlag(options, "to");
  // A mistyped store is named before anything is asked for.
  if (to !== null && !(await assembly.knownStores()).includes(to)) await assembly.store(to, sources);
  mustBeAnswerable(context, options, "migrate");
  const { plan, provider, left, incomplete } = await planWith(context, sources, options);
  const clear = clearTextWarning(plan.store);
  if (context.json && clear !== null) say(context, `warning: ${clear}`);
  if (!context.json) await writeResult(planText(plan, process.stdout, planParts(options)), null, context);
  if (plan.steps.length === 0) {
    await reportNothingToMove(plan, context);
    return exitFor(left, incomplete, context);
  }
  if (sources.length === 0 && !(await isTyped(plan, context, options))) {
    throw new UnsprawlError(
      "usage",
      `no source: ${countText(plan)} would move`,
      cmd`unsprawl migrate ${DEFAULT_SOURCES[0] ?? ""} --to ${plan.store.name} --yes moves them all; nothing was changed`,
    );
  }
  if (sources.length > 0)
    await mustBeConfirmed(context, options, "migrate", `Move ${movedText(plan)}? ${restartsText(plan)}`);
  const tools = await applyTools(assembly, plan, options["breakLock"] === true, provider);
  const result = await apply(plan, tools, scriptHost(context, true));
  const exit = await finishRun(result, context, options, plan.notMoved);
  if (exit !== EXIT.ok) return exit;
  return exitFor(left, incomplete, context);
}

/** Without a source every secret of the engine moves: a person types what they did not name. */
async function isTyped(plan: Plan, context: CommandContext, options: ParsedFlags): Promise<boolean> {
  const source = DEFAULT_SOURCES.join(" ");
  return typedOnTerminal(context, options, `No source was given: ${countText(plan)} will move.`, source);
}

/** `5 secrets in 2 containers of docker:`. */
function countText(plan: Plan): string {
  return `${movedText(plan)} of ${DEFAULT_SOURCES.join(" ")}`;
}
