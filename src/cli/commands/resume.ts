import { resume } from "../../core/apply.ts";
import { rollback, rollbackBegun } from "../../core/rollback.ts";
import { chooseRun } from "../choose-run.ts";
import { acceptUnsigned } from "../unsigned.ts";
import { scriptHost, type CommandContext, type ParsedFlags } from "../context.ts";
import { finishRun } from "../finish.ts";
import { applyTools, planOf } from "../run-tools.ts";

/** `unsprawl resume [RUN]`: continues where the run's process ended, with applying or with rolling back. */
export async function run(context: CommandContext, args: readonly string[], options: ParsedFlags): Promise<number> {
  const { assembly } = context;
  const id = await chooseRun(context, options, args[0], (one) => one.state === "unfinished", "resume");
  await acceptUnsigned(context, options, id, "resume");
  const tools = await applyTools(assembly, planOf(assembly, id), options["breakLock"] === true);
  const act = rollbackBegun(id, assembly.installation()) ? rollback : resume;
  return finishRun(await act(id, tools, scriptHost(context, true)), context);
}
