import { apply } from "../../core/apply.ts";
import { clearTextWarning } from "../../core/store-place.ts";
import { EXIT, UnsprawlError } from "../../model/error.ts";
import { jsonText } from "../../kit/text/escape.ts";
import { scriptHost, type CommandContext, type ParsedFlags } from "../context.ts";
import { finishRun } from "../finish.ts";
import { findingsExit, say, writeResult } from "../output.ts";
import { planWith } from "../plan-options.ts";
import { applyTools } from "../run-tools.ts";
import { planText } from "../views/plan-text.ts";

/** `unsprawl migrate [SOURCE…] --to STORE --yes`: plan and apply in one; the plan is shown first. */
export async function run(context: CommandContext, sources: readonly string[], options: ParsedFlags): Promise<number> {
  const { assembly } = context;
  if (options["yes"] !== true) {
    throw new UnsprawlError(
      "usage",
      "migrate changes containers and a store: it needs --yes",
      "unsprawl plan shows what it would do; --yes does it",
    );
  }
  const { plan, provider, left, incomplete } = await planWith(context, sources, options);
  const clear = clearTextWarning(plan.store);
  if (context.json && clear !== null) say(context, `warning: ${clear}`);
  if (!context.json) await writeResult(planText(plan, process.stdout), null, context);
  if (plan.steps.length === 0) {
    if (context.json)
      await writeResult(
        jsonText({
          version: 1,
          run: null,
          state: "done",
          units: [],
          exposed: [],
          notMoved: plan.notMoved,
          error: null,
        }),
        null,
        context,
      );
    else say(context, plan.notMoved.length > 0 ? "nothing could be moved" : "nothing to move");
    return findingsExit(left, incomplete);
  }
  const tools = await applyTools(assembly, plan, options["breakLock"] === true, provider);
  const result = await apply(plan, tools, scriptHost(context, true));
  const exit = await finishRun(result, context);
  return exit === EXIT.ok ? findingsExit(left, incomplete) : exit;
}
