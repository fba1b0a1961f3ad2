import { resolve } from "node:path";
import { apply } from "../../core/apply.ts";
import { clearTextWarning } from "../../core/store-place.ts";
import { jsonText } from "../../kit/text/escape.ts";
import { causeOf, EXIT, UnsprawlError } from "../../model/error.ts";
import type { Plan } from "../../model/plan.ts";
import { mustBeAnswerable, mustBeConfirmed, restartsText } from "../confirm.ts";
import { scriptHost, type CommandContext, type ParsedFlags } from "../context.ts";
import * as v from "valibot";
import { PLAN_FORM } from "../../core/journal/form.ts";
import { mustBeKnownForm } from "../../kit/io/form.ts";
import { STEP_TAILS } from "../../assembly/plug-ins.ts";
import { planFault } from "../../core/journal/plan-shape.ts";
import { mustBeOurs } from "../../core/journal/signed-plan.ts";
import { applyTools } from "../run-tools.ts";
import { finishRun } from "../finish.ts";
import { readChecked } from "../../kit/io/read.ts";
import { exitFor } from "../left-exit.ts";
import { reportNothingToMove } from "../nothing-to-move.ts";
import { say, writeResult } from "../output.ts";
import { planParts, planText } from "../views/plan-text.ts";

/** `unsprawl apply plan.json`. */
export async function run(context: CommandContext, args: readonly string[], options: ParsedFlags): Promise<number> {
  const { assembly } = context;
  const plan = readPlan(resolve(assembly.cwd, args[0] ?? ""));
  // Checked before anything that it names is contacted.
  mustBeOurs(plan, assembly.key());
  if (options["dryRun"] === true) {
    await writeResult(
      context.json ? jsonText(plan) : planText(plan, process.stdout, planParts(options)),
      null,
      context,
    );
    return EXIT.ok;
  }
  if (plan.steps.length === 0) {
    await reportNothingToMove(plan, context);
    return exitFor(plan.notMoved, false, context);
  }
  const clear = clearTextWarning(plan.store);
  if (clear !== null) say(context, `warning: ${clear}`);
  mustBeAnswerable(context, options, "apply");
  if (options["yes"] !== true) await writeResult(planText(plan, process.stdout, planParts(options)), null, context);
  await mustBeConfirmed(context, options, "apply", `Apply this plan? ${restartsText(plan)}`);
  const tools = await applyTools(assembly, plan, options["breakLock"] === true);
  const result = await apply(plan, tools, scriptHost(context, true));
  return finishRun(result, context, options);
}

function readPlan(file: string): Plan {
  let plan: unknown;
  try {
    plan = JSON.parse(readChecked(file, { named: true }).toString("utf8"));
  } catch (error) {
    throw new UnsprawlError("usage", `cannot read a plan in ${file}`, AGAIN, causeOf(error));
  }
  if (v.is(VERSIONED, plan)) mustBeKnownForm(plan.version, PLAN_FORM, `the plan ${file}`);
  const wrong = planFault(plan, STEP_TAILS);
  if (wrong !== null) throw new UnsprawlError("usage", `${file} is not a plan that can be applied: ${wrong}`, AGAIN);
  return plan as Plan;
}

const VERSIONED = v.object({ version: v.number() });
const AGAIN = "unsprawl plan --to STORE -o plan.json writes one";
