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
  const answer = await asking(context.signal, (ask) => ask(`${question} [y/N] `));
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
export function restartsText({ steps }: Pick<Plan, "steps">): string {
  const count = steps.filter(({ kind }) => kind === "recreate").length;
  return count === 0
    ? "Nothing restarts."
    : `${countText(count, "container")} ${count === 1 ? "restarts" : "restart"}.`;
}
