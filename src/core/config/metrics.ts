import { resolve } from "node:path";
import * as v from "valibot";
import { either, formed, isNumber, map, may, says, type SchemaValue } from "../../kit/schema/index.ts";

export type MetricsAddress = { readonly host: string; readonly port: number };

/** Where metrics are published: over HTTP, in a text file for node_exporter, both or neither. */
export type MetricsSettings = { readonly listen: MetricsAddress | null; readonly file: string | null };

const ADDRESS = /^(?:(?:\[([0-9a-fA-F:.]+)\]|([\w.-]+)):)?(\d{1,5})$/;
const BAD_LISTEN = says("must be an address and a port", "listen: 127.0.0.1:9464");

/** `watch.metrics` in a configuration. */
export const METRICS = map({
  listen: may(
    "address and port for Prometheus to ask, such as 127.0.0.1:9464",
    either(
      isNumber,
      v.pipe(v.number(), v.integer(BAD_LISTEN), v.minValue(0, BAD_LISTEN), v.maxValue(65_535, BAD_LISTEN)),
      v.pipe(
        formed(ADDRESS, BAD_LISTEN),
        v.check((text) => listenOf(text).port <= 65_535, BAD_LISTEN),
      ),
    ),
  ),
  file: may(
    "a text file for node_exporter, which ends in .prom",
    formed(
      /\.prom$/,
      says(
        "must be a file that ends in .prom: node_exporter reads no other",
        "file: /var/lib/node_exporter/unsprawl.prom",
      ),
    ),
  ),
});

/** The metrics settings; relative paths are resolved against `dir`. */
export function readMetrics({ listen, file }: SchemaValue<typeof METRICS>, dir: string): MetricsSettings {
  return {
    listen: listen === undefined ? null : listenOf(String(listen)),
    file: file === undefined ? null : resolve(dir, file),
  };
}

/** Parses `9464`, `127.0.0.1:9464`, `[::1]:9464`, `metrics.example:9464`; the default host is 127.0.0.1. */
function listenOf(text: string): MetricsAddress {
  const [, six, name, digits] = ADDRESS.exec(text) ?? [];
  return { host: six ?? name ?? "127.0.0.1", port: Number(digits) };
}
