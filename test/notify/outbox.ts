import type { QueuedChange } from "../../src/contract/history.ts";
import type { Change } from "../../src/model/change.ts";
import type { Clock } from "../../src/notify/clock.ts";
import type { Outbox } from "../../src/contract/channel.ts";

/** Time that passes when a test says so. */
export class TestClock implements Clock {
  #now = Date.parse("2026-11-25T10:00:00Z");
  readonly #sleepers = new Set<{ readonly at: number; readonly wake: () => void }>();
  random: () => number = () => 1;

  now(): number {
    return this.#now;
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((done) => {
      const sleeper = {
        at: this.#now + ms,
        wake: () => {
          this.#sleepers.delete(sleeper);
          done();
        },
      };
      this.#sleepers.add(sleeper);
      if (signal.aborted) sleeper.wake();
      else signal.addEventListener("abort", sleeper.wake, { once: true });
    });
  }

  /** Passes so many milliseconds, and wakes everyone in between at their time. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      await settled();
      const next = [...this.#sleepers].toSorted((a, b) => a.at - b.at)[0];
      if (next === undefined || next.at > end) break;
      this.#now = Math.max(this.#now, next.at);
      next.wake();
    }
    this.#now = end;
    await settled();
  }
}

/** Until nothing that needs no time is left to do. */
export async function settled(): Promise<void> {
  for (let turns = 0; turns < 20; turns++) await new Promise((done) => setImmediate(done));
}

type Row = { readonly change: Change; tries: number; due: number };

/** The outbox of the history's contract, in memory, by a clock of one's own. */
export class TestOutbox implements Outbox {
  readonly #rows = new Map<string, Row[]>();
  readonly #clock: Clock;
  /** Thrown by the next calls, one each. */
  readonly faults: Error[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  put(channel: string, ...changes: readonly Change[]): void {
    const rows = changes.map((change) => ({ change, tries: 0, due: 0 }));
    this.#rows.set(channel, [...this.#of(channel), ...rows]);
  }

  async claim(channel: string, limit: number, leaseMs: number): Promise<readonly QueuedChange[]> {
    this.#fault();
    const due = this.#of(channel).filter((row) => row.due <= this.#clock.now());
    return due.slice(0, limit).map((row) => {
      row.due = this.#clock.now() + leaseMs;
      return { change: row.change, tries: row.tries++ };
    });
  }

  async delivered(channel: string, ids: readonly string[]): Promise<void> {
    this.#fault();
    const left = this.#of(channel).filter(({ change }) => !ids.includes(change.id));
    this.#rows.set(channel, left);
  }

  async postpone(channel: string, ids: readonly string[], until: Date): Promise<void> {
    this.#fault();
    for (const row of this.#of(channel)) if (ids.includes(row.change.id)) row.due = until.getTime();
  }

  async waiting(channel: string): Promise<{ readonly count: number; readonly oldest: string | null }> {
    this.#fault();
    const rows = this.#of(channel);
    return { count: rows.length, oldest: rows[0]?.change.at ?? null };
  }

  #of(channel: string): readonly Row[] {
    return this.#rows.get(channel) ?? [];
  }

  #fault(): void {
    const fault = this.faults.shift();
    if (fault !== undefined) throw fault;
  }
}
