import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { apply } from "../../core/apply.ts";
import { causeOf, UnsprawlError } from "../../model/error.ts";
import type { Plan } from "../../model/plan.ts";
import { scriptHost, type CommandContext, type Options } from "../context.ts";
import { applyTools } from "../run-tools.ts";
import { finishRun } from "../finish.ts";

/** `unsprawl apply plan.json`. */
export async function run(context: CommandContext, args: readonly string[], options: Options): Promise<number> {
  const { assembly } = context;
  const plan = readPlan(resolve(assembly.cwd, args[0] ?? ""));
  const tools = await applyTools(assembly, plan, options["breakLock"] === true);
  const result = await apply(plan, tools, scriptHost(context, true));
  return finishRun(result, context);
}

function readPlan(file: string): Plan {
  let plan: Plan;
  try {
    plan = JSON.parse(readFileSync(file, "utf8")) as Plan;
  } catch (error) {
    throw new UnsprawlError(
      "usage",
      `cannot read a plan in ${file}`,
      "unsprawl plan --to STORE -o plan.json writes one",
      causeOf(error),
    );
  }
  const sound =
    typeof plan === "object" &&
    plan !== null &&
    plan.version === 1 &&
    /^\d{8}-\d{6}-[0-9a-f]{4}$/.test(plan.id) &&
    Array.isArray(plan.steps) &&
    plan.steps.every(
      (step) => typeof step?.id === "string" && typeof step.unit === "string" && typeof step.kind === "string",
    );
  if (!sound)
    throw new UnsprawlError(
      "usage",
      `${file} is not a plan of this version`,
      "unsprawl plan --to STORE -o plan.json writes one",
    );
  return plan;
}
