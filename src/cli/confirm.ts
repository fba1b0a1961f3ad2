import { restartCounts } from "../core/plan-text.ts";
import { countText } from "../kit/text/count.ts";
import { bare, cmd } from "../kit/shell.ts";
import { UnsprawlError } from "../model/error.ts";
import type { Plan } from "../model/plan.ts";
import { asking } from "./asked.ts";
import { type CommandContext, type ParsedFlags, canAsk } from "./context.ts";
import { say } from "./output.ts";

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
  if (!(await isYes(context, question))) throw new UnsprawlError("interrupted", "cancelled: nothing was changed");
}

/** Offers a person something more: false where nobody can answer, or with `--yes`, which answers for what was typed alone. */
export async function isWanted(context: CommandContext, options: ParsedFlags, question: string): Promise<boolean> {
  return options["yes"] !== true && canAsk(context, options) && (await isYes(context, question));
}

async function isYes(context: CommandContext, question: string): Promise<boolean> {
  const answer = await asking(context.signal, (ask) => ask(`${question} [y/N] `)).catch((error: unknown) => {
    if (error instanceof Error && error.name === "AbortError") return null;
    throw error;
  });
  // After the end of the input the cursor is still on the line of the question.
  if (answer === null) process.stderr.write("\n");
  return /^y(?:es)?$/i.test(answer ?? "");
}

/** For a command that would change something and cannot ask: throws before anything is contacted. */
export function mustBeAnswerable(context: CommandContext, options: ParsedFlags, verb: string): void {
  if (options["yes"] !== true && !canAsk(context, options)) throw needsYes(verb);
}

/**
 * For a command that has printed what it would write or remove: true if it may. False, and nothing was asked, where nobody
 * can answer: then it has only shown it. Throws `interrupted` for any answer but yes.
 */
export async function isConfirmed(context: CommandContext, options: ParsedFlags, question: string): Promise<boolean> {
  if (options["yes"] !== true && !canAsk(context, options)) return false;
  await mustBeConfirmed(context, options, "", question);
  return true;
}

/** Shows what would be removed and asks, where somebody can answer; without anything to remove it only wants no question. */
export async function isRemovalConfirmed(
  context: CommandContext,
  options: ParsedFlags,
  paths: readonly string[],
): Promise<boolean> {
  if (options["yes"] === true) return true;
  if (paths.length === 0) return false;
  if (canAsk(context, options)) for (const path of paths) say(context, `to be removed: ${path}`);
  return isConfirmed(context, options, "Remove this?");
}

/** The flag by which a verb only shows what it would do. */
const SHOWS: { readonly [verb: string]: string } = {
  apply: "--dry-run",
  migrate: "--dry-run",
  rollback: "--dry-run",
  rotate: "--dry-run",
  "runtime install": "--print",
  scrub: "--dry-run",
  "stores rewrap": "--dry-run",
  trust: "--print",
};

/** The verbs that change something else than containers and a store. */
const CHANGES: { readonly [verb: string]: string } = {
  "plugin install": "the engine's plugins",
  "plugin uninstall": "the engine's plugins",
  "plugin upgrade": "the engine's plugins",
  "runtime allow": "which values a container gets",
  "runtime forbid": "which values a container gets",
  "runtime install": "the engine's configuration",
  "runtime uninstall": "the engine's configuration",
  "stores rewrap": "a store's files",
  trust: "what this folder may set",
};

function needsYes(verb: string): UnsprawlError {
  const shows = SHOWS[verb];
  return new UnsprawlError(
    "usage",
    `${verb} changes ${CHANGES[verb] ?? "containers and a store"}, and nobody can be asked here: it needs --yes`,
    shows === undefined ? "add --yes" : cmd`add ${bare(shows)} to see what it would do, or --yes to do it`,
  );
}

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
