import { setTimeout as sleep } from "node:timers/promises";

/** How many restarts begin at once on a host: its processors and its stores are not asked for all of them together. */
const AT_ONCE = 8;
/** What takes longer than this waits for something: it keeps no place that others could use. */
const SLOW_MS = 2000;

/**
 * Runs work in lanes: what has a lane in common is done one after the other, in the order in which it entered, and
 * everything else at the same time. Slow work holds up its own lanes only.
 */
export class Lanes {
  readonly #last = new Map<string, Promise<unknown>>();
  readonly #waiting: (() => void)[] = [];
  #free = AT_ONCE;

  /** Resolves once the work is done. Throws what it throws. */
  enter(lanes: readonly string[], work: () => Promise<void>): Promise<void> {
    const before = lanes.flatMap((lane) => this.#last.get(lane) ?? []);
    const done = Promise.allSettled(before).then(() => this.#begin(work));
    const settled = done.catch(() => undefined);
    for (const lane of lanes) this.#last.set(lane, settled);
    void settled.then(() => {
      for (const lane of lanes) if (this.#last.get(lane) === settled) this.#last.delete(lane);
    });
    return done;
  }

  async #begin(work: () => Promise<void>): Promise<void> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((turn) => this.#waiting.push(turn));
    const slow = new AbortController();
    const leave = (): void => {
      if (slow.signal.aborted) return;
      slow.abort();
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next();
    };
    void sleep(SLOW_MS, undefined, { signal: slow.signal }).then(leave, () => undefined);
    try {
      await work();
    } finally {
      leave();
    }
  }
}
