import { scanAndRemember, type Memory, type RememberedScan } from "../core/remember.ts";
import type { Host } from "../contract/host.ts";
import type { Engine } from "../engine/engine.ts";
import { isReplaced, UnsprawlError } from "../model/error.ts";
import type { Confidence } from "../model/finding.ts";
import { followEvents, type EngineEvent } from "./events.ts";
import { waitUntil, type Schedule } from "./schedule.ts";
import type { ScanTools } from "../core/scan-tools.ts";

export type WatchInput = {
  readonly sources: readonly string[];
  readonly minConfidence: Confidence;
  readonly layers: boolean;
  /** Null for a single scan. */
  readonly schedule: Schedule | null;
  /** Whether the engine's events trigger scans too. */
  readonly events: boolean;
};

/** One scan of the watch. `why` says what triggered it; `host` is null if only this machine is watched. */
export type WatchScan = RememberedScan & { readonly why: "schedule" | "events"; readonly host: string | null };

export type WatchTools = {
  readonly host: string | null;
  /** Created for each whole scan, so that a changed configuration counts. */
  readonly scanTools: () => Promise<ScanTools>;
  readonly memory: () => Promise<Memory>;
  readonly engine: () => Promise<Engine>;
  /** If several watch side by side: waits until one more scan may run. */
  readonly turn: <T>(act: () => Promise<T>) => Promise<T>;
  /** Called for each scan that was added to the history. Awaited: meanwhile, only events are collected. */
  readonly round: (round: WatchScan) => Promise<void>;
  /** Called for failures that do not end the watch, and for each event. */
  readonly failed: (error: unknown) => void;
  readonly event: (event: EngineEvent) => void;
  readonly waiting: (next: Date) => void;
};

/**
 * Scans at once and then on schedule; with `events` also each container as it starts, and everything after each
 * connection to the engine, so that what started before it is not missed. One scan at a time: containers that start
 * meanwhile are scanned together right after. Ends when it is cancelled; without a schedule after one scan, and then
 * throws what the scan throws. Throws `usage` if there are events and no source that has any.
 */
export async function watch(input: WatchInput, tools: WatchTools, host: Host): Promise<void> {
  const { schedule } = input;
  const own = withEvents(input);
  if (schedule === null) return tools.round(await whole(input, tools, host));
  const { signal } = host;
  const due = new PendingContainers(signal);
  const follow = input.events
    ? followEvents(
        await tools.engine(),
        (event) => {
          tools.event(event);
          due.take(event);
        },
        signal,
      )
    : Promise.resolve();
  const timer = (async (): Promise<void> => {
    // With events, the first whole scan waits for the connection, unless there cannot be one.
    if (input.events) await Promise.race([due.connected, waitUntil(new Date(Date.now() + PATIENCE_MS), signal)]);
    while (!signal.aborted) {
      const next = schedule.next(new Date());
      due.all();
      tools.waiting(next);
      await waitUntil(next, signal);
    }
  })().catch(() => undefined); // called off
  let failures = 0;
  let retry: NodeJS.Timeout | undefined;
  while (!signal.aborted) {
    await due.something();
    if (signal.aborted) break;
    const asked = due.next();
    try {
      await tools.round(
        asked === "all"
          ? await whole(input, tools, host)
          : { ...(await few({ ...input, sources: own }, asked, tools, host)), why: "events", host: tools.host },
      );
      failures = 0;
    } catch (error) {
      if (signal.aborted) break;
      // Whatever starts it again has the new version then.
      if (isReplaced(error)) throw error;
      tools.failed(error);
      if (!input.events) continue;
      // A whole scan looks for what was missed; the engine's return triggers one too.
      const wait = Math.min(FIRST_RETRY_MS * 2 ** failures++, LONGEST_RETRY_MS);
      clearTimeout(retry);
      retry = setTimeout(() => due.all(), wait);
    }
  }
  clearTimeout(retry);
  await Promise.all([follow, timer]);
}

/** The sources whose engine reports events. Throws `usage` if events are requested and there is none. */
export function withEvents({ sources, events }: Pick<WatchInput, "sources" | "events">): readonly string[] {
  const own = sources.filter((source) => source.startsWith("docker:"));
  if (events && own.length === 0)
    throw new UnsprawlError("usage", "--events: none of the sources has any", "add docker:");
  return own;
}

const PATIENCE_MS = 2000;
const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 300_000;

async function whole(input: WatchInput, tools: WatchTools, host: Host): Promise<WatchScan> {
  const { sources, minConfidence, layers } = input;
  const asked = { sources, minConfidence, layers, showIgnored: false, again: true };
  const scanned = tools.turn(async () => scanAndRemember(asked, await tools.scanTools(), await tools.memory(), host));
  return { ...(await scanned), why: "schedule", host: tools.host };
}

async function few(input: WatchInput, asked: ContainerEvents, tools: WatchTools, host: Host): Promise<RememberedScan> {
  const { sources, minConfidence } = input;
  const which = { only: asked.started, removed: asked.removed, layers: false, showIgnored: false, again: true };
  return tools.turn(async () =>
    scanAndRemember({ sources, minConfidence, ...which }, await tools.scanTools(), await tools.memory(), host),
  );
}

type ContainerEvents = { readonly started: ReadonlySet<string>; readonly removed: ReadonlySet<string> };

/** What to scan next. Holds each container once, however often it started. */
class PendingContainers {
  #all = false;
  #started = new Set<string>();
  #removed = new Set<string>();
  #wake: () => void = () => undefined;
  #connected: () => void = () => undefined;
  readonly connected = new Promise<void>((done) => (this.#connected = done));
  readonly #signal: AbortSignal;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener("abort", () => this.#wake(), { once: true });
  }

  take(event: EngineEvent): void {
    if (event.kind === "connected") {
      this.#all = true;
      this.#connected();
    } else if (event.kind === "started") this.#started.add(event.id);
    else if (event.kind === "removed") {
      this.#started.delete(event.id);
      this.#removed.add(event.id);
    } else return;
    this.#wake();
  }

  all(): void {
    this.#all = true;
    this.#wake();
  }

  async something(): Promise<void> {
    if (this.#all || this.#started.size > 0 || this.#removed.size > 0 || this.#signal.aborted) return;
    await new Promise<void>((done) => (this.#wake = done));
  }

  /** A whole scan covers what started before it, and what is gone. */
  next(): "all" | ContainerEvents {
    const few = { started: this.#started, removed: this.#removed };
    this.#started = new Set();
    this.#removed = new Set();
    if (!this.#all) return few;
    this.#all = false;
    return "all";
  }
}
