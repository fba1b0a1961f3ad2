import type { Group, Score } from "./score.ts";
import { score, type Answer } from "./score.ts";
import type { Row } from "./tools/row.ts";

/** The figures of every scanner side by side: overall, secrets by kind, clean rows by kind, and by place. */
export function report(rows: readonly Row[], answers: readonly Answer[]): string {
  const scores = answers.map(({ flagged }) => score(rows, flagged));
  const heads = answers.map(({ scanner }) => scanner);
  const secret = new Set(rows.filter((row) => row.secret).map((row) => row.kind));
  const kinds = Object.keys(scores[0]?.kinds ?? {});
  const kindRows = (names: readonly string[], found: boolean): string[][] =>
    names.map((kind) => [
      kind,
      String(scores[0]?.kinds[kind]?.n),
      ...scores.map((one) => cell(one.kinds[kind], found)),
    ]);
  return [
    ...answers.map(({ scanner, how }) => `${scanner}: ${how}`),
    "",
    columns([["", ...heads], ...overall(scores)]),
    "",
    columns([
      ["secrets by kind", "n", ...heads.map((head) => `${head} recall`)],
      ...kindRows(
        kinds.filter((kind) => secret.has(kind)),
        true,
      ),
    ]),
    "",
    columns([
      ["clean rows by kind", "n", ...heads.map((head) => `${head} alarms`)],
      ...kindRows(
        kinds.filter((kind) => !secret.has(kind)),
        false,
      ),
    ]),
    "",
    columns([["by place", ...heads.flatMap((head) => [`${head} recall`, "alarms"])], ...places(scores)]),
  ].join("\n");
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** Cells in columns as wide as their widest, two spaces between them. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => (row[at] ?? "").length)));
  return rows
    .map((row) =>
      row
        .map((text, at) => (at === 0 ? text.padEnd(widths[at] ?? 0) : text.padStart(widths[at] ?? 0)))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function overall(scores: readonly Score[]): string[][] {
  return [
    ["precision", ...scores.map((one) => percent(one.precision))],
    ["recall", ...scores.map((one) => percent(one.recall))],
    ["F1", ...scores.map((one) => percent(one.f1))],
    ["missed", ...scores.map((one) => String(one.missed))],
    ["false alarms", ...scores.map((one) => String(one.alarms))],
  ];
}

function places(scores: readonly Score[]): string[][] {
  return Object.keys(scores[0]?.places ?? {}).map((where) => [
    where,
    ...scores.flatMap((one) => [cell(one.places[where]?.missed, true), cell(one.places[where]?.alarms, false)]),
  ]);
}

function cell(group: Group | undefined, found: boolean): string {
  if (group === undefined || group.n === 0) return "-";
  const share = group.wrong / group.n;
  const count = group.wrong === 0 ? "" : ` (${group.wrong})`;
  return percent(found ? 1 - share : share) + count;
}
