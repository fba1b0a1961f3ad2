import { DEFAULT_SOURCES } from "../../assembly/plug-ins.ts";
import { shownError } from "../shown-error.ts";
import type { TerminalSession } from "../session.ts";
import type { TuiState } from "../state.ts";
import { startScan } from "./scan.ts";

/** Events come by the dozen when a project starts: it is scanned once they have ceased for so long. */
const QUIET_MS = 1_000;

/**
 * Scans again when containers start or are removed, and the list stays as it is meanwhile; begins once a scan has read
 * the engine. The returned function ends it.
 */
export function followEngine(session: TerminalSession): () => void {
  const { store } = session;
  const end = new AbortController();
  const timer: DelayedAct = laterOnce(() => {
    if (isOfEngine(store.get())) refresh(session, timer.soon);
  });
  const stop = store.subscribe(() => {
    if (store.get().scan.status !== "done" || end.signal.aborted || !isOfEngine(store.get())) return;
    stop();
    void follow(session, timer.soon, end.signal);
  });
  return () => {
    stop();
    timer.cancel();
    end.abort();
  };
}

/** Whether the list shows what this engine has: it is followed for no other source. */
const isOfEngine = ({ target: { sources, hosts } }: TuiState): boolean =>
  hosts === null && sources.some((source) => DEFAULT_SOURCES.some((kind) => source.startsWith(kind)));

async function follow({ assembly, store }: TerminalSession, changed: () => void, signal: AbortSignal): Promise<void> {
  try {
    const [{ followEvents }, engine] = await Promise.all([import("../../watch/events.ts"), assembly.engine()]);
    await followEvents(
      engine,
      ({ kind }) => void (kind === "started" || kind === "removed" ? changed() : null),
      signal,
    );
  } catch (error) {
    store.set(() => ({
      status: { text: `not live: ${shownError(error, assembly.redactor).text}; r scans again`, tone: "warn" },
    }));
  }
}

/** Only the list is refreshed: what is being decided or run must not change meanwhile; going back scans again then. */
function refresh(session: TerminalSession, later: () => void): void {
  const { jobs, store } = session;
  const { where } = store.get();
  if (!["browse", "detail", "facets"].includes(where) || jobs.has("plan")) return store.set(() => ({ stale: true }));
  if (jobs.has("scan")) later();
  else startScan(session, { quiet: true });
}

type DelayedAct = { readonly soon: () => void; readonly cancel: () => void };

function laterOnce(act: () => void): DelayedAct {
  let timer: NodeJS.Timeout | null = null;
  const cancel = (): void => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
  };
  return {
    cancel,
    soon() {
      cancel();
      timer = setTimeout(act, QUIET_MS);
    },
  };
}
