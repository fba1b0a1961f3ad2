import { setImmediate as turn } from "node:timers/promises";
import { historyOf } from "../history.ts";
import { shownError } from "../shown-error.ts";
import { startJob, type TerminalSession } from "../session.ts";

/** Reads the journals of all runs, for the history of a secret. */
export function startHistory(session: TerminalSession): void {
  startJob(session, "history", async (signal) => {
    try {
      await read(session, signal);
    } catch (error) {
      if (!signal.aborted)
        session.store.set(() => ({ status: { text: shownError(error, session.assembly.redactor).text, tone: "bad" } }));
    }
  });
}

async function read({ store, assembly }: TerminalSession, signal: AbortSignal): Promise<void> {
  const [{ listRuns }, { readJournal }] = await Promise.all([
    import("../../core/journal/runs.ts"),
    import("../../core/journal/journal.ts"),
  ]);
  const installation = assembly.installation();
  const runs: Parameters<typeof historyOf>[0][number][] = [];
  for (const summary of listRuns(installation)) {
    // Keys are handled between two runs. An unreadable run is reported in the list of runs.
    await turn();
    if (signal.aborted) return;
    if (summary.state !== "unreadable") runs.push({ summary, plan: readJournal(installation, summary.run).plan });
  }
  if (runs.length > 0) store.later(() => ({ history: historyOf(runs) }));
}
