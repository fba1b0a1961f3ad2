import { mustBeUndoable, rollback } from "../../core/rollback.ts";
import { EXIT } from "../../model/error.ts";
import { chooseRun } from "../choose-run.ts";
import { acceptUnsigned } from "../unsigned.ts";
import { mustBeConfirmed, restartsText } from "../confirm.ts";
import { scriptHost, type CommandContext, type ParsedFlags } from "../context.ts";
import { finishRun } from "../finish.ts";
import { say, writeIntent } from "../output.ts";
import { applyTools, planOf } from "../run-tools.ts";
import { rollbackLines } from "../views/intent-text.ts";

/** `unsprawl rollback [RUN]`: restores every container and the store as they were before the run. */
export async function run(context: CommandContext, args: readonly string[], options: ParsedFlags): Promise<number> {
  const { assembly } = context;
  const fits = ({ state }: { readonly state: string }): boolean => state === "unfinished" || state === "done";
  const id = await chooseRun(context, options, args[0], fits, "rollback");
  if ((await acceptUnsigned(context, options, id, "rollback")) === "shown") return EXIT.ok;
  const intent = rollbackLines(mustBeUndoable(id, assembly.installation()));
  if (options["dryRun"] === true) {
    await writeIntent(id, intent, context);
    return EXIT.ok;
  }
  const plan = planOf(assembly, id);
  if ((args[0] === undefined || options["yes"] !== true) && !context.json)
    for (const line of intent) say(context, line);
  await mustBeConfirmed(context, options, "rollback", `Put this back? ${restartsText(plan)}`);
  const tools = await applyTools(assembly, plan, options["breakLock"] === true);
  return finishRun(await rollback(id, tools, scriptHost(context, true)), context, options);
}
