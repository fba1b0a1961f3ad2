import { restartCounts } from "../core/plan-text.ts";
import { countText } from "../kit/text/count.ts";
import { UnsprawlError } from "../model/error.ts";
import type { Plan } from "../model/plan.ts";
import { asking, canAsk } from "./asked.ts";
import type { CommandContext, ParsedFlags } from "./context.ts";

/**
 * Asks a person whether to go ahead, once what will happen is on the screen; `--yes` answers it. Throws `usage` where nobody
 * can answer, `interrupted` for any answer but yes: nothing was changed then.
 */
export async function mustBeConfirmed(
  context: CommandContext,
  options: ParsedFlags,
  verb: string,
  question: string,
): Promise<void> {
  if (options["yes"] === true) return;
  if (!canAsk(context, options)) throw needsYes(verb);
  const answer = await asking(context.signal, (ask) => ask(`${question} [y/N] `)).catch((error: unknown) => {
    if (error instanceof Error && error.name === "AbortError") return null;
    throw error;
  });
  // After the end of the input the cursor is still on the line of the question.
  if (answer === null) process.stderr.write("\n");
  if (!/^y(?:es)?$/i.test(answer ?? "")) throw new UnsprawlError("interrupted", "cancelled: nothing was changed");
}

/** For a command that would change something and cannot ask: throws before anything is contacted. */
export function mustBeAnswerable(context: CommandContext, options: ParsedFlags, verb: string): void {
  if (options["yes"] !== true && !canAsk(context, options)) throw needsYes(verb);
}

const needsYes = (verb: string): UnsprawlError =>
  new UnsprawlError(
    "usage",
    `${verb} changes containers and a store, and nobody can be asked here: it needs --yes`,
    verb === "resume" ? "add --yes" : "add --dry-run to see what it would do, or --yes to do it",
  );

/** `3 containers restart.`, for a question. */
export function restartsText(plan: Pick<Plan, "steps">): string {
  const { containers, tasks } = restartCounts(plan);
  const counted = [
    ...(containers > 0 ? [countText(containers, "container")] : []),
    ...(tasks > 0 ? [countText(tasks, "task")] : []),
  ];
  if (counted.length === 0) return "Nothing restarts.";
  return `${counted.join(" and ")} ${containers + tasks === 1 ? "restarts" : "restart"}.`;
}
