import type { Journal } from "../../core/journal/journal.ts";
import { runStateText, unitsOf, type RunSummary } from "../../core/journal/runs.ts";
import { secretsLeft } from "../../core/plan-secrets.ts";
import { storePlace } from "../../core/store-place.ts";
import { paint } from "../../kit/paint.ts";
import { bare, cmd } from "../../kit/shell.ts";
import { countText } from "../../kit/text/count.ts";
import { printable } from "../../kit/text/escape.ts";
import { hanging, lineWidth } from "../../kit/text/wrap.ts";
import { fields } from "./fields.ts";
import { keptThings } from "./intent-text.ts";
import { table, type Cell } from "./table.ts";

/** All runs for a person, the newest last, and what can be done with one. */
export function runsText(runs: readonly RunSummary[], stream: NodeJS.WriteStream): string {
  if (runs.length === 0) return "no runs yet: unsprawl migrate makes one";
  const head: Cell[] = ["RUN", "STATE", "SECRETS", "STORE", "CONTAINERS"].map((text) => ({ text, colour: "dim" }));
  const rows = runs.map(({ run, store, units, secrets, error, ...one }): Cell[] => [
    { text: run, colour: "bold" },
    { text: runStateText({ ...one, units }) },
    { text: String(secrets) },
    { text: store },
    { text: error ?? unitsText(units.map(({ unit }) => unit)) },
  ]);
  const open = runs.filter(({ state }) => state === "unfinished").map(({ next }) => `next: ${next ?? ""}`);
  const canUndo = runs.some(({ state }) => state === "done");
  const last = runs.length === 1 ? "last" : "RUN";
  return [
    table([head, ...rows], stream),
    ...open,
    ...hanging(
      "",
      cmd`unsprawl runs ${last} shows one${bare(canUndo ? cmd`; rollback ${last} undoes it; scrub ${last} deletes what it kept` : "")}`,
      0,
      lineWidth(stream),
    ),
  ].join("\n");
}

/** As many as a line has room for; `runs RUN` names all. */
const MOST_UNITS = 20;

function unitsText(units: readonly string[]): string {
  const more = units.length > MOST_UNITS ? ` and ${units.length - MOST_UNITS} more` : "";
  return `${units.slice(0, MOST_UNITS).join(", ")}${more}`;
}

/** One run for a person: what it moved and where to, what it still keeps, and what can be done with it. */
export function runSummaryText(
  { run, createdAt, engine, ...one }: RunSummary,
  journal: Pick<Journal, "plan" | "receipts">,
  rotatedAt: ReadonlyMap<string, string>,
  stream: NodeJS.WriteStream,
): string[] {
  const { plan } = journal;
  const { state, ended } = one;
  const moved = [...unitsOf(plan)].map(([unit, steps]) => {
    const names = steps.flatMap((step) =>
      step.kind === "put"
        ? [step.move.name]
        : step.kind === "rotate"
          ? [
              step.handover === undefined
                ? `new value, checked by ${step.checkedBy}`
                : `handed over to ${step.handover.role.reference}`,
            ]
          : [],
    );
    return `${unit}: ${names.join(", ")}`;
  });
  const rotated = plan.steps.flatMap((step) => {
    const at = step.kind === "put" ? rotatedAt.get(step.move.reference) : undefined;
    return step.kind === "put" && at !== undefined ? [`${step.move.name} of ${step.unit} ${at.slice(0, 10)}`] : [];
  });
  const isDone = state === "done";
  const next = {
    done: [cmd`unsprawl rollback ${run}  undoes it`, cmd`unsprawl scrub ${run}  deletes what it kept`],
    unfinished: [cmd`unsprawl resume ${run}  continues it`, cmd`unsprawl rollback ${run}  undoes it`],
  }[state as string];
  return [
    `${paint("bold", printable(run), stream)}  ${runStateText(one)}`,
    ...fields(
      [
        [
          "started",
          [`${(journal.receipts[0]?.at ?? createdAt).slice(0, 19).replace("T", " ")} UTC${tookText(journal)}`],
        ],
        ["store", [`${plan.store.name} (${storePlace(plan.store)})`]],
        ["engine", engine === "" ? [] : [engine]],
        ["secrets", moved],
        ["rotated", rotated],
        ["failed", ended === "failed" ? reasonsOf(journal) : []],
        ["not moved", plan.notMoved.length === 0 ? [] : [countText(secretsLeft(plan.notMoved), "secret")]],
        ["keeps", isDone ? keptThings(journal) : []],
        ["next", [...(next ?? []), cmd`unsprawl runs ${run} --log  shows its journal`]],
      ],
      stream,
    ),
  ];
}

/** Why the run failed, as its journal has it. */
function reasonsOf({ receipts }: Pick<Journal, "receipts">): string[] {
  const reason = receipts.findLast(({ step, state }) => step === "run" && state === "failed")?.data["reason"];
  return typeof reason === "string" ? [reason] : [];
}

/** `, took 8 s`: from the first receipt to the end of the run's own steps. */
function tookText({ receipts }: Pick<Journal, "receipts">): string {
  // A rollback, days later, is no part of it.
  const undone = receipts.findIndex(({ step }) => step === "rollback");
  const own = receipts
    .slice(0, undone < 0 ? receipts.length : undone)
    .findLast(({ step, state }) => step.startsWith("unit:") && state !== "intent");
  const first = receipts[0];
  if (own === undefined || first === undefined) return "";
  const seconds = Math.round((Date.parse(own.at) - Date.parse(first.at)) / 1000);
  return seconds >= 0 ? `, took ${seconds} s` : "";
}

/** A run's journal, a receipt a line. */
export function journalText({ receipts }: Pick<Journal, "receipts">, stream: NodeJS.WriteStream): string {
  return table(
    receipts.map(({ at, step, state, data }) => [
      { text: at },
      { text: state },
      { text: step },
      { text: typeof data["reason"] === "string" ? data["reason"] : "" },
    ]),
    stream,
  );
}
