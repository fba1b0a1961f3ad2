import { jsonText } from "../kit/text/escape.ts";
import type { Plan } from "../model/plan.ts";
import type { CommandContext } from "./context.ts";
import { say, writeResult } from "./output.ts";

/** The result of applying a plan without steps: no run is started, and nothing is contacted. */
export async function reportNothingToMove({ notMoved }: Plan, context: CommandContext): Promise<void> {
  const result = { version: 1, run: null, state: "done", units: [], exposed: [], notMoved, error: null };
  if (context.json) await writeResult(jsonText(result), null, context);
  else say(context, notMoved.length > 0 ? "nothing could be moved" : "nothing to move");
}
