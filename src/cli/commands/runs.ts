import { exposedSecrets } from "../../core/exposed.ts";
import { readJournal } from "../../core/journal/journal.ts";
import { listRuns } from "../../core/journal/runs.ts";
import { EXIT } from "../../model/error.ts";
import { jsonText } from "../../kit/text/escape.ts";
import type { CommandContext } from "../context.ts";
import { writeResult } from "../output.ts";
import { withConfig } from "../run-commands.ts";
import { adviceFor, exposedText } from "../views/exposed-text.ts";
import { table } from "../views/table.ts";

/** `unsprawl runs [RUN]`: all runs, or one run's journal and how to rotate what it moved. */
export async function run(context: CommandContext, args: readonly string[]): Promise<number> {
  const installation = context.assembly.installation();
  const id = args[0];
  if (id !== undefined) {
    const { plan, receipts } = readJournal(installation, id);
    const exposed = await adviceFor(exposedSecrets(plan, receipts));
    const rows = receipts.map(({ at, step, state: is, data }) => [
      { text: at },
      { text: is },
      { text: step },
      { text: typeof data["reason"] === "string" ? data["reason"] : "" },
    ]);
    await writeResult(
      context.json
        ? jsonText({ version: 1, run: id, receipts, exposed })
        : [table(rows, process.stdout), ...exposedText(exposed, process.stdout)].join("\n"),
      null,
      context,
    );
    return EXIT.ok;
  }
  const runs = listRuns(installation).map((one) => ({
    ...one,
    next: one.next === null ? null : withConfig(one.next, context),
  }));
  const rows = runs.map((one) => [
    { text: one.run, colour: "bold" as const },
    { text: one.state },
    { text: one.units.map((unit) => unit.unit).join(", ") },
    { text: `→ ${one.store}` },
    { text: one.next ?? one.error ?? "" },
  ]);
  await writeResult(
    context.json ? jsonText({ version: 1, runs }) : runs.length > 0 ? table(rows, process.stdout) : "no runs",
    null,
    context,
  );
  return EXIT.ok;
}
