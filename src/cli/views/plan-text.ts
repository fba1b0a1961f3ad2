import { unitsOf, unitNoun } from "../../core/journal/runs.ts";
import { deliveryText, leftCount, planLeft, outageText, planTotals } from "../../core/plan-text.ts";
import { clearTextWarning, storePlace } from "../../core/store-place.ts";
import { storeKeyText, type DiffLine, type NotMoved, type Plan, type Step } from "../../model/plan.ts";
import { printable } from "../../kit/text/escape.ts";
import { paint, type Colour } from "../../kit/paint.ts";

/** A plan for a person: each store write, each container's masked diff, what stays, and why. */
export function planText(plan: Plan, stream: NodeJS.WriteStream): string {
  const lines: string[] = [];
  const units = unitsOf(plan);
  if (units.size > 0) {
    lines.push(`to ${paint("bold", printable(plan.store.name), stream)} (${printable(storePlace(plan.store))})`);
    const clear = clearTextWarning(plan.store);
    if (clear !== null) lines.push(`  ${paint("yellow", "note", stream)}     ${printable(clear)}`);
    lines.push("");
  }
  for (const [unit, steps] of units) {
    lines.push(paint("bold", printable(unit), stream));
    for (const step of steps) lines.push(...stepLines(step, plan, stream));
    for (const step of steps) if (step.kind === "recreate") lines.push(...byHand(step, stream));
    for (const warning of plan.warnings)
      if (warning.unit === unit) lines.push(`  ${paint("yellow", "note", stream)}     ${printable(warning.text)}`);
    lines.push("");
  }
  const { stay, elsewhere } = planLeft(plan);
  lines.push(...leftLines("Not moved", stay, stream), ...leftLines("Elsewhere", elsewhere, stream));
  lines.push(...planTotals(plan).map((text) => `${printable(text)}.`));
  if (units.size > 0) lines.push(paint("dim", LEGEND, stream));
  const what = unitNoun(plan.steps);
  const secrets = plan.steps.filter((step) => step.kind === "put").length;
  lines.push(
    `Plan ${plan.id}: ${secrets} ${secrets === 1 ? "secret" : "secrets"} in ${units.size} ${what}${units.size === 1 ? "" : "s"} → ${printable(plan.store.name)}; ${leftCount(plan)}`,
  );
  return lines.join("\n");
}

/** Findings with their reasons; a hint that several in a row have follows the last of them. */
function leftLines(title: string, left: readonly NotMoved[], stream: NodeJS.WriteStream): string[] {
  if (left.length === 0) return [];
  const lines = left.flatMap(({ finding, reason, hint }, at) => {
    const said = `  ${printable(`${finding.location.subjectName} ${finding.name}: ${reason}`)}`;
    if (!hint || hint === left[at + 1]?.hint) return [said];
    // A patch has several lines.
    const [next = "", ...patch] = (hint ?? "").split("\n").map(printable);
    return [said, `    next: ${next}`, ...patch.map((one) => `      ${one}`)];
  });
  return [paint("bold", title, stream), ...lines, ""];
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
    `  ${label.padEnd(9)}${paint(COLOURS[sign], sign, stream)} ${printable(text)}`;
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
