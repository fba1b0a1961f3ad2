import { setTimeout as sleep } from "node:timers/promises";
import type { TerminalSession } from "../session.ts";
import { countText } from "../widgets/bar.ts";
import { say, type Face } from "./face.ts";
import { stillText, telling } from "./follow.ts";

/** A scan that is over by then is told as a whole. */
const FIRST_MS = 1_000;
const EVERY_MS = 5_000;

/**
 * Tells how many secrets there are while a scan works, until it ends or the person begins with those: from the first one
 * on, Enter does. The scan then goes on, and its end is told.
 */
export async function hear(face: Face): Promise<void> {
  const { session, lines } = face;
  const scan = session.jobs.get("scan");
  if (scan === undefined) return;
  const over = new AbortController();
  const done = scan.done.then(() => over.abort());
  await sleep(FIRST_MS, undefined, { signal: over.signal }).catch(() => undefined);
  const off = telling(face);
  let told = "";
  let silent = 0;
  const every = setInterval(() => {
    const now = soFar(session);
    // What has not changed is said half as often.
    if (now === told && ++silent < 2) return;
    [told, silent] = [now, 0];
    lines.say(count(session) === 0 ? stillText(session.store.get(), face) : `${now}; press Enter to begin with these`);
  }, EVERY_MS);
  try {
    while (!over.signal.aborted) {
      if (count(session) === 0) {
        await change(session, over.signal);
        continue;
      }
      told = soFar(session);
      const typed = await lines.ask(`${told}; press Enter to begin with these\n> `, over.signal);
      if (over.signal.aborted) break;
      if (typed === null || /^\s*(?:q|quit)\s*$/i.test(typed)) return await session.leave();
      if (typed.trim() === "") return tellEnd(face, done);
      say(face, "not understood: Enter begins with what was found so far, q quits");
    }
  } finally {
    clearInterval(every);
    off();
  }
  await session.jobs.get("history")?.done;
}

/** Says that the scan behind the questions has ended. */
function tellEnd(face: Face, done: Promise<void>): void {
  const { session, lines } = face;
  void done.then(() => {
    const { status, groups } = session.store.get().scan;
    // Another scan has taken its place: that one is told.
    if (status === "running") return;
    lines.say(
      status === "failed"
        ? "the scan failed; Enter in the list says why"
        : `the scan has ended, ${countText(groups.length, "secret")}; Enter in the list reads all of them`,
    );
    lines.again();
  });
}

const count = (session: TerminalSession): number => session.store.get().scan.groups.length;

function soFar(session: TerminalSession): string {
  const { groups, done, total } = session.store.get().scan;
  return `${countText(groups.length, "secret")} so far, ${done}${total === null ? "" : ` of ${total}`} read`;
}

/** Resolves with the next change of what is known, or with the end. */
function change({ store }: TerminalSession, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      off();
      signal.removeEventListener("abort", end);
      resolve();
    };
    const off = store.subscribe(end);
    signal.addEventListener("abort", end, { once: true });
  });
}
