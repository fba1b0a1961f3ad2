import { resume } from "../../core/apply.ts";
import type { Assembly } from "../../assembly/index.ts";
import { listRuns } from "../../core/journal/runs.ts";
import { movedText } from "../../core/moved-text.ts";
import { rollback, rollbackBegun } from "../../core/rollback.ts";
import { chooseRun } from "../choose-run.ts";
import { acceptUnsigned } from "../unsigned.ts";
import { mustBeConfirmed } from "../confirm.ts";
import { scriptHost, type CommandContext, type ParsedFlags } from "../context.ts";
import { cmd } from "../../kit/shell.ts";
import { EXIT } from "../../model/error.ts";
import { say } from "../output.ts";
import { finishRun } from "../finish.ts";
import { applyTools, planOf } from "../run-tools.ts";

/** `unsprawl resume [RUN]`: continues where the run's process ended, with applying or with rolling back. */
export async function run(context: CommandContext, args: readonly string[], options: ParsedFlags): Promise<number> {
  const { assembly } = context;
  const id = await chooseRun(context, options, args[0], (one) => one.state === "unfinished", "resume");
  await acceptUnsigned(context, options, id, "resume");
  if (!context.json && isOver(id, assembly)) {
    say(context, cmd`run ${id} has ended: nothing to resume; unsprawl runs ${id} shows how it went`);
    return EXIT.ok;
  }
  const plan = planOf(assembly, id);
  const isBack = rollbackBegun(id, assembly.installation());
  const question = `Continue to ${isBack ? "put back" : "apply"} run ${id}, which moves ${movedText(plan)}?`;
  await mustBeConfirmed(context, options, "resume", question);
  const tools = await applyTools(assembly, plan, options["breakLock"] === true);
  const act = isBack ? rollback : resume;
  return finishRun(await act(id, tools, scriptHost(context, true)), context, options);
}

/** Whether nothing of the run is left to do: all of it is done, purged or put back. */
function isOver(id: string, assembly: Assembly): boolean {
  const { state, units } = listRuns(assembly.installation()).find(({ run }) => run === id) ?? {};
  if (state === "scrubbed" || state === "rolled back") return true;
  return state === "done" && units?.every((one) => one.state === "done") === true;
}
