import { cmd } from "../../kit/shell.ts";
import { backupTexts } from "../../core/key-files.ts";
import { closingSentences, type UnitProof } from "../../core/proof.ts";
import type { ResultState, RotationAdvice, TuiState } from "../state.ts";
import { UNIT } from "../theme.ts";
import { seconds } from "../widgets/bar.ts";
import { addressLine, BLANK, line, wrapped, type SpanLine } from "../widgets/text.ts";
import type { ScreenText } from "./frame.ts";
import type { ShownMessage } from "../state-parts.ts";

/** How a run ended and, for each container, what was proven. */
export function proofText({ result, run }: TuiState): ScreenText {
  if (result === null) return { lines: [], scroll: 0, title: () => line(" Proof") };
  const took = run && run.ended !== null ? `  ${seconds(run.started, run.ended)}` : "";
  return {
    lines: proofLines(result),
    scroll: result.scroll,
    title: (below) =>
      line(
        { text: ` ${titleOf(result)}`, bold: true },
        `  run ${result.run}${took}`,
        below > 0 ? `  ↓ ${below} more` : "",
        { text: result.kind === "apply" && result.result?.rotated !== true ? "  4 of 4" : "", dimColor: true },
      ),
  };
}

/** What became of each unit, what that means and what comes next, then everything that was looked at. */
export function proofLines({ result, error, kind, run, told, rotate, proven = [] }: ResultState): SpanLine[] {
  const lines: SpanLine[] = [];
  if (error) lines.push(...failure(error), BLANK);
  lines.push(...told.map(seenLine));
  if (result !== null)
    lines.push(...result.units.flatMap((unit) => unitLines(unit, result, error?.text ?? "", proven)));
  if (kind === "apply" && result?.units.some((one) => one.state === "migrated"))
    lines.push(BLANK, ...(result.rotated === true ? rotatedLines(run) : migratedLines(result, run, rotate ?? [])));
  if (kind === "apply" && error && result && result.state !== "done")
    lines.push(
      BLANK,
      ...(result.rotated === true
        ? []
        : [wrapped(11, { text: "   again:  ", dimColor: true }, "r scans again, m plans what is still marked")]),
      wrapped(11, { text: "   steps:  ", dimColor: true }, `L, then enter: what run ${run} did and put back`),
    );
  if (result !== null && result.proofs.length > 0) lines.push(BLANK, ...verifiedLines(result.proofs));
  if (result === null && error === null && told.length === 0) lines.push(wrapped(1, " nothing was done"));
  return lines;
}

type ShownRun = NonNullable<ResultState["result"]>;

function unitLines(
  { unit, state, error: why, notes = [] }: ShownRun["units"][number],
  { proofs, rotated }: ShownRun,
  failed: string,
  proven: NonNullable<ResultState["proven"]>,
): SpanLine[] {
  const { glyph, word: does, style } = UNIT[state];
  const word = rotated === true && state === "migrated" ? "rotated" : does;
  const found = proofs.find((one) => one.unit === unit);
  return [
    wrapped(3, " ", { text: `${glyph} ${word}`, ...style }, "  ", { text: unit, bold: true }),
    // The reason of the run's failure is already shown above.
    ...(why && !failed.includes(why) ? [wrapped(5, `     ${why}`)] : []),
    ...proven.filter((one) => one.unit === unit).map(({ text }) => wrapped(5, `     ${text}`)),
    ...(state === "undone" ? [wrapped(5, `     ${PUT_BACK}`)] : []),
    ...notes.map((note) => wrapped(7, { text: `     ! ${note}`, color: "yellow" })),
    ...(found ? openLines(found) : []),
  ];
}

