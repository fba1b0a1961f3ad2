import { readFileSync } from "node:fs";
import type { History } from "../contract/history.ts";
import type { MetricsSettings } from "../core/config/metrics.ts";
import type { Change } from "../model/change.ts";
import { SEVERITIES, type FindingState } from "../model/finding.ts";
import { UnsprawlError } from "../model/error.ts";
import { atomicWrite, sweepTemps } from "../kit/io/atomic.ts";
import { Counts, type ScanCounts } from "./counts.ts";
import { exposition, gauge, parseExposition, type MetricFamily, type Sample } from "./exposition.ts";
import { serveMetrics } from "./metrics-server.ts";

export type Metrics = {
  /** Null if there is no server. */
  readonly port: number | null;
  /** Called when a scan has been added to the history. */
  scanned(scan: ScanCounts): void;
  /** Called when a scan failed: no engine, no history. */
  failed(): void;
  changed(changes: readonly Change[]): void;
  /** Called when an event of the engine has been handled. */
  event(): void;
  /** Writes the file once more, and stops the server. */
  close(): Promise<void>;
};

const STATES: readonly FindingState[] = ["new", "known", "ignored", "migrated", "regressed"];
const WRITE_MS = 1000;

/**
 * What `watch` does, in numbers: over HTTP, in a text file, or neither. Nothing names a variable, a place or a secret,
 * and no label has more values than the configuration has channels or hosts. Counters continue from the values in the
 * file, so that `watch --once` counts too. Throws `failed` if it cannot listen; a file that cannot be written is
 * reported once.
 */
export async function openMetrics(
  settings: MetricsSettings,
  of: {
    readonly version: string;
    readonly history: Pick<History, "hosts" | "past" | "waiting">;
    readonly channels: readonly string[];
    /** The watched hosts of the configuration; none if only this machine is watched. */
    readonly hosts: readonly string[];
  },
  say: (text: string) => void,
): Promise<Metrics> {
  const counts = new Counts(settings.file === null ? new Map() : parseExposition(contentOf(settings.file)), of.hosts);
  let findings: Promise<readonly Sample[]> | null = null;
  const families = async (): Promise<MetricFamily[]> => [
    gauge("unsprawl_build_info", "The version that runs.", [{ labels: { version: of.version }, value: 1 }]),
    gauge("unsprawl_findings", "Secrets in places, as the last scans saw them.", await (findings ??= count())),
    ...counts.families(),
    ...(await waiting(of.history, of.channels)),
  ];
  const count = async (): Promise<readonly Sample[]> => {
    try {
      return await countFindings(of.history);
    } catch (error) {
      findings = null;
      throw error;
    }
  };
  const render = shared(async () => exposition([...(await families()), ...processFamilies()]));
  const server = settings.listen === null ? null : await serveMetrics(settings.listen, render);
  const { file } = settings;
  const writer = file === null ? null : writerOf(file, async () => exposition(await families()), say);
  const touched = (): void => writer?.soon();
  return {
    port: server?.port ?? null,
    scanned(scan) {
      findings = null;
      counts.scanned(scan);
      touched();
    },
    failed() {
      counts.add("unsprawl_scans_total", { labels: { result: "failed" } });
      touched();
    },
    changed(changes) {
      for (const { kind } of changes) counts.add("unsprawl_changes_total", { labels: { kind } });
      touched();
    },
    event() {
      counts.add("unsprawl_engine_events_total", {});
      touched();
    },
    async close() {
      await writer?.close();
      await server?.close();
    },
  };
}

/** Requests during another one get the same answer. */
function shared(render: () => Promise<string>): () => Promise<string> {
  let asked: Promise<string> | null = null;
  return () => (asked ??= render().finally(() => (asked = null)));
}

async function countFindings(history: Pick<History, "hosts" | "past">): Promise<readonly Sample[]> {
  const counted = new Map<string, number>();
  for (const { host } of await history.hosts()) {
    for (const { finding, goneAt } of (await history.past(host)).findings.values()) {
      if (goneAt !== null) continue;
      const key = `${finding.severity} ${finding.state}`;
      counted.set(key, (counted.get(key) ?? 0) + 1);
    }
  }
  // Zeros too: an alert on a missing series would never end.
  return SEVERITIES.flatMap((severity) =>
    STATES.map((state) => ({ labels: { severity, state }, value: counted.get(`${severity} ${state}`) ?? 0 })),
  );
}

async function waiting(history: Pick<History, "waiting">, channels: readonly string[]): Promise<MetricFamily[]> {
  const found = await Promise.all(
    channels.map(async (channel) => ({ labels: { channel }, ...(await history.waiting(channel)) })),
  );
  return [
    gauge(
      "unsprawl_outbox_waiting",
      "Changes that are still to be sent, by channel.",
      found.map(({ labels, count: value }) => ({ labels, value })),
    ),
    gauge(
      "unsprawl_outbox_oldest_timestamp_seconds",
      "Since when the oldest change waits to be sent, by channel.",
      found.flatMap(({ labels, oldest }) => (oldest === null ? [] : [{ labels, value: Date.parse(oldest) / 1000 }])),
    ),
  ];
}

/** Under the names that every exporter uses; in a file they would clash with those of node_exporter. */
function processFamilies(): MetricFamily[] {
  const { user, system } = process.cpuUsage();
  return [
    gauge("process_resident_memory_bytes", "Resident memory size in bytes.", [{ value: process.memoryUsage.rss() }]),
    gauge("process_start_time_seconds", "Start time of the process since unix epoch in seconds.", [
      { value: Math.round(performance.timeOrigin) / 1000 },
    ]),
    {
      name: "process_cpu_seconds_total",
      help: "Total user and system CPU time spent in seconds.",
      type: "counter",
      samples: [{ value: (user + system) / 1e6 }],
    },
  ];
}

/**
 * Writes at most once a second, whole or not at all, and readable by all: node_exporter runs as another user. The file
 * has one writer: what a killed one left beside it goes.
 */
function writerOf(
  file: string,
  render: () => Promise<string>,
  say: (text: string) => void,
): { soon(): void; close(): Promise<void> } {
  let timer: NodeJS.Timeout | null = null;
  let writing = sweepTemps(file).catch(() => undefined);
  let said = "";
  const write = (): Promise<void> =>
    (writing = writing.then(async () => {
      try {
        await atomicWrite(file, await render(), { mode: 0o644 });
        said = "";
      } catch (error) {
        const text = `metrics: ${error instanceof UnsprawlError ? error.message : "the history cannot be read"}`;
        if (text !== said) say(text);
        said = text;
      }
    }));
  return {
    soon() {
      timer ??= setTimeout(() => {
        timer = null;
        void write();
      }, WRITE_MS).unref();
    },
    async close() {
      if (timer !== null) clearTimeout(timer);
      await write();
    },
  };
}

function contentOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
