import { rollback } from "../../core/rollback.ts";
import { scriptHost, type CommandContext, type ParsedFlags } from "../context.ts";
import { finishRun } from "../finish.ts";
import { applyTools, chooseRun, planOf } from "../run-tools.ts";

/** `unsprawl rollback [RUN]`: restores every container and the store as they were before the run. */
export async function run(context: CommandContext, args: readonly string[], options: ParsedFlags): Promise<number> {
  const { assembly } = context;
  const id = chooseRun(assembly, args[0], (one) => one.state === "unfinished" || one.state === "done", "rollback");
  const tools = await applyTools(assembly, planOf(assembly, id), options["breakLock"] === true);
  return finishRun(await rollback(id, tools, scriptHost(context, true)), context);
}