function migratedLines(
  { proofs, keyFiles = [], compared }: ShownRun,
  run: string,
  rotate: readonly RotationAdvice[],
): SpanLine[] {
  return [
    ...closingSentences(proofs, compared).map((text) => wrapped(1, ` ${text}`)),
    ...rotateLines(rotate),
    ...backupTexts(keyFiles).map((text) => wrapped(3, { text: ` ! ${text}`, color: "yellow" })),
    wrapped(3, {
      text: " ! Kept for undo: sealed copies of files, and old containers, which still contain the values (Compose keeps none).",
      color: "yellow",
    }),
    wrapped(11, { text: "   undo:   ", dimColor: true }, cmd`u, or unsprawl rollback ${run}`),
    wrapped(11, { text: "   purge:  ", dimColor: true }, cmd`S, or unsprawl scrub ${run}, once all is well`),
    wrapped(
      11,
      { text: "   next:   ", bold: true },
      "N plans new values for what can be rotated from here; put others into the store only",
    ),
  ];
}

/** What a rotation keeps, and until when. */
const rotatedLines = (run: string): SpanLine[] => [
  wrapped(3, { text: " ! Kept for undo: the earlier values, in the store.", color: "yellow" }),
  wrapped(11, { text: "   undo:   ", dimColor: true }, cmd`u, or unsprawl rollback ${run}`),
  wrapped(11, { text: "   purge:  ", dimColor: true }, cmd`S, or unsprawl scrub ${run}, once all is well`),
];

/** What was moved could be read until now, so it has to be replaced where it is checked. */
function rotateLines(rotate: readonly RotationAdvice[]): SpanLine[] {
  if (rotate.length === 0) return [];
  return [
    wrapped(3, { text: " ! ", color: "yellow", bold: true }, "Rotate these secrets: they were readable until now."),
    ...rotate.flatMap(({ names, text, url }) => [
      wrapped(5, { text: `   ${names.join(", ")}: `, bold: true }, text),
      ...(url === null ? [] : [addressLine(5, url)]),
    ]),
  ];
}

export function titleOf({ kind, error, result }: ResultState): string {
  if (kind === "scrub") return "Scrubbed";
  if (kind === "rollback") return "Undone";
  return error && result?.state !== "done" ? "Failed" : "Proof";
}

const PUT_BACK =
  "its configuration is as before; what this run wrote to the store was removed, unless another run needs it";

/** The wording with which the proof of a container introduces its last log lines. */
const LAST_WORDS = "; its last words: ";

/** What went wrong, the container's last log lines, and what to type. */
function failure({ text: all, hint }: ShownMessage): SpanLine[] {
  const [what = "", ...words] = all.split(LAST_WORDS);
  const log = words
    .join(LAST_WORDS)
    .split(/\r?\n/)
    .filter((one) => one.trim() !== "");
  return [
    wrapped(3, { text: " ✗ ", color: "red", bold: true }, what),
    ...log.map((one, at) => wrapped(10, { text: at === 0 ? "   log:   " : "          ", dimColor: true }, one)),
    ...(hint ? [wrapped(9, { text: "   next: ", bold: true }, hint)] : []),
  ];
}

/** What still exists and what is gone must not differ in words only. */
function seenLine(one: string): SpanLine {
  const open = /^(residue|left|not looked (at|for)):/.test(one);
  return open
    ? wrapped(3, { text: " ! ", color: "yellow", bold: true }, one)
    : wrapped(3, { text: " ✓ ", color: "blue" }, one);
}

/** What was not verified about a unit. */
function openLines({ notVerified }: UnitProof): SpanLine[] {
  return notVerified.map(({ what, text }) =>
    wrapped(
      18,
      { text: "   ! ", color: "yellow", bold: true },
      { text: what.padEnd(13), dimColor: true },
      { text: `not verified: ${text}`, color: "yellow" },
    ),
  );
}

/** What was verified about each unit, one by one. */
function verifiedLines(proofs: readonly UnitProof[]): SpanLine[] {
  return [
    line({ text: " What was verified", bold: true }),
    ...proofs.flatMap(({ unit, verified }) => [
      wrapped(3, `   ${unit}`),
      ...verified.map(({ what, text }) => wrapped(18, { text: `     ${what.padEnd(13)}`, dimColor: true }, text)),
    ]),
  ];
}
