import { exposedSecrets } from "../core/exposed.ts";
import { readJournal } from "../core/journal/journal.ts";
import { EXIT } from "../model/error.ts";
import type { Plan } from "../model/plan.ts";
import { jsonText } from "../kit/text/escape.ts";
import type { NotRotated } from "../rotate/plan.ts";
import type { CommandContext, ParsedFlags } from "./context.ts";
import { offerAgent } from "./offer-agent.ts";
import { printError, say, writeResult } from "./output.ts";
import { adviceFor, exposedText, type Advised } from "./views/exposed-text.ts";
import { keptThings } from "./views/intent-text.ts";
import { withConfig } from "./run-commands.ts";
import { runText } from "./views/run-text.ts";
import type { RunResult } from "../core/run-end.ts";

/** Prints how a run ended (as JSON with what the plan did not move, if that is known), and how to rotate what it moved; returns its exit code. */
export async function finishRun(
  result: RunResult,
  context: CommandContext,
  options: ParsedFlags,
  notMoved?: Plan["notMoved"],
  notRotated?: readonly NotRotated[],
): Promise<number> {
  const { error, ...rest } = result;
  const hint = error?.hint == null ? null : withConfig(error.hint, context);
  const reduced = error === null ? null : { code: error.code, message: error.message, hint };
  const exposed = await exposedBy(result, context);
  await writeResult(
    context.json
      ? jsonText({ ...rest, exposed, ...(notMoved && { notMoved }), ...(notRotated && { notRotated }), error: reduced })
      : [
          withConfig(runText(result, keptBy(result, context), process.stdout), context),
          ...exposedText(exposed, process.stdout),
        ].join("\n"),
    null,
    context,
  );
  // What was put back is as before, and what went from store to store has no files: neither needs an agent.
  const isMoved =
    result.rotated !== true && result.compared === undefined && result.units.some(({ state }) => state === "migrated");
  const ended = error === null ? EXIT.ok : printError(error, context);
  const offered = !context.json && isMoved ? await offerAgent(context, options) : EXIT.ok;
  const exit = ended === EXIT.ok ? offered : ended;
  const unread = result.proofs.flatMap((proof) => proof.unread ?? []);
  if (exit !== EXIT.ok || unread.length === 0) return exit;
  say(context, `exit 6: delivered, not seen to be read: ${unread.join(", ")}`);
  return EXIT.unread;
}

/** What a finished run keeps for rollback. */
function keptBy({ run, state }: RunResult, { assembly }: CommandContext): readonly string[] {
  return state === "done" ? keptThings(readJournal(assembly.installation(), run)) : [];
}

async function exposedBy({ run, units }: RunResult, { assembly }: CommandContext): Promise<Advised[]> {
  if (units.every(({ state }) => state !== "migrated")) return [];
  const { plan, receipts } = readJournal(assembly.installation(), run);
  return adviceFor(exposedSecrets(plan, receipts));
}
