import { cmd } from "../../kit/shell.ts";
import type { Json } from "../../model/json.ts";
import type { ProofSummary, ResultState, ShownMessage } from "../state.ts";
import { UNIT } from "../theme.ts";
import { seconds } from "../widgets/bar.ts";
import { BLANK, layout, line, wrapped, type SpanLine } from "../widgets/text.ts";
import { windowFrom } from "../widgets/window.ts";
import type { ScreenOf } from "./frame.ts";

/** How a run ended and, for each container, what was proven. */
export const proof: ScreenOf = (state, { columns, rows }, guard) => {
  const { result, run } = state;
  if (result === null) return { title: line(" Proof"), body: [] };
  const { rows: body, below, last } = windowFrom(layout(proofLines(result), columns, guard), result.scroll, rows);
  const took = run && run.ended !== null ? `  ${seconds(run.started, run.ended)}` : "";
  const title = line(
    { text: ` ${titleOf(result)}`, bold: true },
    `  run ${result.run}${took}`,
    below > 0 ? `  ↓ ${below} more` : "",
    { text: result.kind === "apply" ? "  4 of 4" : "", dimColor: true },
  );
  return { title, body, last };
};

export function proofLines(shown: ResultState): SpanLine[] {
  const { result, error, proofs, kind, run, told } = shown;
  const lines: SpanLine[] = [];
  if (error) lines.push(...failure(error), BLANK);
  for (const one of told) lines.push(toldLine(one));
  for (const { unit, state: is, error: why } of result?.units ?? []) {
    const { glyph, word, style } = UNIT[is];
    lines.push(wrapped(3, " ", { text: `${glyph} ${word}`, ...style }, "  ", { text: unit, bold: true }));
    // The reason of the run's failure is said above already.
    if (why && !error?.text.includes(why)) lines.push(wrapped(5, `     ${why}`));
    if (is === "undone") lines.push(wrapped(5, `     ${PUT_BACK}`));
    const found = proofs.get(unit);
    if (is === "migrated" && found?.check) lines.push(...proven(found, found.check));
    if (is === "migrated" && !found?.check && kind === "apply")
      lines.push(wrapped(5, { text: "     ! no proof in the journal", color: "yellow" }));
  }
  if (kind === "apply" && result?.units.some((one) => one.state === "migrated")) {
    lines.push(
      BLANK,
      wrapped(1, {
        text: " ! What was before is kept for undo: old containers still hold the values, files are sealed.",
        color: "yellow",
      }),
      wrapped(11, { text: "   purge:  ", dimColor: true }, cmd`S, or unsprawl scrub ${run}`),
      wrapped(11, { text: "   undo:   ", dimColor: true }, cmd`u, or unsprawl rollback ${run}`),
    );
  }
  if (kind === "apply" && error && result && result.state !== "done")
    lines.push(
      BLANK,
      wrapped(11, { text: "   again:  ", dimColor: true }, "r scans again, m plans what is still marked"),
      wrapped(11, { text: "   steps:  ", dimColor: true }, `L, then enter: what run ${run} did and put back`),
    );
  if (result === null && error === null && told.length === 0) lines.push(wrapped(1, " nothing was done"));
  return lines;
}

export function titleOf({ kind, error, result }: ResultState): string {
  if (kind === "scrub") return "Scrubbed";
  if (kind === "rollback") return "Undone";
  return error && result?.state !== "done" ? "Failed" : "Proof";
}

const PUT_BACK =
  "its configuration is as it was; what this run put into the store is out again, unless another run needs it";

/** How the proof of a container words what it logged last. */
const LAST_WORDS = "; its last words: ";

/** What went wrong, the container's last words a line each, and what to type. */
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

/** What is still there is told from what is gone by more than its words. */
function toldLine(one: string): SpanLine {
  const open = /^(residue|left|not looked (at|for)):/.test(one);
  return open
    ? wrapped(3, { text: " ! ", color: "yellow", bold: true }, one)
    : wrapped(3, { text: " ✓ ", color: "blue" }, one);
}

/** The journal's receipt in words. What it does not say is not claimed. */
function proven({ moves, verified }: ProofSummary, data: { readonly [key: string]: Json }): SpanLine[] {
  const received = Array.isArray(data["received"]) ? data["received"].filter((name) => typeof name === "string") : [];
  const one = (label: string, text: string): SpanLine =>
    wrapped(15, { text: `     ${label.padEnd(10)}`, dimColor: true }, text);
  return [
    one("store", `gave back the same bytes for ${verified} of ${moves}`),
    one("inspect", data["inspect"] === "clean" ? "shows no value in any field" : text(data["inspect"])),
    one(
      "disk",
      data["disk"] === "clean" ? "the engine's own files hold no value" : `the engine's files: ${text(data["disk"])}`,
    ),
    one("health", text(data["health"])),
    one(
      "received",
      received.length > 0 ? `${received.length} of ${moves}: ${received.join(", ")}` : "not shown: it does not run",
    ),
  ];
}

const text = (value: Json | undefined): string => (typeof value === "string" ? value : "not said");
