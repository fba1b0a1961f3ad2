import type { SubjectError } from "../core/read-source.ts";
import type { GenericSchema } from "valibot";
import type { Database } from "../history/database.ts";
import { UnsprawlError } from "../model/error.ts";
import type { FingerprintKey } from "../model/fingerprint.ts";
import type { FleetUnit } from "./units.ts";
import { ERRORS, fromJson, SERVED, signVerdict, trustedVerdict, type Served } from "./verdicts.ts";

/** A unit as `fleet status` shows it. */
export type FleetUnitState = {
  readonly name: string;
  readonly kind: FleetUnit["kind"];
  /** When it was last scanned; null if never. ISO 8601. */
  readonly last: string | null;
  readonly subjects: number;
  readonly findings: number;
  readonly errors: readonly SubjectError[];
  /** When its last scan failed entirely; null if it did not. ISO 8601. */
  readonly failed: string | null;
};

/** What workers of a fleet share besides its history. Holds no value. */
export type FleetStore = ReturnType<typeof fleetStore>;

const MOST_KEYS = 1000;
const MOST_ERRORS = 20;
/** An entry that nobody has read for this many days belongs to images or rules that no longer exist. */
const SHELF_DAYS = 30;
const GONE_DAYS = 90;

/** The fleet's tables; the history creates the schema. `signing` signs cached verdicts; null for a process that only looks. */
export function fleetStore(database: Database, signing: FingerprintKey | null) {
  return { ...verdictTable(database, signing), ...unitTable(database), ...sharedTables(database) };
}

/** The cached verdicts of all members. */
function verdictTable({ query }: Database, signing: FingerprintKey | null) {
  return {
    /** What members of the fleet classified under these settings, all keys in a few queries. */
    async judged<Kind extends object>(
      form: GenericSchema<unknown, Kind>,
      settings: string,
      keys: readonly string[],
    ): Promise<ReadonlyMap<string, Kind>> {
      const found = new Map<string, Kind>();
      for (let at = 0; at < keys.length; at += MOST_KEYS) {
        const some = keys.slice(at, at + MOST_KEYS);
        const rows = await query<{ key: string; judged: string; old: boolean }>(
          `select key, judged, used < now() - interval '1 day' as old
           from unsprawl.judged where settings = $1 and key = any($2)`,
          [settings, some],
        );
        for (const { key, judged } of rows) {
          const verdict = signing && trustedVerdict(form, { settings, key }, judged, signing);
          if (verdict !== null) found.set(key, verdict);
        }
        const old = rows.filter((row) => row.old).map(({ key }) => key);
        if (old.length > 0)
          await query("update unsprawl.judged set used = now() where settings = $1 and key = any($2)", [settings, old]);
      }
      return found;
    },
    /** Replaces entries that are there: whoever shelves found none that counts. */
    async shelve(settings: string, judged: ReadonlyMap<string, object>): Promise<void> {
      if (signing === null) return;
      // In one order for all, so that two processes that write the same entries do not deadlock.
      const all = [...judged].sort(([a], [b]) => (a < b ? -1 : 1));
      for (let at = 0; at < all.length; at += MOST_KEYS) {
        const some = all.slice(at, at + MOST_KEYS);
        await query(
          `insert into unsprawl.judged (settings, key, judged)
           select $1, * from unnest($2::text[], $3::text[])
           on conflict (settings, key) do update set judged = excluded.judged`,
          [settings, some.map(([key]) => key), some.map(([key, one]) => signVerdict({ settings, key }, one, signing))],
        );
      }
    },
  };
}

