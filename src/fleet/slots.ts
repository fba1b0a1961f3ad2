import { setTimeout as sleep } from "node:timers/promises";
import type { DatabaseSession } from "../history/session.ts";
import { UnsprawlError } from "../model/error.ts";

/** The right to read from a registry, until it is released or its session is lost. */
export type Slot = { readonly lost: AbortSignal; release(): Promise<void> };

const AGAIN_MS = 200;
const PATIENCE_MS = 60_000;

/**
 * Limits how many repositories of a registry all workers read at once: advisory locks of one session, which the server
 * releases when the process or its connection dies. The queue delays most jobs by itself, but it counts before it
 * locks: several workers that ask at the same instant may all get a job.
 */
export class Slots {
  readonly #open: () => Promise<DatabaseSession>;
  #session: Promise<DatabaseSession> | null = null;
  /** What this process holds or is waiting for: a session can get the same lock twice. */
  readonly #mine = new Set<string>();

  constructor(open: () => Promise<DatabaseSession>) {
    this.#open = open;
  }

  /**
   * Waits for one of `most`. Throws `unreachable` if the database stays unavailable, and the abort reason if cancelled.
   */
  async take(registry: string, most: number, signal: AbortSignal): Promise<Slot> {
    for (let failing = 0; ;) {
      signal.throwIfAborted();
      try {
        const session = await this.#connected();
        for (let number = 0; number < most; number++) {
          const slot = await this.#tryOne(session, registry, number);
          if (slot !== null) return slot;
        }
        failing = 0;
      } catch (error) {
        failing += AGAIN_MS;
        if (failing > PATIENCE_MS)
          throw error instanceof UnsprawlError
            ? error
            : new UnsprawlError("unreachable", "the database does not answer", "pg_isready");
      }
      await sleep(AGAIN_MS * (0.5 + Math.random()), undefined, { signal });
    }
  }

  async close(): Promise<void> {
    const session = await this.#session?.catch(() => null);
    await session?.close();
  }

  #connected(): Promise<DatabaseSession> {
    const opening = (this.#session ??= this.#open().then((session) => {
      session.lost.addEventListener("abort", () => {
        this.#session = null;
        this.#mine.clear();
      });
      return session;
    }));
    opening.catch(() => (this.#session = null));
    return opening;
  }

  async #tryOne(session: DatabaseSession, registry: string, number: number): Promise<Slot | null> {
    const name = `${registry} ${number}`;
    if (this.#mine.has(name)) return null;
    this.#mine.add(name);
    const values = [`unsprawl registry ${registry}`, number];
    try {
      const [row] = await session.query<{ got: boolean }>(
        "select pg_try_advisory_lock(hashtext($1), $2::integer) as got",
        values,
      );
      if (row?.got !== true) {
        this.#mine.delete(name);
        return null;
      }
    } catch (error) {
      this.#mine.delete(name);
      throw error;
    }
    return {
      lost: session.lost,
      release: async () => {
        if (session.lost.aborted) return;
        this.#mine.delete(name);
        // A session that has just been lost has released it.
        await session.query("select pg_advisory_unlock(hashtext($1), $2::integer)", values).catch(() => undefined);
      },
    };
  }
}
