import { runStateText, type RunSummary } from "../../core/journal/runs.ts";
import { press } from "../actions.ts";
import { receiptLines } from "../screens/receipts.ts";
import type { TerminalSession } from "../session.ts";
import { countText } from "../widgets/bar.ts";
import { openRun, startResume, startScrub } from "../verbs/journal.ts";
import { startRotation } from "../verbs/rotate.ts";
import { startUndo } from "../verbs/run.ts";
import { choose, NO_ROOM, pageOf, say, word, type Face } from "./face.ts";
import { follow } from "./follow.ts";
import { NOT_A_WORD } from "./list.ts";
import { numbers } from "./numbers.ts";
import { rotating } from "./rotate.ts";

/** What was done, newest first; `u` and a number undoes one after a question. */
export async function runs(face: Face): Promise<void> {
  const { session } = face;
  const { list } = session.store.get().runs;
  say(face, list.length === 0 ? "Nothing was done yet." : `${countText(list.length, "run")}, newest first.`);
  for (const [index, { run, store, units, secrets, next, ...one }] of list.entries()) {
    const what = `${countText(secrets, "secret")} to ${store}, ${units.map(({ unit }) => unit).join(", ")}`;
    say(
      face,
      `${index + 1}. ${runStateText({ ...one, units })}, ${run}, ${what}${next === null ? "" : `; next: ${next}`}`,
    );
  }
  await choose(
    face,
    list.length > 0 ? "What next? A number reads its steps and receipts," : "What next?",
    [
      ...(list.length > 0
        ? [
            word("runs", "undo", (rest) => one(face, rest, undo), "u 1"),
            word("runs", "resume", (rest) => one(face, rest, startResume), "R 1"),
            word("runs", "scrub", (rest) => one(face, rest, startScrub), "S 1"),
            word("runs", "rotate", (rest) => one(face, rest, async (of) => startRotation(of)), "N 1"),
          ]
        : []),
      word("runs", "back", () => press(session, "esc", NO_ROOM)),
    ],
    (text) => {
      const wrong = one(face, text === "" ? "-" : text, openRun);
      return typeof wrong === "string" ? NOT_A_WORD : wrong.then(() => null);
    },
  );
}

/** One run from its journal: how far each step got, then every record as it was written. */
export async function receipts(face: Face): Promise<void> {
  const { session } = face;
  const { opened } = session.store.get();
  if (opened === null) return press(session, "esc", NO_ROOM);
  const { summary } = opened;
  const all = receiptLines(opened).filter(({ spans }) => spans.length > 0);
  const { from, to, more } = pageOf(opened.scroll, all.length, (scroll) =>
    session.store.set((state) => ({ opened: state.opened && { ...state.opened, scroll } })),
  );
  const next = summary.next === null ? "" : `; next: ${summary.next}`;
  say(face, `Run ${summary.run}, ${runStateText(summary)}, to ${summary.store}${next}`, ...all.slice(from, to));
  await choose(
    face,
    "What next?",
    [
      ...more,
      word("receipts", "undo", () => follow(face, undo(session, summary))),
      word("receipts", "resume", () => follow(face, startResume(session, summary))),
      word("receipts", "scrub", () => follow(face, startScrub(session, summary))),
      ...rotating(face, "receipts"),
      word("receipts", "back", () => press(session, "esc", NO_ROOM)),
    ],
    () => NOT_A_WORD,
  );
}

/** Acts on the run of this number; if there is only one, no number is needed. */
function one(
  face: Face,
  rest: string,
  act: (session: TerminalSession, run: RunSummary) => Promise<void>,
): Promise<void> | string {
  const { session } = face;
  const { list } = session.store.get().runs;
  const [at, ...others] = numbers(rest || (list.length === 1 ? "1" : ""), list.length) ?? [];
  const run = list[at ?? -1];
  if (at === undefined || !run || others.length > 0) return `which? a number from 1 to ${list.length} after the letter`;
  session.store.set(({ runs: before }) => ({ runs: { ...before, at } }));
  return follow(face, act(session, run));
}

async function undo(session: TerminalSession, { run, state }: RunSummary): Promise<void> {
  if (["done", "failed", "unfinished"].includes(state)) return startUndo(session, run);
  session.store.set(() => ({ status: { text: `run ${run} is ${state}: there is nothing to undo`, tone: "warn" } }));
}
