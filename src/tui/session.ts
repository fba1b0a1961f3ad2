import type { Assembly } from "../assembly/index.ts";
import type { Host } from "../contract/host.ts";
import { EXIT } from "../model/error.ts";
import { createStore, START, type ScanTarget, type Store } from "./state.ts";
import type { IgnoreEdit } from "../core/config/ignore-file.ts";
import type { ScanHit } from "../core/scan-hit.ts";

/** A running verb of core. */
export type VerbJob = {
  readonly kind: "scan" | "plan" | "run" | "preview" | "history" | "overview";
  readonly abort: AbortController;
  readonly done: Promise<void>;
};

export type Ignoring = {
  readonly edit: IgnoreEdit;
  readonly hits: readonly ScanHit[];
  readonly said: { readonly reason: string; readonly until: string | null };
};

/** One session at the terminal: what is shown, what is running, and how it ends. */
export type TerminalSession = {
  readonly assembly: Assembly;
  readonly store: Store;
  /** Resolves with the exit code, once nothing is left half done. */
  readonly ended: Promise<number>;
  readonly jobs: Map<VerbJob["kind"], VerbJob>;
  /** Gives the terminal to another program while `act` runs; null while nothing is drawn. */
  handOver: ((act: () => Promise<void>) => Promise<void>) | null;
  /** Another program has the terminal: an interrupt is for that program. */
  away: boolean;
  /** What was ignored in this session, the newest last. */
  readonly ignores: Ignoring[];
  /** Leaves: cancels what is running, waits for a run to put back what it began. */
  leave(code?: number): Promise<void>;
};

export function createSession(
  assembly: Assembly,
  target: ScanTarget,
  { readOnly = false }: { readonly readOnly?: boolean } = {},
): TerminalSession {
  const store = createStore({ ...START, readOnly, target });
  const jobs = new Map<VerbJob["kind"], VerbJob>();
  let end: (code: number) => void = () => undefined;
  const ended = new Promise<number>((resolve) => (end = resolve));
  return {
    assembly,
    store,
    ended,
    jobs,
    handOver: null,
    away: false,
    ignores: [],
    async leave(code) {
      for (const job of jobs.values()) job.abort.abort();
      await jobs.get("run")?.done;
      end(code ?? store.get().result?.result?.error?.exit ?? EXIT.ok);
    },
  };
}

/** Starts a verb; a running verb of the same kind is cancelled first. `act` must not throw. */
export function startJob(
  session: TerminalSession,
  kind: VerbJob["kind"],
  act: (signal: AbortSignal) => Promise<void>,
): VerbJob {
  session.jobs.get(kind)?.abort.abort();
  const abort = new AbortController();
  // Displayed times advance while nothing else happens.
  const clock = setInterval(() => session.store.set(() => ({ now: Date.now() })), 1000);
  const done = act(abort.signal).finally(() => {
    clearInterval(clock);
    if (session.jobs.get(kind) === job) session.jobs.delete(kind);
  });
  const job = { kind, abort, done };
  session.jobs.set(kind, job);
  return job;
}

/** The face under which core runs here: events become state, questions a dialog. */
export function tuiHost(session: TerminalSession, signal: AbortSignal, emit: Host["emit"]): Host {
  return {
    signal,
    emit(event) {
      if (event.type === "note") {
        const text = session.assembly.redactor.foreign(`${event.text}${event.hint ? `: ${event.hint}` : ""}`);
        session.store.later(() => ({ status: { text, tone: event.level === "warn" ? "warn" : "plain" } }));
      } else emit(event);
    },
    ask: ({ text }) => ask(session, session.assembly.redactor.foreign(text)),
  };
}

/** Asks a yes-or-no question; only `y` is yes. */
export function ask(session: TerminalSession, text: string): Promise<boolean> {
  return new Promise((resolve) => {
    const answer = (yes: boolean): void => {
      session.store.set(() => ({ question: null }));
      resolve(yes);
    };
    session.store.set(() => ({ question: { text, answer } }));
  });
}
