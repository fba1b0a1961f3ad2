import { closingSentences, type UnitProof } from "../../core/proof.ts";
import { backupTexts } from "../../core/key-files.ts";
import { bare, cmd } from "../../kit/shell.ts";
import { printable } from "../../kit/text/escape.ts";
import { paint } from "../../kit/paint.ts";
import { lineWidth, wrapWords } from "../../kit/text/wrap.ts";
import type { RunResult, UnitResult } from "../../core/run-end.ts";

/** Of units of which there is nothing more to say, this many are named. */
const MOST_UNITS = 20;
const MORE: { readonly [state in UnitResult["state"]]: string } = {
  migrated: "migrated",
  undone: "as before",
  "partly undone": "not as before",
  "not begun": "not begun",
};

/** How a run ended, for a person, with the next command. `kept`: what it keeps for rollback, by name. */
export function runText(result: RunResult, kept: readonly string[], stream: NodeJS.WriteStream): string {
  const wrapped = (text: string): string[] => wrapWords(printable(text), lineWidth(stream));
  const proofOf = new Map(result.proofs.map((proof) => [proof.unit, proof]));
  const counts = new Map<string, number>();
  const lines = result.units.flatMap(({ unit, state, error, notes = [] }) => {
    const open = openLines(proofOf.get(unit));
    const nth = (counts.get(state) ?? 0) + 1;
    if (error === null && notes.length + open.length === 0) counts.set(state, nth);
    if (nth > MOST_UNITS && counts.get(state) === nth) return [];
    const glyph =
      state === "migrated"
        ? paint("blue", result.rotated === true ? "✓ rotated" : "✓ migrated", stream)
        : state === "undone"
          ? paint("yellow", "↶ as before", stream)
          : state === "partly undone"
            ? paint("red", "✗ not as before", stream)
            : "· not begun";
    return [
      `${glyph}  ${printable(unit)}${error ? `  ${printable(error)}` : ""}`,
      ...notes.map((text) => `  ${paint("yellow", "!", stream)}  ${printable(text)}`),
      ...open.map((text) => `  ${paint("yellow", "! not verified", stream)}  ${printable(text)}`),
    ];
  });
  for (const [state, count] of counts)
    if (count > MOST_UNITS) lines.push(`and ${count - MOST_UNITS} more ${MORE[state as UnitResult["state"]]}`);
  if (result.proofs.length > 0) lines.push("", ...closingSentences(result.proofs, result.compared).flatMap(wrapped));
  if (result.state === "done" && result.inspected && kept.length === 0) {
    lines.push(
      ...wrapped("Nothing is kept for rollback: somebody removed the old container."),
      cmd`  unsprawl scrub ${result.run}   ends the run`,
    );
  } else if (result.state === "done") {
    lines.push(
      ...(kept.length === 0 && result.rotated === true ? [] : wrapped(endText(result, kept))),
      cmd`  unsprawl scrub ${result.run}      ${bare(kept.length === 0 && result.rotated === true ? "ends the run" : "purges them")}`,
      cmd`  unsprawl rollback ${result.run}   undoes the run`,
    );
  }
  lines.push(...backupTexts(result.keyFiles ?? []).flatMap(wrapped));
  return lines.join("\n");
}

function endText({ rotated, inspected, cleaned, compared }: RunResult, kept: readonly string[]): string {
  if (rotated === true) return `Kept for rollback: ${kept.join(", ")}.`;
  return inspected ? keptText(kept) : cleaned ? IMAGES : compared === undefined ? FILES : STORES;
}

/** What was not verified about a unit, one line each. */
function openLines(proof: UnitProof | undefined): string[] {
  return (proof?.notVerified ?? []).map(({ what, text }) => `${what}: ${text}`);
}

/** More names than these would push the next command off the screen. */
const MOST = 4;

function keptText(kept: readonly string[]): string {
  const more = kept.length > MOST ? ` and ${kept.length - MOST} more` : "";
  const it = kept.length === 1 ? "it" : "them";
  return `Kept for rollback: ${kept.slice(0, MOST).join(", ")}${more}. The values are still in ${it}, encrypted in copies of files.`;
}

/** Manifests: nothing running was touched. */
const FILES = "The plan's notes say what to do next. Sealed copies of the files are kept for rollback:";
const STORES =
  "The plan's notes say what to do next. The old store still has every value, for rollback; scrub removes them there:";
const IMAGES =
  "The old image is kept for rollback and still shows the values, as do the containers that were made from it:";
