import { exposedSecrets } from "../../core/exposed.ts";
import { readJournal } from "../../core/journal/journal.ts";
import { lastRotations } from "../../core/moved.ts";
import { listRuns } from "../../core/journal/runs.ts";
import { EXIT } from "../../model/error.ts";
import { jsonText } from "../../kit/text/escape.ts";
import { runOf } from "../choose-run.ts";
import type { CommandContext, ParsedFlags } from "../context.ts";
import { writeResult } from "../output.ts";
import { withConfig } from "../run-commands.ts";
import { adviceFor, exposedText } from "../views/exposed-text.ts";
import { journalText, runsText, runSummaryText } from "../views/runs-text.ts";

/** `unsprawl runs [RUN] [--log]`: all runs; one run, how to rotate what it moved; or its journal. */
export async function run(context: CommandContext, args: readonly string[], options: ParsedFlags): Promise<number> {
  const { assembly } = context;
  if (args[0] !== undefined || options["log"] === true)
    return show(context, runOf(assembly, args[0] ?? "last"), options);
  const runs = listRuns(assembly.installation()).map((one) => ({
    ...one,
    next: one.next === null ? null : withConfig(one.next, context),
  }));
  await writeResult(context.json ? jsonText({ version: 1, runs }) : runsText(runs, process.stdout), null, context);
  return EXIT.ok;
}

async function show(context: CommandContext, id: string, options: ParsedFlags): Promise<number> {
  const installation = context.assembly.installation();
  const journal = readJournal(installation, id);
  const exposed = await adviceFor(exposedSecrets(journal.plan, journal.receipts));
  const summary = listRuns(installation).find(({ run: one }) => one === id);
  const text = (): string =>
    options["log"] === true || summary === undefined
      ? journalText(journal, process.stdout)
      : [
          ...runSummaryText(summary, journal, lastRotations(installation), process.stdout),
          ...exposedText(exposed, process.stdout),
        ].join("\n");
  const document = { version: 1, run: id, state: summary?.state ?? null, receipts: journal.receipts, exposed };
  await writeResult(context.json ? jsonText(document) : withConfig(text(), context), null, context);
  return EXIT.ok;
}
