import type { TerminalSession } from "../session.ts";
import { WAITING_FOR_SCAN, type TuiState } from "../state.ts";
import { STEP } from "../theme.ts";
import { seconds, countText, timeLeft } from "../widgets/bar.ts";
import { line } from "../widgets/text.ts";
import { say, type Face } from "./face.ts";
import { spoken } from "./spoken.ts";
import type { Prompt } from "../state-parts.ts";

const STILL_MS = 10_000;

/**
 * Reports events until `work` and all that it started have ended, and puts the questions that come up. A scan that
 * continues in the background is not waited for.
 */
export async function follow(face: Face, work: Promise<unknown> = Promise.resolve()): Promise<void> {
  const { session, lines } = face;
  let wake: () => void = () => undefined;
  const quiet = telling(face);
  const off = session.store.subscribe(() => wake());
  const still = setInterval(() => {
    const { question, prompt } = session.store.get();
    if (question === null && prompt === null && !session.away) lines.say(stillText(session.store.get(), face));
  }, STILL_MS);
  let over = false;
  const end = idle(session, work).finally(() => {
    over = true;
    wake();
  });
  try {
    for (;;) {
      if (over) break;
      const { question, prompt } = session.store.get();
      if (question) await put(face, question);
      else if (prompt) await type(face, prompt);
      else await new Promise<void>((resolve) => (wake = resolve));
    }
    await end;
  } finally {
    clearInterval(still);
    quiet();
    off();
  }
}

/** Reports news as it arrives; the returned function stops that. */
export function telling(face: Face): () => void {
  const { store } = face.session;
  let told = store.get();
  return store.subscribe(() => {
    const now = store.get();
    tell(face, told, now);
    told = now;
  });
}

async function idle(session: TerminalSession, work: Promise<unknown>): Promise<void> {
  await work;
  for (;;) {
    const job = [...session.jobs.values()].find(({ kind }) => kind !== "scan");
    if (!job) return;
    await job.done;
  }
}

/** Only `y` is yes. A withdrawn question (its run was cancelled) is not waited for. */
async function put({ session, lines, guard }: Face, question: NonNullable<TuiState["question"]>): Promise<void> {
  const gone = new AbortController();
  const off = session.store.subscribe(() => {
    if (session.store.get().question !== question) gone.abort();
  });
  const [text = ""] = spoken([line(question.text)], guard);
  for (;;) {
    const answer = (await lines.ask(`${text} y or n: `, gone.signal))?.trim().toLowerCase() ?? "n";
    if (gone.signal.aborted) break;
    const yes = ["y", "yes"].includes(answer);
    if (!yes && !["n", "no", "b", "back", "q", "quit"].includes(answer)) continue;
    off();
    question.answer(yes);
    break;
  }
  off();
}

/** A line to type: its effect is said after it, as the screens show it below it. */
async function type(face: Face, prompt: Prompt): Promise<void> {
  const filled = prompt.text === "" ? "" : `, enter for ${prompt.text}`;
  const [label = ""] = spoken([line(`${prompt.label} (b goes back${filled})`)], face.guard);
  const text = (await face.lines.ask(`${label}\n> `))?.trim() ?? "b";
  if (text === "q" || text === "quit") {
    prompt.answer(null);
    return face.session.leave();
  }
  if (text === "b") return prompt.answer(null);
  const given = text === "" ? prompt.text : text;
  const wrong = text === "?" ? "a line of text, then enter; b goes back, q quits" : prompt.check(given);
  say(face, ...(wrong === null ? prompt.about(given) : [wrong]));
  if (wrong === null) prompt.answer(given);
}

function tell(face: Face, before: TuiState, now: TuiState): void {
  if (now.status && now.status !== before.status)
    say(face, now.status.tone === "bad" ? `failed: ${now.status.text}` : now.status.text);
  const { busy } = now.stores;
  // A long wait with a reason is reported at once.
  if (busy === WAITING_FOR_SCAN && busy !== before.stores.busy) say(face, busy);
  const { run } = now;
  if (!run) return;
  if (run.aborting && !before.run?.aborting) say(face, "cancelled: putting back what was begun");
  const known = new Map(before.run?.plan === run.plan ? before.run.steps.map((step) => [step.id, step.state]) : []);
  for (const [at, { id, unit, text, state }] of run.steps.entries())
    if (state !== known.get(id) && state !== "waiting" && state !== "start")
      say(face, `${at < run.total ? `${at + 1} of ${run.total}: ` : ""}${unit}  ${text}: ${STEP[state].word}`);
}

export function stillText(state: TuiState, { guard }: Face): string {
  const { scan, run, stores, rotating, now } = state;
  if (state.where === "run" && run) {
    const step = run.steps.find(({ state: is }) => is === "start");
    const what = step ? `${step.unit}  ${step.phase?.text ?? step.text}, ` : "";
    return spoken([line(`still working: ${what}${seconds(run.started, now)}; ctrl-c cancels it`)], guard).join();
  }
  if (rotating?.busy != null) return spoken([line(`still working: ${rotating.busy}`)], guard).join();
  if (stores.busy !== null) return spoken([line(`still working: ${stores.busy}`)], guard).join();
  const total = scan.total === null ? "" : ` of ${scan.total}`;
  const left = timeLeft(scan.started, now, scan.done, scan.total);
  const found = `${countText(scan.groups.length, "secret")} so far`;
  return `still reading: ${scan.done}${total}, ${found}${left === "" ? "" : `, about ${left}`}`;
}
