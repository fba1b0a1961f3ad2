import * as v from "valibot";
import { flag, map, may, mayBeNull, says, texts, type SchemaValue } from "../../kit/schema/index.ts";
import { METRICS, readMetrics, type MetricsSettings } from "./metrics.ts";

/** Defaults for `watch` where its flags are not given. */
export type WatchConfig = {
  readonly sources: readonly string[];
  readonly every: string | null;
  readonly cron: string | null;
  readonly events: boolean;
  readonly metrics: MetricsSettings;
};

/** `watch:` in a configuration. */
export const WATCH = v.pipe(
  map({
    sources: mayBeNull("what is watched, such as docker: (the default)", texts()),
    every: may("scan this often, such as 15m", v.string(says("must be text", 'every: "15m"'))),
    cron: may("scan at these times, as crontab has them", v.string(says("must be text", 'cron: "0 3 * * *"'))),
    events: may("look at each container as it starts, too", flag()),
    metrics: mayBeNull("for Prometheus: listen (127.0.0.1:9464), file (a .prom file for node_exporter)", METRICS),
  }),
  v.check(
    ({ every, cron }) => every === undefined || cron === undefined,
    says("{at}.every and {at}.cron cannot be combined", "keep one of them"),
  ),
  v.metadata({ not: { type: "object", required: ["every", "cron"] } }),
);

/** The watch settings of a file in `dir`; null without a `watch:` section. */
export function readWatch(given: SchemaValue<typeof WATCH> | null | undefined, dir: string): WatchConfig | null {
  if (given === undefined || given === null) return null;
  const { sources, every = null, cron = null, events = false, metrics } = given;
  return { sources: sources ?? [], every, cron, events, metrics: readMetrics(metrics ?? {}, dir) };
}
