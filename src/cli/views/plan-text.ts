import { movedText } from "../../core/moved-text.ts";
import {
  commonFolder,
  deliveryReasons,
  isSpecialOutage,
  planDiffs,
  planNotes,
  planRows,
  storeWrites,
  type PlanDiff,
  type PlanParts,
  type SharedText,
} from "../../core/plan-table.ts";
import { leftCount, outageText, planLeft, planTotals } from "../../core/plan-text.ts";
import { clearTextWarning, storePlace } from "../../core/store-place.ts";
import { paint, type Colour } from "../../kit/paint.ts";
import { printable } from "../../kit/text/escape.ts";
import { hanging, lineWidth, wrapWords } from "../../kit/text/wrap.ts";
import type { DiffLine, NotMoved, Plan } from "../../model/plan.ts";
import type { ParsedFlags } from "../context.ts";
import { table, type Cell } from "./table.ts";

export const planParts = (options: ParsedFlags): PlanParts => ({
  diff: options["diff"] === true,
  byHand: options["byHand"] === true,
});

/**
 * A plan for a person who reviews it: what changes, for how long it is away, what the store gets, what is true of it, what
 * stays and why. With `diff` each line that changes, masked; with `byHand` the commands that do the same.
 */
export function planText(
  plan: Plan,
  stream: NodeJS.WriteStream,
  { diff = false, byHand = false }: PlanParts = {},
): string {
  const lines = plan.steps.length === 0 ? [] : changes(plan, stream);
  if (diff) lines.push(...planDiffs(plan).flatMap((one) => [...diffLines(one, stream), ""]));
  if (byHand) lines.push(...byHandLines(plan, stream));
  const { stay, elsewhere } = planLeft(plan);
  lines.push(...leftLines("Not moved", stay, stream), ...leftLines("Elsewhere", elsewhere, stream));
  lines.push(...planTotals(plan).flatMap((text) => wrapWords(`${printable(text)}.`, lineWidth(stream))));
  const hasCommands = plan.steps.some((step) => step.kind === "recreate" && step.run !== undefined);
  const more = [
    ...(diff ? [] : ["--diff shows each line that changes"]),
    ...(byHand || !hasCommands ? [] : ["--by-hand shows the commands"]),
  ];
  if (plan.steps.length > 0 && more.length > 0) lines.push(paint("dim", more.join(", "), stream));
  lines.push(`Plan ${plan.id}: ${movedText(plan)} → ${printable(plan.store.name)}; ${leftCount(plan)}`);
  return lines.join("\n");
}

function changes(plan: Plan, stream: NodeJS.WriteStream): string[] {
  const clear = clearTextWarning(plan.store);
  const head = (text: string): Cell => ({ text, colour: "bold" });
  const rows = planRows(plan).map(({ what, delivery, down, secrets }) => [
    ...[{ text: what }, { text: delivery }, { text: down }, { text: secrets.join(", ") }],
  ]);
  const all = storeWrites(plan);
  const folder = commonFolder(all.map(({ path }) => path));
  const writes = [...Map.groupBy(all, ({ how }) => how)].flatMap(([how, group]) => [
    ...hanging("", printable(`stored${folder === "" ? "" : ` in ${folder}`}: ${how}`), 2, lineWidth(stream)),
    table(
      group.map(({ path, fields }) => [{ text: `  ${path.slice(folder.length)}` }, { text: fields.join(", ") }]),
      stream,
    ),
    "",
  ]);
  return [
    `to ${paint("bold", printable(plan.store.name), stream)} (${printable(storePlace(plan.store))})`,
    ...(clear === null ? [] : [noteLine(clear, stream)]),
    "",
    table([["what", "delivery", "down", "secrets"].map(head), ...rows], stream),
    "",
    ...writes,
    ...deliveryReasons(plan).flatMap((one) => sharedLines("delivery", one, plan, stream)),
    ...outages(plan).flatMap((text) => hanging("  restart  ", printable(text), INDENT, lineWidth(stream))),
    ...planNotes(plan)
      .filter(({ text }) => text !== clear)
      .flatMap((one) => sharedLines(paint("yellow", "note", stream), one, plan, stream)),
    "",
  ];
}

/** What a restart means where it is more than being away for a while. */
const outages = ({ steps }: Plan): readonly string[] =>
  steps.flatMap((step) => (step.kind === "recreate" && isSpecialOutage(step) ? outageText(step) : []));

/** Whose text it is goes without saying where it is everybody's. */
function sharedLines(label: string, { text, of }: SharedText, plan: Plan, stream: NodeJS.WriteStream): string[] {
  const isAll =
    of.every((name) => name === "") ||
    plan.steps.every(({ unit }) => of.includes(unit)) ||
    planRows(plan).every(({ what }) => of.includes(what));
  const more = of.length > MOST_NAMED ? ` and ${of.length - MOST_NAMED} more` : "";
  const whose = isAll ? "" : ` (${of.slice(0, MOST_NAMED).join(", ")}${more})`;
  return hanging(`  ${label}  `, printable(`${text}${whose}`), INDENT, lineWidth(stream));
}

const MOST_NAMED = 5;

/** As a unified diff is read, each line with its number or its place. */
function diffLines({ of, lines }: PlanDiff, stream: NodeJS.WriteStream): string[] {
  const places = lines.map(({ path }) => placeIn(of, path));
  const width = places.reduce((most, { length }) => Math.max(most, length), 0);
  return [
    paint("bold", printable(of), stream),
    ...lines.map(({ sign, text }, at) => {
      const place = (places[at] ?? "").padEnd(width);
      return paint(COLOURS[sign], printable(`${sign} ${place}  ${text}`).replace(/ {2}$/, ""), stream);
    }),
  ];
}

/** `12` for `compose.yaml:12` of that file. */
function placeIn(of: string, path: string): string {
  const [, file = "", line = ""] = /^(.*):(\d+)$/.exec(path) ?? [];
  return file !== "" && of.endsWith(file) ? line : path;
}

/** Each command on a separate line, so that it can be copied. */
function byHandLines({ steps }: Plan, stream: NodeJS.WriteStream): string[] {
  return steps.flatMap((step) => {
    if (step.kind !== "recreate" || step.run === undefined) return [];
    const lacks = (step.runLacks ?? []).map((what) => paint("dim", `  it lacks ${printable(what)}`, stream));
    return [
      paint("bold", `${printable(step.subject.name)} by hand, without the secret`, stream),
      printable(step.run),
      ...lacks,
      "",
    ];
  });
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

/** Where the text behind a label begins. */
const INDENT = 12;

const noteLine = (text: string, stream: NodeJS.WriteStream): string =>
  hanging(`  ${paint("yellow", "note", stream)}  `, printable(text), INDENT, lineWidth(stream)).join("\n");

const COLOURS: { readonly [sign in DiffLine["sign"]]: Colour } = {
  "+": "green",
  "-": "red",
  "~": "yellow",
  " ": "dim",
};
