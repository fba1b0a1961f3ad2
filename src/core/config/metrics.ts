import { resolve } from "node:path";
import { UnsprawlError } from "../../model/error.ts";
import { knownKeys, mapOf } from "./shape.ts";

export type MetricsAddress = { readonly host: string; readonly port: number };

/** Where metrics are to be had: over HTTP, in a text file for node_exporter, both or neither. */
export type MetricsSettings = { readonly listen: MetricsAddress | null; readonly file: string | null };

/** What may stand in `watch.metrics`; the schema that ships is made from this. */
export const METRICS_KEYS = {
  listen: "address and port for Prometheus to ask, such as 127.0.0.1:9464",
  file: "a text file for node_exporter, which ends in .prom",
} as const;

/** `watch.metrics` of a configuration file in `dir`. Throws `config`. */
export function readMetrics(given: unknown, file: string, dir: string): MetricsSettings {
  if (given === undefined || given === null) return { listen: null, file: null };
  const keys = mapOf(given, file, "watch.metrics");
  knownKeys(keys, Object.keys(METRICS_KEYS), file, "watch.metrics.");
  const { listen, file: path } = keys;
  if (path !== undefined && (typeof path !== "string" || !path.endsWith(".prom")))
    throw new UnsprawlError(
      "config",
      `${file}: watch.metrics.file must be a file that ends in .prom: node_exporter reads no other`,
      "file: /var/lib/node_exporter/unsprawl.prom",
    );
  return {
    listen: listen === undefined ? null : listenOf(listen, file),
    file: path === undefined ? null : resolve(dir, path),
  };
}

/** `9464`, `127.0.0.1:9464`, `[::1]:9464`, `metrics.example:9464`; without a host it is this machine alone. */
function listenOf(value: unknown, file: string): MetricsAddress {
  const text = typeof value === "number" ? String(value) : value;
  const [, six, name, digits] =
    typeof text === "string" ? (/^(?:(?:\[([0-9a-fA-F:.]+)\]|([\w.-]+)):)?(\d{1,5})$/.exec(text) ?? []) : [];
  const port = Number(digits ?? -1);
  if (port >= 0 && port <= 65_535) return { host: six ?? name ?? "127.0.0.1", port };
  throw new UnsprawlError(
    "config",
    `${file}: watch.metrics.listen must be an address and a port`,
    "listen: 127.0.0.1:9464",
  );
}
