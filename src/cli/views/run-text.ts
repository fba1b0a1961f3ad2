import type { RunResult } from "../../core/apply.ts";
import { cmd } from "../../kit/shell.ts";
import { printable } from "../../kit/text/escape.ts";
import { paint } from "../../kit/paint.ts";

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
    lines.push(
      "",
      ...(result.inspected ? CONTAINERS : result.cleaned ? IMAGES : FILES),
      cmd`  unsprawl scrub ${result.run}      purges them`,
      cmd`  unsprawl rollback ${result.run}   undoes the run`,
    );
  }
  return lines.join("\n");
}

const CONTAINERS = [
  "Proven: the store gave back the same bytes, a fresh inspect shows no value, and the application has each.",
  "What was before (old containers, sealed copies of files) is kept for rollback; containers still hold the values:",
];
/** Manifests, or from store to store: nothing that runs was touched. */
const FILES = [
  "Proven: the store gave back the same bytes. Nothing that runs was changed or looked at: the plan's notes say what to do.",
  "What was before (sealed copies of files, old places in a store) is kept for rollback:",
];
const IMAGES = [
  "Proven: the store gave back the same bytes; the new image has the same layers, and no value in its config or history.",
  "The old image is kept for rollback and still shows the values, as do the containers that were made from it:",
];
