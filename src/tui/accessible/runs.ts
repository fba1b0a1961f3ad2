import { press } from "../actions.ts";
import { some } from "../widgets/bar.ts";
import { startUndo } from "../verbs/run.ts";
import { choose, NO_ROOM, say, word, type Face } from "./face.ts";
import { follow } from "./follow.ts";
import { NOT_A_WORD } from "./list.ts";
import { numbers } from "./numbers.ts";

/** What was done, newest first; `u` and a number undoes one after a question. */
export async function runs(face: Face): Promise<void> {
  const { session } = face;
  const { list } = session.store.get().runs;
  say(face, list.length === 0 ? "Nothing was done yet." : `${some(list.length, "run")}, newest first.`);
  for (const [index, { state, run, store, units, next }] of list.entries()) {
    const secrets = units.reduce((sum, one) => sum + one.secrets, 0);
    const what = `${some(secrets, "secret")} to ${store}, ${units.map(({ unit }) => unit).join(", ")}`;
    say(face, `${index + 1}. ${state}, ${run}, ${what}${next === null ? "" : `; next: ${next}`}`);
  }
  await choose(
    face,
    "What next?",
    [
      ...(list.length > 0 ? [word("runs", "undo", (rest) => undo(face, rest), "u 1")] : []),
      word("runs", "back", () => press(session, "esc", NO_ROOM)),
    ],
    () => NOT_A_WORD,
  );
}

function undo(face: Face, rest: string): Promise<void> | string {
  const { session } = face;
  const { list } = session.store.get().runs;
  const [at, ...others] = numbers(rest || (list.length === 1 ? "1" : ""), list.length) ?? [];
  const run = list[at ?? -1];
  if (at === undefined || !run || others.length > 0) return `which? such as u 1; there are ${list.length}`;
  session.store.set(({ runs: before }) => ({ runs: { ...before, at } }));
  if (!["done", "failed", "unfinished"].includes(run.state))
    return `run ${run.run} is ${run.state}: there is nothing to undo`;
  return follow(face, startUndo(session, run.run));
}
