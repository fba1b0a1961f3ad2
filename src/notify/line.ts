import { SEND_MS, type ChannelFilter, type Outbox, type Outlet, type QueuedNotice } from "../contract/channel.ts";
import { causeOf, UnsprawlError } from "../model/error.ts";
import { atLeast, SEVERITIES } from "../model/finding.ts";
import type { Notice } from "../model/notice.ts";
import { pauseMs } from "../kit/net/backoff.ts";
import { noAnswerText, withTimeLimit } from "../kit/net/within.ts";
import type { Clock } from "./clock.ts";
import { AGAIN, FIX, Undelivered, type Remedy } from "./undelivered.ts";

export type ChannelQueueTools = {
  readonly history: Outbox;
  readonly say: (text: string) => void;
  readonly clock: Clock;
};

/**
 * Milliseconds. Changes close together are sent together; a secret that reappears after its migration is sent almost at
 * once.
 */
const COLLECT = 3000;
const COLLECT_LOUD = 200;
/** How often the outbox is checked without a signal: other processes fill it too. */
const LOOK = 30_000;
/** A send that ignores its own limit. */
const LIMIT = SEND_MS + 10_000;
/** Long enough for collecting, one attempt, and retrying the parts of a refused batch. */
const LEASE = COLLECT + 3 * LIMIT;
/** Pauses: the first, the longest, and the one for faults that a person must fix. */
const FIRST = 2000;
const LONGEST = 10 * 60_000;
const MENDING = 15 * 60_000;
/** No channel is left waiting longer than a day, whatever `Retry-After` says. */
const DAY = 24 * 3_600_000;
/** A channel is reported once it has failed this often in a row. */
const SPOKEN_OF = 3;

/** One channel's share of the outbox: takes what is due, collects, sends, and waits if it must. */
export class ChannelQueue {
  readonly #outlet: Outlet;
  readonly #tools: ChannelQueueTools;
  readonly #over = new AbortController();
  #stopping = false;
  #fresh = true;
  #nap: { readonly end: () => void; readonly light: boolean } | null = null;
  /** Nothing is sent before this time. */
  #notBefore = 0;
  #failures = 0;
  /** The last reported fault of this channel, while it lasts. */
  #said: string | null = null;
  #refused: string | null = null;
  /** The last failure that may pass: reported if no time is left for it to pass. */
  #unsaid: string | null = null;

  constructor(outlet: Outlet, tools: ChannelQueueTools) {
    this.#outlet = outlet;
    this.#tools = tools;
  }

