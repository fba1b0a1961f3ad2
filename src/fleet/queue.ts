import { createHash } from "node:crypto";
import type { Instance, PgBoss } from "pg-boss";
import type { FleetSource } from "../core/config/fleet.ts";
import { mustSayTls } from "../history/clear-text.ts";
import { reconnecting } from "../history/database.ts";
import { causeOf, UnsprawlError } from "../model/error.ts";
import type { FingerprintKey } from "../model/fingerprint.ts";
import { signJob, type SignedJob } from "./jobs.ts";
import type { FleetUnit } from "./units.ts";

/** The units of a source, determined when it is due. */
export type Expand = Pick<FleetSource, "source" | "layers">;

/**
 * The fleet's queue: pg-boss in a separate schema beside the history. Jobs name places and hold no value. They are
 * signed with the fleet's code: write access to the database is not enough to make a worker read a place that no server
 * asked for.
 */
export type Queue = {
  readonly boss: PgBoss;
  /** The fleet's key, which signs jobs; null for a process that only looks. */
  readonly key: FingerprintKey | null;
  /** Runs an idempotent action, again after a lost connection. */
  readonly patiently: <T>(act: () => Promise<T>) => Promise<T>;
  readonly close: () => Promise<void>;
};

export const SCHEMA = "unsprawl_queue";
export const SCAN = "scan";
export const EXPAND = "expand";

/** A worker that has been silent for this long counts as dead: pg-boss allows no shorter time. */
const HEARTBEAT_S = 10;
/** A job that runs longer than this counts as hung. */
const LONGEST_S = 6 * 3600;
const KEPT_S = 86_400;
const STOP_MS = 20_000;
const PATIENCE_MS = 600_000;

/** How often dead workers are looked for: often by the server, and by workers in case the server is dead. */
const LOOK_S = { serve: 2, worker: 15, status: 60 } as const;

const JOBS = {
  policy: "exclusive", // one queued or active of each unit, however often it is asked for
  notify: true,
  heartbeatSeconds: HEARTBEAT_S,
  expireInSeconds: LONGEST_S,
  deleteAfterSeconds: KEPT_S,
  retryLimit: 8,
  retryDelay: 2,
  retryBackoff: true,
  retryDelayMax: 300,
} as const;

/** Opens the queue and creates or updates it first; `status` only reads. Throws `unreachable`, `denied`, `absent`. */
export async function openQueue(
  url: string,
  role: "serve" | "worker" | "status",
  key: FingerprintKey | null,
  note: (text: string) => void,
): Promise<Queue> {
  await mustSayTls(url);
  const { PgBoss: Boss } = await import("pg-boss");
  const reads = role === "status";
  const boss = new Boss({
    connectionString: url,
    application_name: "unsprawl",
    schema: SCHEMA,
    max: 6,
    instanceName: role,
    registerInstance: !reads,
    instanceHeartbeatSeconds: 5,
    migrate: !reads,
    createSchema: !reads,
    supervise: !reads,
    schedule: role === "serve",
    superviseIntervalSeconds: LOOK_S[role],
    monitorIntervalSeconds: LOOK_S[role],
    queueCacheIntervalSeconds: LOOK_S[role],
    cronMonitorIntervalSeconds: 15,
    useListenNotify: !reads,
    openTelemetry: { enabled: false },
  });
  // An unavailable database fails every query: reported once in a while.
  let said = 0;
  boss.on("error", (error) => {
    if (Date.now() - said < 30_000) return;
    said = Date.now();
    note(`the queue: ${causeOf(error)}; trying again`);
  });
  try {
    await boss.start({ attempts: reads ? 1 : 4 });
    for (const name of reads ? [] : [SCAN, EXPAND]) await boss.createQueue(name, JOBS);
  } catch (error) {
    await boss.stop({ graceful: false }).catch(() => undefined);
    throw queueError(error);
  }
  return {
    boss,
    key,
    patiently: (act) => reconnecting(act, { patience: PATIENCE_MS }),
    close: () => boss.stop({ graceful: true, timeout: STOP_MS }),
  };
}

/** Enqueues finding the units of a source, unless that is enqueued already. */
export async function enqueueExpansion(queue: Queue, { source, layers }: Expand): Promise<void> {
  const job = signed(queue, EXPAND, { source, layers });
  await queue.patiently(() => queue.boss.send(EXPAND, job, { singletonKey: keyOf({ source, layers }) }));
}

