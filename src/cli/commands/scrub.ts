import type { Host } from "../../contract/host.ts";
import { KEY_BACKUP } from "../../core/key-files.ts";
import { residue, type Residue } from "../../core/residue.ts";
import { mustBeFinished, scrub } from "../../core/scrub.ts";
import { EXIT, UnsprawlError } from "../../model/error.ts";
import { chooseRun } from "../choose-run.ts";
import { acceptUnsigned } from "../unsigned.ts";
import { mustBeConfirmed } from "../confirm.ts";
import { listFlag, scriptHost, type CommandContext, type ParsedFlags } from "../context.ts";
import { say, writeIntent, writeResult } from "../output.ts";
import { applyTools, planOf, residueTools } from "../run-tools.ts";
import { cmd } from "../../kit/shell.ts";
import { jsonText, printable } from "../../kit/text/escape.ts";
import { residueLines } from "../../core/residue-text.ts";
import { typedOnTerminal } from "../typed.ts";
import { scrubLines } from "../views/intent-text.ts";

/**
 * `unsprawl scrub [RUN]`: purges what a finished run kept for rollback, and reports what else still shows the values.
 */
export async function run(context: CommandContext, args: readonly string[], options: ParsedFlags): Promise<number> {
  const { assembly } = context;
  const accepted = listFlag(options, "accept");
  const id = await chooseRun(context, options, args[0], (one) => one.state === "done", "scrub");
  if ((await acceptUnsigned(context, options, id, "scrub")) === "shown") return EXIT.ok;
  const intent = scrubLines(mustBeFinished(id, assembly.installation()));
  if (options["dryRun"] === true) {
    await writeIntent(id, intent, context);
    return EXIT.ok;
  }
  if ((args[0] === undefined || options["yes"] !== true) && !context.json)
    for (const line of intent) say(context, line);
  await mustBeConfirmed(context, options, "scrub", "Delete this for good?");
  const tools = await applyTools(assembly, planOf(assembly, id), options["breakLock"] === true);
  const result = await scrub(id, tools, scrubHost(context, options, accepted)).catch((error: unknown) => {
    throw cancelled(error, "cancelled: what the run kept is deleted in part", cmd`unsprawl scrub ${id}`);
  });
  const { removed, left } = result;
  const { found, error } = options["residue"] === false ? NOT_LOOKED : await look(context, id);
  const kept = [...removed.map((name) => `removed ${name}`), ...left.map((text) => `left: ${text}`)];
  const lines = [...(kept.length > 0 ? kept : ["nothing was kept"]), ...(found === null ? [] : residueLines(found))];
  const document = { ...result, ...(found ?? { residue: null, unseen: null }) };
  const text = lines.map((line) => printable(line)).join("\n");
  await writeResult(context.json ? jsonText(document) : text, null, context);
  if (error !== null) throw error;
  // Unread places may show them too: an exit code must not be read as "clean".
  const open =
    found !== null &&
    (found.residue.length > 0 || found.unseen.length > 0 || found.unknown.some(({ rotated }) => !rotated));
  return left.length > 0 || open ? EXIT.partly : EXIT.ok;
}

/** Whether keys have a backup is answered by the flag, or typed. */
function scrubHost(context: CommandContext, options: ParsedFlags, accepted: readonly string[]): Host {
  return {
    ...scriptHost(context, false),
    ask: async ({ text }) => accepted.includes(KEY_BACKUP) || typedOnTerminal(context, options, text, KEY_BACKUP),
  };
}

type ResidueLookup = { readonly found: Residue | null; readonly error: unknown };

const NOT_LOOKED: ResidueLookup = { found: null, error: null };

/** What was purged is reported even if the look fails or is cancelled. */
async function look(context: CommandContext, id: string): Promise<ResidueLookup> {
  try {
    const [found = null] = await residue([id], residueTools(context.assembly), scriptHost(context, true));
    return { found, error: null };
  } catch (error) {
    const hint = cmd`unsprawl scrub ${id} looks again`;
    return {
      found: null,
      error: cancelled(error, "cancelled: what the run kept is deleted; it was not looked for elsewhere", hint),
    };
  }
}

/** What a cancelled scrub has left, and how to finish it; any other error as it is. */
function cancelled(error: unknown, message: string, hint: string): unknown {
  const isCancelled = error instanceof Error && error.name === "AbortError";
  return isCancelled ? new UnsprawlError("interrupted", message, hint) : error;
}
