import { movedText } from "../../core/moved-text.ts";
import {
  deliveryReasons,
  isSpecialOutage,
  planDiffs,
  planNotes,
  planRows,
  storeWrites,
  type PlanParts,
  type PlanRow,
} from "../../core/plan-table.ts";
import { leftCount, longestRestarts, planLeft, outageText, planTotals } from "../../core/plan-text.ts";
import { clearTextWarning } from "../../core/store-place.ts";
import { columns } from "../../kit/text/width.ts";
import type { Plan, Step } from "../../model/plan.ts";
import { isTyped, restartsOf } from "../confirm.ts";
import { last } from "../last.ts";
import type { TuiState } from "../state.ts";
import { SIGN } from "../theme.ts";
import { BLANK, line, wrapped, type SpanLine } from "../widgets/text.ts";
import type { ScreenText } from "./frame.ts";
import { rotationText } from "./rotation.ts";

/** What a plan changes, what stays and why; the masked diff and the commands where they are asked for. */
export function planText(state: TuiState): ScreenText {
  const { planned, rotating } = state;
  if (rotating !== null) return rotationText(state, rotating);
  if (planned === null) return { lines: [], scroll: 0, title: () => line(" Preview") };
  return {
    lines: linesOf(planned.plan, planned.diff === true, planned.byHand === true),
    scroll: planned.scroll,
    title: (below) =>
      line(
        {
          text: ` Migrate ${movedText(planned.plan)} → ${storeName(planned.plan)}`,
          bold: true,
        },
        planned.plan.notMoved.length > 0 ? { text: `  ! ${leftCount(planned.plan)}`, color: "yellow" } : "",
        below > 0 ? `  ↓ ${below} more` : "",
        { text: "  2 of 4  Preview", dimColor: true },
      ),
  };
}

const linesOf = last((plan: Plan, diff: boolean, byHand: boolean) => planLines(plan, { diff, byHand }));

/** What the whole plan does, a row for each thing that changes, what is true of it, and what it leaves where it is. */
export function planLines(made: Plan, { diff = false, byHand = false }: PlanParts = {}): SpanLine[] {
  const lines: SpanLine[] = [];
  if (made.steps.length === 0)
    lines.push(
      wrapped(1, { text: " ! nothing here can be moved", color: "yellow", bold: true }, "; the reasons are below"),
      BLANK,
    );
  const clear = clearTextWarning(made.store);
  if (clear !== null) lines.push(wrapped(3, { text: " ! ", color: "yellow", bold: true }, clear), BLANK);
  lines.push(...totalLines(made), ...tableLines(made), ...factLines(made));
  if (diff) lines.push(...diffLines(made));
  if (byHand) lines.push(...made.steps.flatMap(commandLines));
  const { stay, elsewhere } = planLeft(made);
  lines.push(...leftLines("Not moved", stay), ...leftLines("Elsewhere", elsewhere));
  return lines;
}

/** A row for each container, service, image or file that changes. */
function tableLines(made: Plan): SpanLine[] {
  const rows = planRows(made);
  if (rows.length === 0) return [];
  const head = { what: "what", delivery: "delivery", down: "down", secrets: ["secrets"] };
  const wide = (key: "what" | "delivery" | "down"): number =>
    Math.min(WIDEST, Math.max(...[head, ...rows].map((row) => columns(row[key])))) + 2;
  const [what, delivery, down] = [wide("what"), wide("delivery"), wide("down")];
  const drawn = (row: PlanRow, style: object): SpanLine =>
    wrapped(
      3 + what + delivery + down,
      { text: "   " },
      { text: row.what, cell: what, ...style },
      { text: row.delivery, cell: delivery, dimColor: true },
      { text: row.down, cell: down, dimColor: true },
      { text: row.secrets.join(", "), ...style },
    );
  return [drawn(head, { dimColor: true }), ...rows.map((row) => drawn(row, {})), BLANK];
}

/** A longer name of a container is cut. */
const WIDEST = 28;

