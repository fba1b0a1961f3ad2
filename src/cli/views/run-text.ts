import type { RunResult } from "../../core/apply.ts";
import { printable } from "../../text/escape.ts";
import { paint } from "../paint.ts";

/** How a run ended, for a person, with the next command. */
export function runText(result: RunResult, stream: NodeJS.WriteStream): string {
  const lines = result.units.map(({ unit, state, error }) => {
    const glyph =
      state === "migrated"
        ? paint("blue", "✓ migrated", stream)
        : state === "undone"
          ? paint("yellow", "↶ as before", stream)
          : "· not begun";
    return `${glyph}  ${printable(unit)}${error ? `  ${printable(error)}` : ""}`;
  });
  if (result.state === "done") {
    const proof = result.checked
      ? [
          "a fresh inspect shows no value, and the application has each.",
          "What was before (old containers, sealed copies of files) is kept for rollback; containers still hold the values:",
        ]
      : ["and what was rewritten is as planned. Nothing was started again.", "What was before is kept for rollback:"];
    lines.push(
      "",
      `Proven: the store gave back the same bytes, ${proof.join("\n")}`,
      `  unsprawl scrub ${result.run}      purges it`,
      `  unsprawl rollback ${result.run}   undoes the run`,
    );
  }
  return lines.join("\n");
}
