import { setTimeout as sleep } from "node:timers/promises";
import type { TerminalSession } from "../session.ts";
import { countText } from "../widgets/bar.ts";
import { say, type Face } from "./face.ts";
import { stillText, telling } from "./follow.ts";

/** A scan that has ended by then is reported as a whole. */
const FIRST_MS = 1_000;
const EVERY_MS = 5_000;

/**
 * Reports how many secrets there are during a scan, until it ends or the person starts working with them: from the
 * first secret on, Enter does that. The scan then continues, and its end is reported.
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
    // An unchanged count is repeated half as often.
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

/** Reports that the scan in the background has ended. */
function tellEnd(face: Face, done: Promise<void>): void {
  const { session, lines } = face;
  void done.then(() => {
    const { status, groups } = session.store.get().scan;
    // Another scan has taken its place: that one is reported.
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

/** Resolves with the next change of the findings, or with the end. */
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
