import { scrub } from "../../core/scrub.ts";
import { EXIT } from "../../model/error.ts";
import { scriptHost, type CommandContext, type Options } from "../context.ts";
import { writeResult } from "../output.ts";
import { applyTools, chooseRun, planOf } from "../run-tools.ts";
import { printable } from "../../text/escape.ts";

/** `unsprawl scrub [RUN]`: purges what a finished run kept for rollback. */
export async function run(context: CommandContext, args: readonly string[], options: Options): Promise<number> {
  const { assembly } = context;
  const id = chooseRun(assembly, args[0], (one) => one.state === "done", "scrub");
  const tools = await applyTools(assembly, planOf(assembly, id), options["breakLock"] === true);
  const result = await scrub(id, tools, scriptHost(context, true));
  const { removed, left } = result;
  const lines = [
    ...removed.map((name) => `removed ${printable(name)}`),
    ...left.map((text) => `left: ${printable(text)}`),
  ];
  const text = lines.length > 0 ? lines.join("\n") : "nothing was kept";
  await writeResult(context.json ? JSON.stringify(result) : text, null, context);
  return left.length > 0 ? EXIT.partly : EXIT.ok;
}
