import { unitsOf } from "../../core/journal/runs.ts";
import { movedText } from "../../core/moved-text.ts";
import { deliveryText, leftCount, longestRestarts, planLeft, outageText, planTotals } from "../../core/plan-text.ts";
import { clearTextWarning } from "../../core/store-place.ts";
import { storeKeyText, type Plan, type Step } from "../../model/plan.ts";
import { isTyped, restartsOf } from "../confirm.ts";
import { last } from "../last.ts";
import type { TuiState } from "../state.ts";
import { SIGN } from "../theme.ts";
import { BLANK, line, wrapped, type SpanLine } from "../widgets/text.ts";
import type { ScreenText } from "./frame.ts";

/** The masked diff of every step, what stays and why. */
export function planText({ planned }: TuiState): ScreenText {
  if (planned === null) return { lines: [], scroll: 0, title: () => line(" Preview") };
  return {
    lines: linesOf(planned.plan, planned.byHand === true),
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

const linesOf = last(planLines);

/** What the whole plan does, then unit by unit, and what it leaves where it is. */
export function planLines(made: Plan, byHand = false): SpanLine[] {
  const lines: SpanLine[] = [];
  if (made.steps.length === 0)
    lines.push(
      wrapped(1, { text: " ! nothing here can be moved", color: "yellow", bold: true }, "; the reasons are below"),
      BLANK,
    );
  const clear = clearTextWarning(made.store);
  if (clear !== null) lines.push(wrapped(3, { text: " ! ", color: "yellow", bold: true }, clear), BLANK);
  lines.push(...totalLines(made));
  const units = [...unitsOf(made)];
  for (const [at, [unit, steps]] of units.entries()) {
    lines.push(
      wrapped(
        3,
        { text: ` ${unit}`, bold: true },
        {
          text: units.length > 1 ? `  ${at + 1} of ${units.length}` : "",
          dimColor: true,
        },
      ),
    );
    for (const step of steps) lines.push(...stepLines(step), ...(byHand ? commandLines(step) : []));
    for (const { unit: of, text } of made.warnings)
      if (of === unit) lines.push(wrapped(13, { text: "   ! note    ", color: "yellow" }, text));
    lines.push(BLANK);
  }
  const { stay, elsewhere } = planLeft(made);
  lines.push(...leftLines("Not moved", stay), ...leftLines("Elsewhere", elsewhere));
  return lines;
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
    wrapped(3, { text: "   + created  ~ changed or replaced  - removed", dimColor: true }),
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

function stepLines(step: Step): SpanLine[] {
  const one = (label: string, sign: keyof typeof SIGN, text: string): SpanLine =>
    wrapped(
      13,
      { text: `   ${label.padEnd(8)}`, dimColor: true },
      { text: `${sign} `, ...SIGN[sign], bold: true },
      { text, ...(sign === " " ? {} : SIGN[sign]) },
    );
  if (step.kind === "put") {
    const [sign, how] = PUT[step.found];
    return [one("store", sign, `${storeKeyText(step.move.key)}  ${how}`)];
  }
  if (step.kind === "deliver") return [one("deliver", " ", deliveryText(step))];
  if (step.kind === "rewrite")
    return step.files.flatMap(({ diff }) => diff.map(({ sign, path, text }) => one("file", sign, `${path}  ${text}`)));
  if (step.kind === "clean")
    return [
      ...step.diff.map(({ sign, path, text }) => one("image", sign, `${path}  ${text}`)),
      ...step.image.tags.map((tag) => one("tag", "~", `${tag}  names the cleaned image`)),
    ];
  if (step.kind === "recreate")
    return [
      one("restart", "~", outageText(step)),
      ...step.diff.map(({ sign, path, text }) => one("config", sign, `${path}  ${text}`)),
    ];
  if (step.kind === "check") {
    return [
      one(
        "check",
        " ",
        `no value in inspect, and each value reaches the application if it runs; ${step.graceMs / 1000} s up, or healthy within ${step.healthTimeoutMs / 1000} s`,
      ),
    ];
  }
  return [];
}

function storeName({ store: { name, provider } }: Plan): string {
  return name === provider ? name : `${name} (${provider})`;
}

const PUT = {
  absent: ["+", "create only, read back"],
  same: [" ", "there already, same bytes"],
  other: ["~", "replaces another value, which is kept until scrub"],
} as const;
