import { setTimeout as sleep } from "node:timers/promises";
import { subjectFault, UnsprawlError } from "../model/error.ts";
import { AGENT_EVENTS, followEvents, type EngineEvent } from "../watch/events.ts";
import { fetcher, type Fetcher } from "./fetch.ts";
import { paceOf } from "./pace.ts";
import { openRecord } from "./record.ts";
import { roller, type Roller } from "./roll.ts";
import { serving, type Serving } from "./serving.ts";
import { startFailed } from "./start.ts";
import type { AgentEvent, AgentSettings, AgentTools, ServedConsumer } from "./tools.ts";

/** Events close together are handled together. */
const TOGETHER_MS = 50;
/** How long the loop waits for stores before it continues; later answers still count. */
const FIRST_MS = 1000;

/** What a pass could not do: consumers without their values. */
export type PassResult = { readonly served: number; readonly failed: boolean };

/**
 * Before the engine starts: writes the files of everyone in the index, and tries stores that are down again until
 * `withinMs` is over. Never asks the engine, which waits for this.
 */
export async function bootPass(
  settings: AgentSettings,
  tools: AgentTools,
  withinMs: number,
  signal: AbortSignal,
): Promise<PassResult> {
  const { fetch, roll, serves } = parts(settings, tools, signal);
  const until = Date.now() + withinMs;
  const left = (): number => Math.max(until - Date.now(), 0);
  for (;;) {
    const all = serves.all();
    await Promise.race([fetch.poll(all, roll.take), pause(left(), signal)]);
    signal.throwIfAborted();
    if (left() === 0 || fetch.isDone(all)) return { served: all.length, failed: !fetch.isDone(all) };
    await pause(Math.min(250, left()), signal);
  }
}

/** One pass: files, what the engine could not start, and what has changed since the pass before. */
export async function onePass(settings: AgentSettings, tools: AgentTools, signal: AbortSignal): Promise<PassResult> {
  const { fetch, roll, serves } = parts(settings, tools, signal);
  let isDecided = false;
  await fetch.poll(serves.all(), roll.take);
  try {
    const engine = await tools.engine();
    isDecided = await serves.refresh(engine);
    await fetch.poll(serves.all(), roll.take);
    await startFailed(engine, serves.all(), tools);
  } catch (error) {
    if (!(error instanceof UnsprawlError) || error.code !== "unreachable") throw error;
    tools.told({ kind: "failed", what: "the engine", error });
    // At boot the engine starts after this.
    const all = serves.all();
    return { served: all.length, failed: !fetch.isDone(all) };
  }
  await roll.run();
  const all = serves.all();
  return { served: all.length, failed: !isDecided || roll.due() > 0 || !fetch.isDone(all) };
}

/** Serves this host until it is cancelled. */
export async function serveHost(settings: AgentSettings, tools: AgentTools, signal: AbortSignal): Promise<void> {
  const { fetch, roll, serves } = parts(settings, tools, signal);
  const said = new Map<string, string>();
  let woken = new AbortController();
  let [isStale, mayStart, isAnnounced] = [true, true, false];
  const broken = new AbortController();
  const ended = AbortSignal.any([signal, broken.signal]);
  const guarded = (work: Promise<void>): Promise<void> =>
    work.catch((error: unknown) => void (signal.aborted || broken.abort(error)));
  const poll = (isTurn?: (served: ServedConsumer) => boolean): Promise<void> =>
    guarded(
      fetch.poll(
        serves.all(),
        async (fetched) => {
          await roll.take(fetched);
          mayStart ||= fetched.changed.length > 0;
          void guarded(roll.run());
        },
        isTurn,
      ),
    );
  // Without the engine at first: at boot it waits for these files.
  await Promise.race([poll(), pause(FIRST_MS, ended)]);
  const engine = await tools.engine();
  const heard = ({ kind }: EngineEvent): void => {
    if (kind === "lost") return;
    isStale = true;
    woken.abort();
  };
  const following = followEvents(engine, heard, ended, AGENT_EVENTS);
  const refresh = oneAtATime(async () => {
    isStale = false;
    mayStart = true;
    if (!(await asked(() => serves.refresh(engine), tools))) isStale = true;
  });
  const start = oneAtATime(async () => {
    mayStart = false;
    if (!(await asked(() => startFailed(engine, serves.all(), tools, said), tools))) mayStart = true;
  });
  for (let round = 0; !ended.aborted; round++) {
    // Who asks a store, or waits for a container, delays nobody for longer than this.
    if (isStale) await Promise.race([guarded(refresh()), pause(FIRST_MS, ended)]);
    const pace = paceOf(serves.all(), settings.everyMs);
    if (!isAnnounced && !ended.aborted) tools.told(servingEvent(serves.all(), pace.everyMs));
    isAnnounced = true;
    await Promise.race([poll((served) => pace.isTurn(served, round)), pause(FIRST_MS, ended)]);
    if (mayStart) await Promise.race([guarded(start()), pause(FIRST_MS, ended)]);
    void guarded(roll.run());
    await pause(pace.everyMs * (0.75 + Math.random() / 2), AbortSignal.any([ended, woken.signal]));
    if (woken.signal.aborted) await pause(TOGETHER_MS, ended);
    woken = new AbortController();
  }
  await following;
  if (broken.signal.aborted) throw broken.signal.reason;
}

type AgentParts = { readonly fetch: Fetcher; readonly roll: Roller; readonly serves: Serving };

function parts(settings: AgentSettings, tools: AgentTools, signal: AbortSignal): AgentParts {
  const record = openRecord(tools.state);
  const roll = roller(settings, tools, record, signal);
  return { fetch: fetcher(tools), roll, serves: serving(tools, record, roll.forget) };
}

/** False while the engine does not answer, or a store that had to be asked too. */
async function asked(act: () => Promise<boolean | void>, tools: AgentTools): Promise<boolean> {
  try {
    return (await act()) !== false;
  } catch (error) {
    const fault = subjectFault(error);
    if (fault.code !== "unreachable") tools.told({ kind: "failed", what: "the engine", error: fault });
    return fault.code !== "unreachable";
  }
}

function servingEvent(all: readonly ServedConsumer[], everyMs: number): AgentEvent {
  const stores = new Set(all.flatMap(({ consumer }) => consumer.stores.map(({ name }) => name)));
  return { kind: "serving", consumers: all.length, stores: [...stores].sort(), everyMs };
}

/** While one call is under way, others wait for it. */
function oneAtATime(act: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null;
  return () => (running ??= act().finally(() => (running = null)));
}

/** Ends early, without an error, if cancelled. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}