/** What the store gets, why each delivery was chosen, what restarts mean, and the notes, each once. */
function factLines(made: Plan): SpanLine[] {
  const all = planRows(made).map((row) => row.what);
  const whose = (of: readonly string[]): string =>
    all.every((one) => of.includes(one)) || made.steps.every(({ unit }) => of.includes(unit))
      ? ""
      : ` (${of.join(", ")})`;
  const writes = storeWrites(made).map(({ path, fields, how }) =>
    labelled("store", `${how}: ${path}  ${fields.join(", ")}`),
  );
  const restarts = made.steps.flatMap((step) =>
    step.kind === "recreate" && isSpecialOutage(step) ? labelled("restart", outageText(step)) : [],
  );
  return [
    ...writes,
    ...deliveryReasons(made).map(({ text, of }) => labelled("deliver", `${text}${whose(of)}`)),
    ...restarts,
    ...planNotes(made).map(({ text, of }) =>
      wrapped(13, { text: "   ! note    ", color: "yellow" }, `${text}${whose(of)}`),
    ),
    ...(made.steps.length > 0 ? [BLANK] : []),
  ];
}

const labelled = (label: string, text: string): SpanLine =>
  wrapped(13, { text: `   ${label.padEnd(10)}`, dimColor: true }, text);

/** Each line that changes, masked, by file or container. */
function diffLines(made: Plan): SpanLine[] {
  return planDiffs(made).flatMap(({ of, lines }) => [
    wrapped(3, { text: ` ${of}`, bold: true }),
    ...lines.map(({ sign, path, text }) =>
      wrapped(5, { text: `   ${sign} `, ...SIGN[sign], bold: true }, { text: `${path}  ${text}`, ...SIGN[sign] }),
    ),
    BLANK,
  ]);
}

function leftLines(title: string, left: Plan["notMoved"]): SpanLine[] {
  const lines = left.length === 0 ? [] : [line({ text: ` ${title}`, bold: true })];
  for (const [index, { finding, reason, hint }] of left.entries()) {
    lines.push(wrapped(3, `   ${finding.location.subjectName} `, { text: finding.name, bold: true }, `: ${reason}`));
    if (hint === left[index + 1]?.hint) continue;
    // A patch has several lines.
    for (const [at, part] of (hint?.split("\n") ?? []).entries())
      lines.push(wrapped(11, { text: at === 0 ? "     next: " : "           ", dimColor: true }, part));
  }
  return lines;
}

/** What restarts, in which order and for how long, what a reboot needs, which key is created; then what the signs mean. */
function totalLines(made: Plan): SpanLine[] {
  if (made.steps.length === 0) return [];
  const totals = planTotals(made);
  const restarted = made.steps.flatMap((step) => (step.kind === "recreate" && step.outage?.isRunning ? [step] : []));
  const longest = longestRestarts(made);
  const row = (label: string, text: string): SpanLine => wrapped(13, { text: label, dimColor: true }, text);
  const most = longest === null ? "" : `at most ${longest} in all`;
  const order = restarted.map(({ subject }) => subject.name).join(", then ");
  return [
    ...totals.map((text) => wrapped(3, { text: " ! ", color: "yellow", bold: true }, `${text}.`)),
    ...(restarted.length > 1 ? [row("   order     ", most === "" ? order : `${order}; ${most}`)] : []),
    ...(restarted.length <= 1 && most !== "" ? [row("   restart   ", most.replace(" in all", ""))] : []),
    ...(isTyped(restartsOf(made)) ? [row("   confirm   ", `y asks you to type ${made.store.name} first`)] : []),
    BLANK,
  ];
}

/** The command that does the same by hand, without the secret, alone on its rows so that it can be copied. */
function commandLines(step: Step): SpanLine[] {
  if (step.kind !== "recreate" || step.run === undefined) return [];
  return [
    wrapped(13, { text: "   by hand  ", dimColor: true }, " the same without unsprawl and without the secret:"),
    wrapped(0, step.run),
    ...(step.runLacks ?? []).map((what) => wrapped(13, { text: "             ", dimColor: true }, `it lacks ${what}`)),
  ];
}

function storeName({ store: { name, provider } }: Plan): string {
  return name === provider ? name : `${name} (${provider})`;
}
