import type { RunSummary } from "../../core/runs.ts";
import { press } from "../actions.ts";
import type { Session } from "../session.ts";
import { some } from "../widgets/bar.ts";
import { startResume, startScrub } from "../verbs/journal.ts";
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
      ...(list.length > 0
        ? [
            word("runs", "undo", (rest) => one(face, rest, undo), "u 1"),
            word("runs", "resume", (rest) => one(face, rest, startResume), "R 1"),
            word("runs", "scrub", (rest) => one(face, rest, startScrub), "S 1"),
          ]
        : []),
      word("runs", "back", () => press(session, "esc", NO_ROOM)),
    ],
    () => NOT_A_WORD,
  );
}

/** Does something with the run of this number; the only one needs none. */
function one(
  face: Face,
  rest: string,
  act: (session: Session, run: RunSummary) => Promise<void>,
): Promise<void> | string {
  const { session } = face;
  const { list } = session.store.get().runs;
  const [at, ...others] = numbers(rest || (list.length === 1 ? "1" : ""), list.length) ?? [];
  const run = list[at ?? -1];
  if (at === undefined || !run || others.length > 0) return `which? a number from 1 to ${list.length} after the letter`;
  session.store.set(({ runs: before }) => ({ runs: { ...before, at } }));
  return follow(face, act(session, run));
}

async function undo(session: Session, { run, state }: RunSummary): Promise<void> {
  if (["done", "failed", "unfinished"].includes(state)) return startUndo(session, run);
  session.store.set(() => ({ status: { text: `run ${run} is ${state}: there is nothing to undo`, tone: "warn" } }));
}
