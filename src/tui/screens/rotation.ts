import { countText } from "../../kit/text/count.ts";
import type { Plan } from "../../model/plan.ts";
import type { NotRotated } from "../../rotate/plan.ts";
import { questionText, rotateSteps, rotationFacts } from "../../rotate/plan-text.ts";
import { isTyped, restartsOf } from "../confirm.ts";
import { last } from "../last.ts";
import type { TuiState } from "../state.ts";
import { BLANK, line, wrapped, type SpanLine } from "../widgets/text.ts";
import type { ScreenText } from "./frame.ts";

/** The plan of a rotation, or what is asked before there is one. */
export function rotationText({ planned }: TuiState, { left, busy }: NonNullable<TuiState["rotating"]>): ScreenText {
  if (planned === null)
    return {
      lines: [line({ text: ` ${busy ?? ""}…`, dimColor: true }), line({ text: " nothing is changed", dimColor: true })],
      scroll: 0,
      title: () => line({ text: " Rotate", bold: true }, { text: "  planning", color: "cyan" }),
    };
  const { plan, scroll } = planned;
  const many = countText(rotateSteps(plan.steps).length, "secret");
  return {
    lines: rotationLines(plan, left),
    scroll,
    title: (below) =>
      line(
        { text: ` Rotate ${many} in ${plan.store.name}`, bold: true },
        left.length > 0 ? { text: `  ! ${left.length} not rotated`, color: "yellow" } : "",
        below > 0 ? `  ↓ ${below} more` : "",
      ),
  };
}

/** Each secret with where it is checked, where it is stored and who restarts; then what is not rotated, and why. */
export const rotationLines = last((plan: Plan, left: readonly NotRotated[]): SpanLine[] => {
  const steps = rotateSteps(plan.steps);
  const { name } = plan.store;
  return [
    steps.length === 0
      ? wrapped(3, { text: " ! nothing here can be rotated", color: "yellow", bold: true }, "; the reasons are below")
      : wrapped(3, { text: " ! ", color: "yellow", bold: true }, questionText(plan, false)),
    ...(isTyped(restartsOf(plan)) ? [labelled("confirm", `y asks you to type ${name} first`)] : []),
    BLANK,
    ...steps.flatMap((step) => [
      wrapped(3, { text: ` ${step.unit}`, bold: true }),
      ...rotationFacts(step).map(({ label, text }) => labelled(label, text)),
      BLANK,
    ]),
    ...plan.warnings.map(({ text }) => wrapped(13, { text: "   ! note    ", color: "yellow" }, text)),
    ...(left.length === 0 ? [] : [line({ text: " Not rotated", bold: true })]),
    ...left.flatMap(({ name: secret, subject, reason, hint }) => [
      wrapped(3, `   ${subject} `, { text: secret, bold: true }, `: ${reason}`),
      wrapped(11, { text: "     next: ", dimColor: true }, hint),
    ]),
  ];
});

const labelled = (label: string, text: string): SpanLine =>
  wrapped(13, { text: `   ${label.padEnd(10)}`, dimColor: true }, text);
