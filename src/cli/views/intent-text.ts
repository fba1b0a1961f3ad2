import type { Journal } from "../../core/journal/journal.ts";
import { unitsOf, unitStates } from "../../core/journal/runs.ts";
import { OLD_GONE, swapNames } from "../../engine/names.ts";
import { countText } from "../../kit/text/count.ts";
import { printable } from "../../kit/text/escape.ts";
import { consumerText, storeKeyText, type Plan, type RotateStep, type Step } from "../../model/plan.ts";

type RunJournal = Pick<Journal, "plan" | "receipts">;

/** What a rollback of this run does, one line per effect, last unit first. */
export function rollbackLines({ plan, receipts }: RunJournal): string[] {
  const stateOf = unitStates(receipts);
  const units = [...unitsOf(plan)].filter(([unit]) => ["begun", "done"].includes(stateOf(unit)));
  if (units.length === 0) return [`roll back ${plan.id}: nothing of it is left to undo`];
  return [
    headline("roll back", plan),
    ...units.toReversed().flatMap(([, steps]) => steps.toReversed().flatMap((step) => undone(step, plan))),
  ];
}

/** What a scrub of this run deletes, one line per effect. */
export function scrubLines({ plan, receipts }: RunJournal): string[] {
  const stateOf = unitStates(receipts);
  const units = [...unitsOf(plan)].filter(([unit]) => stateOf(unit) === "done");
  if (units.length === 0) return [`scrub ${plan.id}: it kept nothing`];
  return [
    headline("scrub", plan),
    ...[...keptThings({ plan, receipts }), ...oldEntries(units.flatMap(([, steps]) => steps))].map(
      (what) => `  delete ${printable(what)}`,
    ),
    "  afterwards the run cannot be rolled back",
  ];
}

/** The entries of another store that a run has copied: a scrub makes it a move. */
function oldEntries(steps: readonly Step[]): readonly string[] {
  const entries = steps.flatMap((step) =>
    step.kind === "put" && step.move.location.subject === "store" ? [step.move.location.path] : [],
  );
  const more = entries.length - MOST_NAMED;
  return [
    ...entries.slice(0, MOST_NAMED),
    ...(more > 0 ? [`${countText(more, "more entry", "more entries")} of the old store`] : []),
  ];
}

const MOST_NAMED = 20;

function headline(verb: string, { id, createdAt, store }: Plan): string {
  return printable(`${verb} ${id} of ${createdAt.slice(0, 16).replace("T", " ")} UTC (store ${store.name}):`);
}

function earlierText({ name, isGiven, checkedBy, consumers }: RotateStep): string {
  const given = `give the earlier ${name} to ${consumers.map(consumerText).join(", ") || "nobody"}`;
  if (isGiven !== true) return `have ${checkedBy} accept the earlier ${name} again, and ${given}`;
  return `${given}; where it is checked it may be refused: nobody is asked there`;
}

function undone(step: Step, plan: Plan): string[] {
  const line = (text: string): string[] => [`  ${printable(text)}`];
  switch (step.kind) {
    case "put":
      if (step.found === "same") return [];
      return line(
        step.found === "other"
          ? `put the earlier value back at ${storeKeyText(step.move.key)}`
          : `remove ${storeKeyText(step.move.key)} from ${plan.store.name}, unless another run or container of this machine uses it`,
      );
    case "rewrite":
      return step.files.flatMap(({ file, before }) => line(before === null ? `delete ${file}` : `restore ${file}`));
    case "clean":
      return step.image.tags.flatMap((tag) => line(`tag the original image as ${tag} again`));
    case "rotate":
      return line(earlierText(step));
    case "recreate":
      return line(`put ${step.subject.name} back as it was (it restarts)`);
    default:
      return [];
  }
}

/** What a finished run keeps for rollback, by name. */
export function keptThings({ plan, receipts }: RunJournal): string[] {
  const stateOf = unitStates(receipts);
  const done = [...unitsOf(plan)].filter(([unit]) => stateOf(unit) === "done");
  return done.flatMap(([, steps]) => steps.flatMap((step) => keptBy(step, { plan, receipts })));
}

function keptBy(step: Step, { plan, receipts }: RunJournal): string[] {
  switch (step.kind) {
    case "put":
      return step.found === "other" ? [`the earlier value kept beside ${storeKeyText(step.move.key)}`] : [];
    case "rewrite":
      return step.files.flatMap(({ file, before }) => (before === null ? [] : [`the sealed copy of ${file}`]));
    case "clean":
      return [`the original image of ${step.image.tags.join(", ")}`];
    case "rotate":
      if (step.handover === undefined) return [`the earlier value of ${step.name}, in ${plan.store.name}`];
      return step.handover.containers.map(({ name }) => `the old container ${swapNames(name, plan.id).kept}`);
    case "recreate":
      // A swarm keeps the spec itself.
      if (step.outage?.update !== undefined) return [`the previous spec of ${step.subject.name}`];
      if (step.subject.name !== step.unit || receipts.some((one) => one.step === `${step.id}/${OLD_GONE}`)) return [];
      return [`the old container ${swapNames(step.unit, plan.id).kept}`];
    default:
      return [];
  }
}
