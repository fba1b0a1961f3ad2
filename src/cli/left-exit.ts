import { EXIT } from "../model/error.ts";
import type { NotMoved } from "../model/plan.ts";
import type { CommandContext } from "./context.ts";
import { findingsExit, say } from "./output.ts";
import { leftText } from "./views/left-text.ts";

/** The exit code for what a plan leaves, and why it is not 0. */
export function exitFor(left: readonly NotMoved[], incomplete: boolean, context: CommandContext): number {
  const code = findingsExit(left.length > 0, incomplete);
  for (const name of left.flatMap(namesOf)) context.assembly.redactor.keepName(name);
  const text = leftText(left);
  // What stands before the places is ours: a password may be the word `secret`.
  context.assembly.redactor.keepName(text.slice(0, text.indexOf(": ", text.indexOf(": ") + 1)));
  if (code === EXIT.findings) say(context, text);
  if (incomplete) say(context, "exit 1: not everything could be read (see above)");
  return code;
}

/** What the text names stays whole, as it is in the plan: a weak value may also be a part of a file's name. */
function namesOf({ finding: { name, location } }: NotMoved): readonly string[] {
  const { place, subjectName } = location;
  return [name, subjectName, ...(place?.kind === "line" ? [place.file] : [])];
}
