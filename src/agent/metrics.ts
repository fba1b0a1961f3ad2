import { UnsprawlError } from "../model/error.ts";
import { exposition, gauge, type MetricFamily } from "../watch/exposition.ts";
import { serveMetrics } from "../watch/metrics-server.ts";
import type { AgentEvent } from "./tools.ts";

export type AgentMetrics = { count(event: AgentEvent): void; close(): Promise<void> };

const KINDS = [
  ...["written", "changed", "applied", "restarted", "signalled", "started", "stopped", "failed", "recovered"],
  ...["added", "dropped", "serving"],
] as const;

/**
 * Counters of what the agent did, over HTTP; no label names a consumer or a secret. Null without an address. Throws
 * `usage` for one that is not an address, `failed` when it cannot listen there.
 */
export async function openAgentMetrics(address: string | null, version: string): Promise<AgentMetrics | null> {
  if (address === null) return null;
  const [, six, name, digits] = /^(?:(?:\[([0-9a-fA-F:.]+)\]|([\w.-]+)):)?(\d{1,5})$/.exec(address) ?? [];
  if (digits === undefined || Number(digits) > 65_535)
    throw new UnsprawlError("usage", "--metrics is an address and a port", "--metrics 127.0.0.1:9465");
  const counts = new Map<string, number>();
  const away = new Set<string>();
  let changedAt: number | null = null;
  const families = (): MetricFamily[] => [
    gauge("unsprawl_build_info", "The version that runs.", [{ labels: { version }, value: 1 }]),
    {
      ...{ name: "unsprawl_agent_events_total", help: "What the agent did, by kind.", type: "counter" },
      samples: KINDS.map((kind) => ({ labels: { kind }, value: counts.get(kind) ?? 0 })),
    },
    gauge(
      "unsprawl_agent_last_change_timestamp_seconds",
      "When a value last changed in a store.",
      changedAt === null ? [] : [{ value: changedAt }],
    ),
    gauge("unsprawl_agent_stores_unreachable", "Stores that do not answer now.", [{ value: away.size }]),
    gauge("process_resident_memory_bytes", "Resident memory size in bytes.", [{ value: process.memoryUsage.rss() }]),
  ];
  const listen = { host: six ?? name ?? "127.0.0.1", port: Number(digits) };
  const server = await serveMetrics(listen, async () => exposition(families()));
  return {
    count(event) {
      const { kind } = event;
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
      if (kind === "changed") changedAt = Date.now() / 1000;
      if (kind === "failed" && event.store === true) away.add(event.what);
      if (kind === "recovered" && event.store === true) away.delete(event.what);
    },
    close: () => server.close(),
  };
}
