import { STEP_TAILS } from "../assembly/plug-ins.ts";
import { UNSIGNED_JOURNAL } from "../core/journal/chain.ts";
import { journalFile, rewriteJournal } from "../core/journal/journal.ts";
import { lockEngine } from "../core/journal/lock.ts";
import { readUnsigned } from "../core/journal/render-journal.ts";
import { unitsOf, unitState } from "../core/journal/runs.ts";
import { describeStep } from "../core/step-text.ts";
import { bare, cmd } from "../kit/shell.ts";
import { jsonText, printable } from "../kit/text/escape.ts";
import { UnsprawlError } from "../model/error.ts";
import type { Plan, Step } from "../model/plan.ts";
import type { Receipt } from "../model/receipt.ts";
import { mustBeAnswerable, mustBeConfirmed } from "./confirm.ts";
import { listFlag, type CommandContext, type ParsedFlags } from "./context.ts";
import { say } from "./output.ts";
import { typedOnTerminal } from "./typed.ts";

/**
 * For a run whose journal has no authentication codes, as before there were any: shows what the journal says, and signs it
 * if a person believes that. A journal chooses what is deleted and where values go, so nothing else may decide it. Throws
 * `refused` if nobody does. Does nothing for a journal with codes. With `--dry-run` it only shows it (`shown`).
 */
export async function acceptUnsigned(
  context: CommandContext,
  options: ParsedFlags,
  id: string,
  verb: "resume" | "rollback" | "scrub",
): Promise<"signed" | "shown"> {
  const isDry = options["dryRun"] === true;
  if (!isDry) mustBeAnswerable(context, options, verb);
  const installation = context.assembly.installation();
  const journal = readUnsigned({ ...installation, tails: STEP_TAILS }, id);
  if (journal === null) return "signed";
  const { plan, receipts } = journal;
  const file = journalFile(installation.state, id);
  for (const line of contentLines(plan, receipts)) say(context, printable(line));
  if (isDry) return "shown";
  const why = `the journal of run ${id} carries no authentication codes: only ${file} says what the run did, and anyone who could write it may have changed that`;
  const isAccepted =
    listFlag(options, "accept").includes(UNSIGNED_JOURNAL) ||
    (await typedOnTerminal(context, options, why, UNSIGNED_JOURNAL));
  if (!isAccepted)
    throw new UnsprawlError(
      "refused",
      `${why}; nothing was done`,
      cmd`if all of it is as you know it: unsprawl ${bare(verb)} ${id} --accept ${UNSIGNED_JOURNAL}`,
    );
  await mustBeConfirmed(context, options, verb, "Is all of this as you know it? The journal is signed then.");
  const lock = lockEngine(installation.state, plan.engine.id, `run ${id}`, options["breakLock"] === true);
  try {
    rewriteJournal(installation, id, journal, "accepted");
  } finally {
    lock.release();
  }
  return "signed";
}

/** All that acting on the journal depends on: where it acts, on what, and how far each unit got. */
function contentLines(plan: Plan, receipts: readonly Receipt[]): readonly string[] {
  const { id, createdAt, engine, store } = plan;
  return [
    `run ${id} of ${createdAt.slice(0, 16).replace("T", " ")} UTC, by its journal:`,
    `  engine ${engine.address} (${engine.id})`,
    `  store ${store.name}: ${store.provider} ${jsonText(store.settings).replaceAll(/\s+/g, " ")}`,
    ...[...unitsOf(plan)].flatMap(([unit, steps]) => [
      `  ${unit} (${STATES[unitState(receipts, unit)]}):`,
      ...steps.filter(({ kind }) => kind !== "verify" && kind !== "check").map((step) => `    ${stepLine(step)}`),
    ]),
  ];
}

const STATES = { new: "not begun", begun: "begun", done: "done", undone: "undone" } as const;

function stepLine(step: Step): string {
  const what = describeStep(step);
  if (step.kind === "rewrite") return `${what}: ${step.files.map(({ file }) => file).join(", ")}`;
  if (step.kind === "recreate") return `${what}: container ${step.subject.id.slice(0, 12)}`;
  return step.kind === "clean" ? `${what}: image ${step.image.id}` : what;
}
