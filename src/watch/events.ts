import { setTimeout as sleep } from "node:timers/promises";
import { pauseMs } from "../kit/net/backoff.ts";
import type { Engine } from "../engine/engine.ts";
import { UnsprawlError } from "../model/error.ts";

/** What the engine did, as far as it matters for findings. */
export type EngineEvent =
  /** From here on nothing is missed; earlier events may have been. */
  | { readonly kind: "connected" }
  | { readonly kind: "started" | "removed"; readonly id: string }
  | { readonly kind: "lost"; readonly error: UnsprawlError };

const PAUSES = { firstMs: 100, longestMs: 10_000 };
const LONGEST_LINE = 1024 * 1024;
/** A network connection that is silent for this long is opened again: it may be dead. */
const SILENCE_MS = 300_000;
/**
 * Events since this long before are then requested again: the engine's clock may differ. Subjects that were looked at
 * already are looked at again.
 */
const AGAIN_MS = SILENCE_MS + 600_000;

type WatchedActions = { readonly [action: string]: "started" | "removed" };

/** Started or renamed: both are scanned. A container's environment does not change after its creation. */
const WATCHED: WatchedActions = {
  start: "started",
  rename: "started",
  destroy: "removed",
  remove: "removed", // Podman
};

/** For the agent too: a container whose files are missing is created, and then does not start. */
export const AGENT_EVENTS: WatchedActions = { ...WATCHED, create: "started" };

/**
 * The engine's events until it is cancelled; a lost connection is opened again, soon at first, then every ten seconds.
 * The engine drops events if its reader is slow, so the callback must not wait. Source: moby
 * `api/server/router/system`, events; `daemon/events` (a slow reader loses messages).
 */
export async function followEvents(
  engine: Engine,
  told: (event: EngineEvent) => void,
  signal: AbortSignal,
  actions: WatchedActions = WATCHED,
): Promise<void> {
  const filters = encodeURIComponent(JSON.stringify({ type: ["container"], event: Object.keys(actions) }));
  let lost = 0;
  let since = "";
  while (!signal.aborted) {
    const silence = new AbortController();
    const either = AbortSignal.any([signal, silence.signal]);
    const remote = engine.connection.via !== "unix";
    const timer = remote ? setTimeout(() => silence.abort(), SILENCE_MS) : null;
    try {
      const answer = await engine.stream("engine events", `/events?filters=${filters}${since}`, either);
      if (answer === null) throw new UnsprawlError("malformed", "the engine has no events", "unsprawl doctor");
      // After mere silence, the engine is asked for its events meanwhile: nothing was missed.
      if (since === "") told({ kind: "connected" });
      lost = 0;
      for await (const line of linesOf(answer)) {
        timer?.refresh();
        const event = eventOf(line, actions);
        if (event !== null) told(event);
      }
      throw new UnsprawlError("unreachable", "the engine closed its event stream", "unsprawl reconnects");
    } catch (error) {
      if (signal.aborted) return;
      since = silence.signal.aborted ? `&since=${Math.floor((Date.now() - AGAIN_MS) / 1000)}` : "";
      if (since === "") told({ kind: "lost", error: lostOf(error) });
    } finally {
      if (timer !== null) clearTimeout(timer);
    }
    // Random, so that many watchers of one engine do not all reconnect at once.
    await sleep(pauseMs(++lost, PAUSES), undefined, { signal }).catch(() => undefined);
  }
}

function lostOf(error: unknown): UnsprawlError {
  if (error instanceof UnsprawlError) return error;
  return new UnsprawlError("unreachable", "the engine's event stream broke off", "unsprawl reconnects");
}

/** JSON objects, one per line; a line longer than any event is skipped. */
async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let held = "";
  for await (const chunk of chunks) {
    held += decoder.decode(chunk, { stream: true });
    for (let end = held.indexOf("\n"); end >= 0; end = held.indexOf("\n")) {
      yield held.slice(0, end);
      held = held.slice(end + 1);
    }
    if (held.length > LONGEST_LINE) held = "";
  }
}

/** Null for anything that is not an event, or does not matter. Podman uses other names. */
function eventOf(line: string, actions: WatchedActions): EngineEvent | null {
  let event: { Action?: unknown; status?: unknown; id?: unknown; Actor?: { ID?: unknown } };
  try {
    event = JSON.parse(line) as typeof event;
  } catch {
    return null;
  }
  const action = event.Action ?? event.status;
  const id = event.Actor?.ID ?? event.id;
  const kind = typeof action === "string" && Object.hasOwn(actions, action) ? actions[action] : undefined;
  return kind === undefined || typeof id !== "string" ? null : { kind, id };
}
