import { bare, cmd } from "../../kit/shell.ts";
import { UnsprawlError } from "../../model/error.ts";
import { knownKeys, mapOf, textsOf } from "./shape.ts";
import { readMetrics, type MetricsSettings } from "./metrics.ts";

/** What `watch` does where its flags do not say so. */
export type WatchConfig = {
  readonly sources: readonly string[];
  readonly every: string | null;
  readonly cron: string | null;
  readonly events: boolean;
  readonly metrics: MetricsSettings;
};

/** What may stand in `watch:`; the schema that ships is made from this. */
export const WATCH_KEYS = {
  sources: "what is watched, such as docker: (the default)",
  every: "scan this often, such as 15m",
  cron: "scan at these times, as crontab has them",
  events: "look at each container as it starts, too",
  metrics: "for Prometheus: listen (127.0.0.1:9464), file (a .prom file for node_exporter)",
} as const;

/** Null where there is no such section in the file, which lies in `dir`. Throws `config`. */
export function readWatch(given: unknown, file: string, dir: string): WatchConfig | null {
  if (given === undefined || given === null) return null;
  const keys = mapOf(given, file, "watch");
  knownKeys(keys, Object.keys(WATCH_KEYS), file, "watch.");
  const text = (key: "every" | "cron", such: string): string | null => {
    const value = keys[key];
    if (value === undefined) return null;
    if (typeof value === "string") return value;
    throw new UnsprawlError("config", `${file}: watch.${key} must be a text`, cmd`${key}: "${bare(such)}"`);
  };
  const { events = false } = keys;
  if (typeof events !== "boolean")
    throw new UnsprawlError("config", `${file}: watch.events must be true or false`, "events: true");
  const [every, cron] = [text("every", "15m"), text("cron", "0 3 * * *")];
  if (every !== null && cron !== null)
    throw new UnsprawlError("config", `${file}: watch.every and watch.cron are one too many`, "keep one of them");
  const sources = textsOf(keys["sources"], file, "watch.sources");
  return { sources, every, cron, events, metrics: readMetrics(keys["metrics"], file, dir) };
}