/** Schedules finding the units of each source, and of no others. A missed time is made up for once. */
export async function schedule(queue: Queue, sources: readonly FleetSource[]): Promise<void> {
  const { boss, patiently: again } = queue;
  const wanted = new Set(sources.map(keyOf));
  for (const { key } of await again(() => boss.getSchedules(EXPAND)))
    if (!wanted.has(key)) await again(() => boss.unschedule(EXPAND, key));
  for (const { source, layers, recurrence } of sources) {
    const key = keyOf({ source, layers });
    const options = { key, singletonKey: key, tz: "UTC", missed: "once" } as const;
    const job = signed(queue, EXPAND, { source, layers });
    await again(() => boss.schedule(EXPAND, recurrence, job, options)).catch((error: unknown) => {
      if (error instanceof UnsprawlError) throw error;
      throw new UnsprawlError(
        "config",
        `fleet.sources: ${source}: ${recurrence} is no schedule`,
        'cron: "0 3 * * *"',
        causeOf(error),
      );
    });
  }
}

/**
 * Enqueues a job for each unit, unless there is one; `round` is the job that asked for them. Idempotent for one round,
 * even if some of its jobs are done.
 */
export async function enqueue(
  queue: Queue,
  round: string,
  units: readonly FleetUnit[],
  notBefore: Date | null,
): Promise<void> {
  for (let at = 0; at < units.length; at += MOST_JOBS) {
    const jobs = units.slice(at, at + MOST_JOBS).map((unit) => ({
      id: uuidOf(`${round} ${unit.name}`),
      data: signed(queue, SCAN, unit),
      singletonKey: unit.name,
      ...(unit.registry === null ? {} : { group: { id: unit.registry } }),
      ...(notBefore === null ? {} : { startAfter: notBefore }),
    }));
    await queue.patiently(() => queue.boss.insert(SCAN, jobs));
  }
}

const MOST_JOBS = 1000;

function signed<Data extends object>({ key }: Queue, queue: string, data: Data): SignedJob<Data> {
  if (key === null) throw new UnsprawlError("failed", "the queue was opened to look at it only");
  return signJob(queue, data, key);
}

/** Delays all jobs of a registry that have not begun. */
export async function holdBack(queue: Queue, registry: string, until: Date): Promise<void> {
  await rows(
    queue,
    `update ${SCHEMA}.job set start_after = $3
     where name = $1 and group_id = $2 and state < 'active' and start_after < $3`,
    [SCAN, registry, until],
  );
}

/** Jobs by queue and state. */
export function jobCounts(queue: Queue): Promise<readonly { queue: string; state: string; count: number }[]> {
  return rows(
    queue,
    `select name as queue, state::text as state, count(*)::integer as count
     from ${SCHEMA}.job where name = any($1) group by 1, 2 order by 1, 2`,
    [[SCAN, EXPAND]],
  );
}

async function rows<Row>(queue: Queue, text: string, values: readonly unknown[]): Promise<readonly Row[]> {
  return queue.patiently(async () => (await queue.boss.getDb().executeSql(text, [...values])).rows as Row[]);
}

/** Whether any job is waiting or running. */
export async function hasJobs(queue: Queue): Promise<boolean> {
  return (await jobCounts(queue)).some(({ state }) => ["created", "retry", "active"].includes(state));
}

export async function instances({ boss }: Queue): Promise<readonly Instance[]> {
  return boss.getInstances({ limit: 10_000 });
}

/** Reduced to codes: the server's text may quote what it was sent. */
function queueError(error: unknown): UnsprawlError {
  const cause = causeOf(error);
  const { code } = error as { code?: unknown };
  const text = typeof code === "string" ? ` (${code})` : "";
  if (typeof code === "string" && (code.startsWith("28") || code === "42501"))
    return new UnsprawlError("denied", `the database refuses the queue${text}`, "check its URL and rights", cause);
  return new UnsprawlError(
    "unreachable",
    `the queue cannot be opened${text}`,
    "check the database, and pg_isready",
    cause,
  );
}

const keyOf = ({ source, layers }: Expand): string => uuidOf(`${source} ${layers}`);

/** A UUID derived from a text: version 8 of RFC 9562, whose bits are free to choose. */
function uuidOf(text: string): string {
  const hex = createHash("sha256").update(text).digest("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `a${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    "-",
  );
}
