import type { Plan } from "../model/plan.ts";
import { restartsIn, rotateSteps } from "../rotate/plan-text.ts";
import { askLine } from "./prompt.ts";
import { ask, type TerminalSession } from "./session.ts";
import { countText } from "./widgets/bar.ts";

/** Restarting more containers than this requires typing a name: a single key is pressed by mistake too easily. */
const MOST_BY_KEY = 3;

/** How many containers a plan, or its undo, restarts. */
export function restartsOf({ steps }: Plan): number {
  const checked = steps.filter(({ kind }) => kind === "check").length;
  const recreated = steps.map((step) =>
    step.kind === "recreate" ? (step.outage?.update?.tasks ?? 1) + (step.sharers ?? []).length : 0,
  );
  return Math.max(
    checked,
    restartsIn(rotateSteps(steps)),
    recreated.reduce((sum, one) => sum + one, 0),
  );
}

/** Whether this many restarts require a typed name. */
export const isTyped = (restarts: number): boolean => restarts > MOST_BY_KEY;

/** Asks for confirmation: by `y`, or by typing `name` if many containers restart. */
export async function confirmed(
  session: TerminalSession,
  { text, restarts, name }: { readonly text: string; readonly restarts: number; readonly name: string },
): Promise<boolean> {
  return isTyped(restarts) ? typedName(session, `${text} Type ${name}:`, restarts, name) : ask(session, text);
}

/** Asks to type the name of what is about to be done, and says why. */
export async function typedName(
  session: TerminalSession,
  label: string,
  restarts: number,
  name: string,
): Promise<boolean> {
  const typed = await askLine(session, {
    label,
    about: () => [
      `${countText(restarts, "container")} restart: with more than ${MOST_BY_KEY} the name is typed, not y`,
    ],
    check: (given) => (given === name ? null : `this is not ${name}; esc goes back, nothing is done`),
  });
  return typed !== null;
}
