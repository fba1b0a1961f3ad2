import { dirname, resolve } from "node:path";
import * as v from "valibot";
import {
  either,
  flag,
  formed,
  isText,
  map,
  may,
  mayBeNull,
  must,
  says,
  text,
  type SchemaValue,
} from "../../kit/schema/index.ts";
import { UnsprawlError } from "../../model/error.ts";
import { parseDuration } from "../../kit/text/duration.ts";

/** What a fleet scans, and on which schedule. */
export type FleetSource = {
  /** `docker:` and other sources on each host; for `registry:…`, one repository at a time. */
  readonly source: string;
  /** A cron expression or a recurrence rule (RFC 5545), as pg-boss takes them; in UTC. */
  readonly recurrence: string;
  /** For people: `every 1h`. */
  readonly when: string;
  readonly layers: boolean;
};

export type FleetConfig = {
  readonly sources: readonly FleetSource[];
  /** A file with the database URL; null if the URL is in the environment. */
  readonly urlFile: string | null;
  /** A reference to the fingerprint key. */
  readonly key: string | null;
  /** How many repositories of a registry are read in parallel. */
  readonly perRegistry: number;
};

const PER_REGISTRY = says("must be a number from 1 to 64", "perRegistry: 4");
const BAD_SOURCES = says("must be a list", 'sources: [docker:, "registry:registry.example.org/*"]');
const KINDS = says("is not a source for a fleet", "docker:, image:… and swarm: of each host, registry:HOST/…");
const SOURCE = formed(/^(?:docker|image|swarm|registry):/, KINDS);
const EVERY = v.string(says("must be a time", "every: 15m"));
const CRON = v.string(says("is not a schedule", 'cron: "0 3 * * *"'));
const HOW_OFTEN = "how often, in whole minutes, such as 15m";

/** `fleet:` in a configuration. */
export const FLEET = map({
  sources: mayBeNull(
    "what is scanned: docker: of each host, registry:HOST/…; or { source, every, cron, layers }",
    v.pipe(
      v.array(
        either(
          isText,
          SOURCE,
          map(
            {
              source: must("docker: of each host, registry:HOST/…", SOURCE),
              every: mayBeNull(HOW_OFTEN, EVERY),
              cron: may("when, in UTC, in place of every", CRON),
              layers: may("whether layers are scanned too", flag()),
            },
            "registry:HOST/*, or { source, every }",
            { source: KINDS.replace("is", "{in} is") },
          ),
        ),
        BAD_SOURCES,
      ),
      v.nonEmpty(BAD_SOURCES),
    ),
  ),
  every: mayBeNull(`${HOW_OFTEN}; for sources that do not say (default: 1h)`, EVERY),
  cron: may('when, in UTC, such as "0 3 * * *"; in place of every', CRON),
  database: mayBeNull(
    "urlFile: a file that holds the PostgreSQL URL (or UNSPRAWL_DATABASE_URL)",
    map({
      urlFile: mayBeNull(
        "a file that holds the PostgreSQL URL",
        text(says("must be a file's path", "urlFile: /etc/unsprawl/database.url")),
      ),
    }),
  ),
  key: mayBeNull(
    "a reference to the fingerprint key, shared by all: ref+vault://…",
    formed(/^ref\+/, says("must be a reference", "key: ref+vault://secret/unsprawl#/fingerprint-key")),
  ),
  perRegistry: mayBeNull(
    "how many repositories of one registry are read at once (default: 4)",
    v.pipe(v.number(PER_REGISTRY), v.integer(PER_REGISTRY), v.minValue(1, PER_REGISTRY), v.maxValue(64, PER_REGISTRY)),
  ),
});

type FleetGiven = SchemaValue<typeof FLEET>;

const MINUTE_MS = 60_000;

/** The fleet settings of a file; null without a `fleet:` section. Throws `config` for invalid schedules. */
export function readFleet(given: FleetGiven | null | undefined, file: string): FleetConfig | null {
  if (given === undefined || given === null) return null;
  const { database, key, perRegistry, sources } = given;
  const urlFile = database?.urlFile ?? null;
  return {
    sources: (sources ?? ["docker:"]).map((one, at) =>
      sourceOf(typeof one === "string" ? { source: one } : one, given, `${file}: fleet.sources[${at}]`),
    ),
    urlFile: urlFile === null ? null : resolve(dirname(file), urlFile),
    key: key ?? null,
    perRegistry: perRegistry ?? 4,
  };
}

type FleetTimes = { readonly every?: string | null | undefined; readonly cron?: string | undefined };

function sourceOf(
  given: FleetTimes & { readonly source: string; readonly layers?: boolean | undefined },
  fleet: FleetTimes,
  at: string,
): FleetSource {
  const { source, layers = false } = given;
  const { every, cron } = given.every !== undefined || given.cron !== undefined ? given : fleet;
  const bad = (what: string, hint: string): UnsprawlError => new UnsprawlError("config", `${at}${what}`, hint);
  if (every !== undefined && cron !== undefined) throw bad(" has both every and cron", "give one of them");
  if (cron !== undefined) {
    if (cron.trim().split(/\s+/).length !== 5)
      throw bad(`: ${JSON.stringify(cron)} is not a schedule`, 'cron: "0 3 * * *"');
    return { source, layers, recurrence: cron.trim(), when: `cron ${cron.trim()}` };
  }
  const often = every ?? "1h";
  const minutes = parseDuration(often, "every") / MINUTE_MS;
  if (!Number.isInteger(minutes) || minutes < 1 || minutes > 60 * 24 * 31)
    throw bad(`: every ${often} is not in whole minutes, up to 31 days`, "every: 15m");
  return { source, layers, recurrence: `FREQ=MINUTELY;INTERVAL=${minutes}`, when: `every ${often}` };
}