  /** Runs until `finish` and nothing more is due, or until `giveUp`. Never throws. */
  async run(): Promise<void> {
    await this.#loop();
    if (this.#unsaid !== null && this.#said === null) this.#tools.say(this.#unsaid);
  }

  async #loop(): Promise<void> {
    for (let faults = 0; !this.#over.signal.aborted;) {
      try {
        const wait = this.#notBefore - this.#tools.clock.now();
        if (wait > 0) {
          if (this.#stopping) return;
          await this.#rest(wait, false);
          continue;
        }
        const lease = this.#tools.clock.now() + LEASE;
        const due = await this.#take();
        faults = 0;
        if (due.length > 0) await this.#tell(due, lease);
        else if (this.#stopping) return;
        else await this.#rest(LOOK, true);
      } catch (error) {
        // The history itself fails: claimed entries become available again when their lease ends.
        if (this.#stopping) return;
        this.#complain(`${this.#name}: the history cannot be read: ${wordsOf(error).message}`);
        await this.#rest(Math.min(LONGEST, FIRST * 2 ** faults++), false);
      }
    }
  }

  wake(): void {
    this.#fresh = true;
    if (this.#nap?.light) this.#nap.end();
  }

  finish(): void {
    this.#stopping = true;
    this.#nap?.end();
  }

  giveUp(): void {
    this.finish();
    this.#over.abort();
  }

  get #name(): string {
    return this.#outlet.channel.name;
  }

  /** What is due: the first change, and what comes soon after it. */
  async #take(): Promise<readonly QueuedNotice[]> {
    const { history, clock } = this.#tools;
    const { most } = this.#outlet.channel;
    this.#fresh = false;
    const taken = [...(await history.claim(this.#name, most, LEASE))];
    const began = clock.now();
    while (taken.length > 0 && taken.length < most && !this.#stopping) {
      const loud = taken.some(({ change }) => change.kind === "regressed" && wants(this.#outlet.wanted, change));
      const left = began + (loud ? COLLECT_LOUD : COLLECT) - clock.now();
      if (left <= 0 || taken.some(({ tries }) => tries > 0)) break;
      await this.#rest(left, true);
      this.#fresh = false;
      taken.push(...(await history.claim(this.#name, most - taken.length, LEASE)));
    }
    return taken;
  }

  async #tell(due: readonly QueuedNotice[], lease: number): Promise<void> {
    const { history, clock } = this.#tools;
    const wanted = due.filter(({ change }) => wants(this.#outlet.wanted, change));
    const rest = due.filter((told) => !wanted.includes(told));
    if (rest.length > 0) await history.delivered(this.#name, idsOf(rest));
    // What failed together is retried together: the same batch has the same id.
    for (const batch of Map.groupBy(wanted, ({ tries }) => tries).values()) {
      if (clock.now() >= this.#notBefore && !this.#over.signal.aborted) await this.#send(batch, lease);
      else await history.postpone(this.#name, idsOf(batch), new Date(Math.max(this.#notBefore, clock.now())));
    }
  }

  async #send(batch: readonly QueuedNotice[], lease: number): Promise<void> {
    const { history, clock } = this.#tools;
    try {
      const changes = batch.map(({ change }) => change);
      // The store that holds the channel's key may hang for longer than the channel itself.
      const over = await withTimeLimit(LIMIT, this.#over.signal, (signal) =>
        this.#outlet.channel.send(changes, signal).then(() => ({ told: true })),
      );
      if (typeof over === "string")
        throw new Undelivered("unreachable", AGAIN, `${this.#name}: ${noAnswerText(over, LIMIT)}`);
    } catch (error) {
      if (this.#over.signal.aborted) return history.postpone(this.#name, idsOf(batch), new Date(clock.now()));
      const remedy = remedyOf(error);
      if (remedy.do === "refused" && batch.length > 1 && clock.now() + 2 * LIMIT < lease) {
        // A change that is never accepted must not hold up the others forever.
        const half = Math.ceil(batch.length / 2);
        for (const part of [batch.slice(0, half), batch.slice(half)]) await this.#part(part, lease);
        return;
      }
      return this.#fail(batch, error, remedy);
    }
    await history.delivered(this.#name, idsOf(batch));
    this.#failures = 0;
    this.#unsaid = null;
    if (this.#said === null) return;
    this.#said = null;
    this.#tools.say(`${this.#name}: works again`);
  }

  async #part(batch: readonly QueuedNotice[], lease: number): Promise<void> {
    const { history, clock } = this.#tools;
    const wait = this.#notBefore > clock.now() || this.#over.signal.aborted;
    if (!wait) return this.#send(batch, lease);
    await history.postpone(this.#name, idsOf(batch), new Date(Math.max(this.#notBefore, clock.now())));
  }

  async #fail(batch: readonly QueuedNotice[], error: unknown, remedy: Remedy): Promise<void> {
    const { history, clock, say } = this.#tools;
    const tried = Math.max(...batch.map(({ tries }) => tries));
    const tries = remedy.do === "refused" ? tried : Math.max(this.#failures, tried);
    const until = clock.now() + this.#pause(remedy, tries);
    if (remedy.do !== "refused") {
      this.#failures++;
      this.#notBefore = until;
    }
    await history.postpone(this.#name, idsOf(batch), new Date(until));
    const { message, hint } = wordsOf(error);
    if (remedy.do === "refused") {
      // It is unlikely to be accepted later either: reported when it happens, and not each time.
      if (tries === 0 && this.#refused !== message)
        say(`${message}; it stays in the outbox${hint === null ? "" : `; next: ${hint}`}`);
      this.#refused = message;
      return;
    }
    const { count } = await history.waiting(this.#name);
    const wait = count === 1 ? "1 change waits" : `${count} changes wait`;
    const more = `; ${wait}${hint === null ? "" : `; next: ${hint}`}`;
    if (remedy.do === "again" && this.#failures < SPOKEN_OF) this.#unsaid = message + more;
    else this.#complain(message, more);
  }

  #pause(remedy: Remedy, tries: number): number {
    const random = (): number => this.#tools.clock.random();
    if (remedy.do !== "again") return MENDING * (1.5 + random() / 2);
    const pause = pauseMs(tries + 1, { firstMs: FIRST, longestMs: LONGEST }, random);
    return Math.max(pause, Math.min(DAY, remedy.afterMs ?? 0));
  }

  /** Reported once for as long as it stays the same. */
  #complain(message: string, more = ""): void {
    if (this.#said === message) return;
    this.#said = message;
    this.#tools.say(message + more);
  }

  /** A light rest ends when something new may be due; every rest ends at shutdown. */
  async #rest(ms: number, light: boolean): Promise<void> {
    if (this.#stopping || (light && this.#fresh)) return;
    const nap = new AbortController();
    this.#nap = { end: () => nap.abort(), light };
    await this.#tools.clock.sleep(ms, nap.signal);
    this.#nap = null;
  }
}

function wants({ on, minSeverity, minConfidence }: ChannelFilter, change: Notice): boolean {
  if (!on.includes(change.kind)) return false;
  const { severity, confidence } = change.kind === "agent" ? { ...change, confidence: null } : change.finding;
  if (minConfidence !== null && confidence !== null && !atLeast(confidence, minConfidence)) return false;
  return minSeverity === null || SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(minSeverity);
}

function idsOf(batch: readonly QueuedNotice[]): readonly string[] {
  return batch.map(({ change }) => change.id);
}

function remedyOf(error: unknown): Remedy {
  if (error instanceof Undelivered) return error.remedy;
  // A file or a reference of the channel that cannot be read.
  const needsFix = error instanceof UnsprawlError && ["config", "absent", "denied", "usage"].includes(error.code);
  return needsFix ? FIX : AGAIN;
}

function wordsOf(error: unknown): { readonly message: string; readonly hint: string | null } {
  if (error instanceof UnsprawlError) return error;
  return { message: `it failed (${causeOf(error)})`, hint: null };
}
