import { unitsOf } from "../../core/journal/runs.ts";
import { movedText } from "../../core/moved-text.ts";
import { deliveryText, leftCount, planLeft, outageText, planTotals } from "../../core/plan-text.ts";
import { clearTextWarning, storePlace } from "../../core/store-place.ts";
import { storeKeyText, type DiffLine, type NotMoved, type Plan, type Step } from "../../model/plan.ts";
import { printable } from "../../kit/text/escape.ts";
import { hanging, lineWidth, wrapWords } from "../../kit/text/wrap.ts";
import { paint, type Colour } from "../../kit/paint.ts";

/** A plan for a person: each store write, each container's masked diff, what stays, and why. */
export function planText(plan: Plan, stream: NodeJS.WriteStream): string {
  const lines: string[] = [];
  const units = unitsOf(plan);
  if (units.size > 0) {
    lines.push(`to ${paint("bold", printable(plan.store.name), stream)} (${printable(storePlace(plan.store))})`);
    const clear = clearTextWarning(plan.store);
    if (clear !== null) lines.push(noteLine(clear, stream));
    lines.push("");
  }
  for (const [unit, steps] of units) {
    lines.push(paint("bold", printable(unit), stream));
    for (const step of steps) lines.push(...stepLines(step, plan, stream));
    for (const step of steps) if (step.kind === "recreate") lines.push(...byHand(step, stream));
    for (const warning of plan.warnings) if (warning.unit === unit) lines.push(noteLine(warning.text, stream));
    lines.push("");
  }
  const { stay, elsewhere } = planLeft(plan);
  lines.push(...leftLines("Not moved", stay, stream), ...leftLines("Elsewhere", elsewhere, stream));
  lines.push(...planTotals(plan).flatMap((text) => wrapWords(`${printable(text)}.`, lineWidth(stream))));
  if (units.size > 0) lines.push(paint("dim", LEGEND, stream));
  lines.push(`Plan ${plan.id}: ${movedText(plan)} → ${printable(plan.store.name)}; ${leftCount(plan)}`);
  return lines.join("\n");
}

/** Findings with their reasons; a hint that several in a row have follows the last of them. */
function leftLines(title: string, left: readonly NotMoved[], stream: NodeJS.WriteStream): string[] {
  if (left.length === 0) return [];
  const groups = sameReasons(left);
  const lines = groups.flatMap(([first, ...more], at) => {
    const { reason, hint } = first;
    const names = [first, ...more].map(({ finding }) => `${finding.location.subjectName} ${finding.name}`);
    const said = hanging("  ", printable(`${names.join(", ")}: ${reason}`), 2, lineWidth(stream));
    if (!hint || hint === groups[at + 1]?.[0].hint) return said;
    // A patch has several lines.
    const [next = "", ...patch] = (hint ?? "").split("\n").map(printable);
    return [...said, `    next: ${next}`, ...patch.map((one) => `      ${one}`)];
  });
  return [paint("bold", title, stream), ...lines, ""];
}

/** Findings in a row that stay for the same reason, with the same hint. */
function sameReasons(left: readonly NotMoved[]): [NotMoved, ...NotMoved[]][] {
  const groups: [NotMoved, ...NotMoved[]][] = [];
  for (const one of left) {
    const last = groups.at(-1);
    if (last !== undefined && because(last[0]) === because(one)) last.push(one);
    else groups.push([one]);
  }
  return groups;
}

const because = ({ reason, hint }: NotMoved): string => JSON.stringify([reason, hint]);

/** Where the text of a labelled line begins. */
const INDENT = 13;

function noteLine(text: string, stream: NodeJS.WriteStream): string {
  const head = `  ${paint("yellow", "note", stream)}     `;
  return hanging(head, printable(text), 11, lineWidth(stream)).join("\n");
}

const LEGEND = "+ created   - removed   ~ changed or replaced";

/** On a separate line, so that it can be copied. */
function byHand({ run, runLacks = [] }: Extract<Step, { kind: "recreate" }>, stream: NodeJS.WriteStream): string[] {
  if (run === undefined) return [];
  const lacks = runLacks.map((what) => `    ${paint("dim", `it lacks ${printable(what)}`, stream)}`);
  return ["  run        the same by hand, without the secret:", `    ${printable(run)}`, ...lacks];
}

const COLOURS: { readonly [sign in DiffLine["sign"]]: Colour } = { "+": "blue", "-": "red", "~": "yellow", " ": "dim" };

function stepLines(step: Step, plan: Plan, stream: NodeJS.WriteStream): string[] {
  const line = (label: string, sign: DiffLine["sign"], text: string): string =>
    hanging(
      `  ${label.padEnd(9)}${paint(COLOURS[sign], sign, stream)} `,
      printable(text),
      INDENT,
      lineWidth(stream),
    ).join("\n");
  if (step.kind === "put") {
    const how = {
      absent: "create only, read back",
      same: "there already, same bytes",
      other: "replaces another value, which is kept until scrub",
    }[step.found];
    return [
      line(
        "store",
        step.found === "same" ? " " : step.found === "other" ? "~" : "+",
        `${storeKeyText(step.move.key)}  ${how} (${plan.store.provider})`,
      ),
    ];
  }
  if (step.kind === "deliver") return [line("deliver", " ", deliveryText(step))];
  if (step.kind === "rewrite")
    return step.files.flatMap(({ diff }) => diff.map((one) => line("file", one.sign, `${one.path}  ${one.text}`)));
  if (step.kind === "clean")
    return [
      ...step.diff.map((one) => line("image", one.sign, `${one.path}  ${one.text}`)),
      ...step.image.tags.map((tag) =>
        line("tag", "~", `${tag}  names the cleaned image; the old one is kept until scrub`),
      ),
    ];
  if (step.kind === "recreate")
    return [
      line("restart", "~", outageText(step)),
      ...step.diff.map((one) => line("config", one.sign, `${one.path}  ${one.text}`)),
    ];
  if (step.kind === "check")
    return [
      line(
        "check",
        " ",
        `no value in inspect, and each value reaches the application if it runs; ${step.graceMs / 1000} s up, or healthy within ${step.healthTimeoutMs / 1000} s`,
      ),
    ];
  return [];
}
