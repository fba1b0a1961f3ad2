import { dirname, resolve } from "node:path";
import { UnsprawlError } from "../../model/error.ts";
import { parseDuration } from "../../kit/text/duration.ts";
import { knownKeys, mapOf } from "./shape.ts";

/** What a fleet scans, and when. */
export type FleetSource = {
  /** `docker:` and its like, of each host; `registry:…`, a repository at a time. */
  readonly source: string;
  /** A cron expression or a recurrence rule (RFC 5545), as pg-boss takes them; in UTC. */
  readonly recurrence: string;
  /** For people: `every 1h`. */
  readonly when: string;
  readonly layers: boolean;
};

export type FleetConfig = {
  readonly sources: readonly FleetSource[];
  /** A file that holds the database's URL; null when the environment has it. */
  readonly urlFile: string | null;
  /** A reference to the fingerprint key. */
  readonly key: string | null;
  /** How many repositories of a registry are read at once. */
  readonly perRegistry: number;
};

/** What may stand in `fleet:`, with what it is for: the schema that ships is made from this. */
export const FLEET_KEYS = {
  sources: "what is scanned: docker: of each host, registry:HOST/…; or { source, every, cron, layers }",
  every: "how often, in whole minutes, such as 15m; for sources that do not say (default: 1h)",
  cron: 'when, in UTC, such as "0 3 * * *"; in place of every',
  database: "urlFile: a file that holds the PostgreSQL URL (or UNSPRAWL_DATABASE_URL)",
  key: "a reference to the fingerprint key, shared by all: ref+vault://…",
  perRegistry: "how many repositories of one registry are read at once (default: 4)",
} as const;

const SOURCE_KEYS = ["source", "every", "cron", "layers"];
const PER_REGISTRY = 4;
const MINUTE_MS = 60_000;

/** Reads `fleet:`; null when there is none. Throws `config`. */
export function readFleet(given: unknown, file: string): FleetConfig | null {
  if (given === undefined || given === null) return null;
  const fleet = mapOf(given, file, "fleet");
  knownKeys(fleet, Object.keys(FLEET_KEYS), file, "fleet.");
  const database = mapOf(fleet["database"] ?? {}, file, "fleet.database");
  knownKeys(database, ["urlFile"], file, "fleet.database.");
  const bad = (what: string, hint: string): UnsprawlError =>
    new UnsprawlError("config", `${file}: fleet.${what}`, hint);
  const urlFile = database["urlFile"] ?? null;
  if (urlFile !== null && (typeof urlFile !== "string" || urlFile === ""))
    throw bad("database.urlFile must be a file's path", "urlFile: /etc/unsprawl/database.url");
  const key = fleet["key"] ?? null;
  if (key !== null && (typeof key !== "string" || !key.startsWith("ref+")))
    throw bad("key must be a reference", "key: ref+vault://secret/unsprawl#/fingerprint-key");
  const perRegistry = fleet["perRegistry"] ?? PER_REGISTRY;
  if (typeof perRegistry !== "number" || !Number.isInteger(perRegistry) || perRegistry < 1 || perRegistry > 64)
    throw bad("perRegistry must be a number from 1 to 64", "perRegistry: 4");
  const sources = fleet["sources"] ?? ["docker:"];
  if (!Array.isArray(sources) || sources.length === 0)
    throw bad("sources must be a list", 'sources: [docker:, "registry:registry.example.org/*"]');
  return {
    sources: sources.map((one: unknown, at) => sourceOf(one, fleet, `sources[${at}]`, bad)),
    urlFile: urlFile === null ? null : resolve(dirname(file), urlFile),
    key,
    perRegistry,
  };
}

function sourceOf(
  given: unknown,
  fleet: { readonly [key: string]: unknown },
  at: string,
  bad: (what: string, hint: string) => UnsprawlError,
): FleetSource {
  const own = typeof given === "string" ? { source: given } : given;
  if (typeof own !== "object" || own === null) throw bad(`${at} is no source`, "registry:HOST/*, or { source, every }");
  const { source, every, cron, layers = false, ...others } = own as { readonly [key: string]: unknown };
  const odd = Object.keys(others)[0];
  if (odd !== undefined) throw bad(`${at}: unknown key ${odd}`, `known keys: ${SOURCE_KEYS.join(", ")}`);
  if (typeof source !== "string" || !/^(?:docker|image|swarm|registry):/.test(source))
    throw bad(`${at} is no source of a fleet`, "docker:, image:… and swarm: of each host, registry:HOST/…");
  if (typeof layers !== "boolean") throw bad(`${at}.layers must be true or false`, "layers: true");
  const itself = every !== undefined || cron !== undefined;
  const [often, times] = itself ? [every, cron] : [fleet["every"], fleet["cron"]];
  if (often !== undefined && times !== undefined) throw bad(`${at} has both every and cron`, "give one of them");
  if (times !== undefined) {
    if (typeof times !== "string" || times.trim().split(/\s+/).length !== 5)
      throw bad(`${at}: ${JSON.stringify(times)} is no schedule`, 'cron: "0 3 * * *"');
    return { source, layers, recurrence: times.trim(), when: `cron ${times.trim()}` };
  }
  const text = often ?? "1h";
  if (typeof text !== "string") throw bad(`${at}: every must be a time`, "every: 15m");
  const minutes = parseDuration(text, "every") / MINUTE_MS;
  if (!Number.isInteger(minutes) || minutes < 1 || minutes > 60 * 24 * 31)
    throw bad(`${at}: every ${text} is not in whole minutes, up to 31 days`, "every: 15m");
  return { source, layers, recurrence: `FREQ=MINUTELY;INTERVAL=${minutes}`, when: `every ${text}` };
}