/** What is scanned, and how the last scan of it went. */
function unitTable({ query }: Database) {
  return {
    async scanned(unit: FleetUnit, subjects: number, findings: number, errors: readonly SubjectError[]): Promise<void> {
      await query(
        `insert into unsprawl.unit (name, kind, registry, last, subjects, findings, errors)
         values ($1, $2, $3, now(), $4, $5, $6)
         on conflict (name) do update set last = excluded.last, subjects = excluded.subjects,
           findings = excluded.findings, errors = excluded.errors, failed = null`,
        [unit.name, unit.kind, unit.registry, subjects, findings, JSON.stringify(errors.slice(0, MOST_ERRORS))],
      );
    },
    async failed(unit: FleetUnit, error: SubjectError): Promise<void> {
      await query(
        `insert into unsprawl.unit (name, kind, registry, errors, failed) values ($1, $2, $3, $4, now())
         on conflict (name) do update set errors = excluded.errors, failed = excluded.failed`,
        [unit.name, unit.kind, unit.registry, JSON.stringify([error])],
      );
    },
    async forget(unit: FleetUnit): Promise<void> {
      await query("delete from unsprawl.unit where name = $1", [unit.name]);
    },
    async known(registry: string): Promise<readonly string[]> {
      const rows = await query<{ name: string }>("select name from unsprawl.unit where registry = $1", [registry]);
      return rows.map(({ name }) => name);
    },
    async units(): Promise<readonly FleetUnitState[]> {
      const rows = await query<Omit<FleetUnitState, "errors" | "last" | "failed"> & UnitRow>(
        "select name, kind, last, subjects, findings, errors, failed from unsprawl.unit order by kind, name",
      );
      return rows.map(({ errors, last, failed, ...one }) => ({
        ...one,
        last: last?.toISOString() ?? null,
        errors: fromJson(ERRORS, errors) ?? [],
        failed: failed?.toISOString() ?? null,
      }));
    },
  };
}

/** Pauses of registries, and what the server and its workers have in common. */
function sharedTables({ query, transaction }: Database) {
  return {
    /** No job of this registry begins before then, whichever worker takes it. */
    async pause(registry: string, until: Date): Promise<void> {
      await query(
        `insert into unsprawl.pause values ($1, $2)
         on conflict (registry) do update set until = greatest(unsprawl.pause.until, excluded.until)`,
        [registry, until],
      );
    },
    async pausedUntil(registry: string): Promise<Date | null> {
      const [row] = await query<{ until: Date }>(
        "select until from unsprawl.pause where registry = $1 and until > now()",
        [registry],
      );
      return row?.until ?? null;
    },
    /** The fleet's fingerprint key, by its public name. Throws `config` if this process has another. */
    async checkKey(id: string): Promise<void> {
      await query("insert into unsprawl.setting values ('fingerprint-key', $1) on conflict do nothing", [id]);
      const [row] = await query<{ value: string }>("select value from unsprawl.setting where name = 'fingerprint-key'");
      if (row?.value === id) return;
      throw new UnsprawlError(
        "config",
        `the fleet's fingerprint key is ${row?.value ?? "unknown"}, and the one here is ${id}`,
        "give all of them one key: fleet.key, or UNSPRAWL_FINGERPRINT_KEY_FILE",
      );
    },
    /** What the fleet's server knows and workers do not: the channels that report, and the hosts there are. */
    async serves(served: Served): Promise<void> {
      await query(
        "insert into unsprawl.setting values ('served', $1) on conflict (name) do update set value = excluded.value",
        [JSON.stringify(served)],
      );
      // A host that is no longer configured has no last scan that anybody waits for.
      await query("delete from unsprawl.unit where kind = 'host' and not (split_part(name, ' ', 1) = any($1))", [
        served.hosts,
      ]);
    },
    /** Null if there was no server yet. */
    async served(): Promise<Served | null> {
      const [row] = await query<{ value: string }>("select value from unsprawl.setting where name = 'served'");
      return row === undefined ? null : fromJson(SERVED, row.value);
    },
    /** Deletes what nobody needs any more. */
    async tidy(): Promise<void> {
      const before = new Date(Date.now() - GONE_DAYS * 86_400_000).toISOString();
      await transaction(async (within) => {
        await within(`delete from unsprawl.judged where used < now() - interval '${SHELF_DAYS} days'`);
        await within("delete from unsprawl.finding where gone_at < $1", [before]);
        await within("delete from unsprawl.scan where at < $1", [before]);
        await within(
          `delete from unsprawl.change c where at < $1
           and not exists (select 1 from unsprawl.outbox o where o.seq = c.seq)`,
          [before],
        );
      });
    },
  };
}

type UnitRow = { readonly errors: string; readonly last: Date | null; readonly failed: Date | null };
