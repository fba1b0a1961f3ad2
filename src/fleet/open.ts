import type { History } from "../contract/history.ts";
import { openDatabase } from "../history/database.ts";
import { postgresHistory } from "../history/postgres.ts";
import { openSession } from "../history/session.ts";
import { UnsprawlError } from "../model/error.ts";
import type { FingerprintKey } from "../model/fingerprint.ts";
import { openQueue, SCHEMA, type Queue } from "./queue.ts";
import { Slots } from "./slots.ts";
import { fleetStore, type FleetStore } from "./store.ts";

/** What a fleet shares, all of it in one database. */
export type Fleet = {
  readonly queue: Queue;
  readonly store: FleetStore;
  readonly history: History;
  readonly slots: Slots;
  /** Lets running jobs finish, for a limited time. */
  close(): Promise<void>;
};

/** How long a database may be unavailable before those waiting for it fail. */
const PATIENCE_MS = { serve: 600_000, worker: 600_000, status: 5000 } as const;

/**
 * Opens the fleet's database and creates or updates its schema; `status` only reads. Throws `absent` if there is no
 * fleet, `unreachable`, `denied`, and `refused` for a database of a later unsprawl.
 */
export async function openFleet(
  url: string,
  role: "serve" | "worker" | "status",
  key: FingerprintKey | null,
  note: (text: string) => void,
): Promise<Fleet> {
  let said = 0;
  const lost = (): void => {
    if (Date.now() - said < 30_000) return;
    said = Date.now();
    note("the connection to the database was lost; trying again");
  };
  const database = await openDatabase(url, { patience: PATIENCE_MS[role], size: 6, lost });
  let queue: Queue | null = null;
  try {
    if (role === "status") {
      const [there] = await database.query<{ made: boolean }>(
        "select to_regclass('unsprawl.version') is not null and to_regclass($1) is not null as made",
        [`${SCHEMA}.job`],
      );
      if (there?.made !== true)
        throw new UnsprawlError("absent", "there is no fleet in this database", "unsprawl fleet serve makes one");
    }
    const history = await postgresHistory(database);
    const opened = (queue = await openQueue(url, role, key, note));
    const slots = new Slots(() => openSession(url));
    return {
      queue: opened,
      store: fleetStore(database, key),
      history,
      slots,
      async close() {
        await opened.close();
        await slots.close();
        await database.close();
      },
    };
  } catch (error) {
    await queue?.close();
    await database.close();
    throw error;
  }
}
