import { movedText } from "../../core/moved-text.ts";
import {
  deliveryReasons,
  planDiffs,
  planNotes,
  planRows,
  storeWrites,
  type SharedText,
} from "../../core/plan-table.ts";
import { leftCount, outageText, planTotals } from "../../core/plan-text.ts";
import { storePlace } from "../../core/store-place.ts";
import { printable } from "../../kit/text/escape.ts";
import type { Plan } from "../../model/plan.ts";
import { cell } from "./markdown.ts";

/** A plan for a change ticket: the tables, what is true of it, and each line that changes, masked. */
export function planMarkdown(plan: Plan): string {
  const { steps, notMoved, store } = plan;
  const rows = planRows(plan).map(({ what, delivery, down, secrets }) => [what, delivery, down, secrets.join(", ")]);
  const writes = storeWrites(plan).map(({ path, fields, how }) => [path, fields.join(", "), how]);
  const restarts = steps.flatMap((step) => (step.kind === "recreate" ? outageText(step) : []));
  const left = notMoved.map(({ finding, reason, hint }) => {
    const next = hint === null ? "" : `; next: ${hint}`;
    return `${finding.location.subjectName} ${finding.name}: ${reason}${next}`;
  });
  return [
    `# Plan ${plan.id}: ${movedText(plan)} to ${cell(store.name)}`,
    "",
    `Store: ${cell(`${store.name} (${storePlace(store)})`)}; ${leftCount(plan)}.`,
    ...part("Changes", tableOf(["what", "delivery", "down", "secrets"], rows)),
    ...part("Store", tableOf(["path", "fields", "how"], writes)),
    ...part("Restarts", listOf(restarts)),
    ...part("Delivery", listOf(deliveryReasons(plan).map(sharedText))),
    ...part("Notes", listOf([...planNotes(plan).map(sharedText), ...planTotals(plan)])),
    ...part("Not moved", listOf(left)),
    ...part("Diff", fencedDiff(plan)),
  ].join("\n");
}

const part = (title: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : ["", `## ${title}`, "", ...lines];

const sharedText = ({ text, of }: SharedText): string => `${text} (${of.join(", ")})`;
const listOf = (texts: readonly string[]): readonly string[] => texts.map((text) => `- ${cell(text)}`);

function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  if (rows.length === 0) return [];
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map((row) => line(row.map(cell)))];
}

/** Within a fence longer than any run of backticks in it (CommonMark 0.31, "Fenced code blocks"). */
function fencedDiff(plan: Plan): readonly string[] {
  const lines = planDiffs(plan).flatMap(({ of, lines: changed }) => [
    printable(`@@ ${of}`),
    ...changed.map(({ sign, path, text }) => printable(`${sign === "~" ? "!" : sign} ${path}  ${text}`)),
  ]);
  const runs = lines.flatMap((line) => line.match(/`+/g) ?? []);
  const longest = runs.reduce((most, { length }) => Math.max(most, length), 2);
  const fence = "`".repeat(longest + 1);
  return lines.length === 0 ? [] : [`${fence}diff`, ...lines, fence];
}
