import { CHANGE_KINDS } from "../model/change.ts";
import { gauge, seriesOf, type MetricFamily, type Sample } from "./exposition.ts";

/** The result of a scan, in numbers. */
export type ScanCounts = {
  /** A host in the configuration; null for this machine. */
  readonly host: string | null;
  readonly durationMs: number;
  readonly subjects: number;
  /** Subjects that could not be read. */
  readonly errors: number;
  /** Only a few subjects, after an event. */
  readonly partial: boolean;
};

const RESULTS = ["complete", "incomplete", "failed"] as const;

/** Counters that exist only here. */
export class Counts {
  readonly #values: Map<string, number>;
  /** The label of each host's last whole scan: none if only this machine is watched. */
  readonly #hosts: readonly Omit<Sample, "value">[];

  constructor(before: ReadonlyMap<string, number>, hosts: readonly string[]) {
    this.#values = new Map(before);
    this.#hosts = hosts.length === 0 ? [{}] : hosts.map((host) => ({ labels: { host } }));
  }

  add(name: string, of: Omit<Sample, "value">, by = 1): void {
    const series = seriesOf(name, of);
    const before = this.#values.get(series) ?? 0;
    this.#values.set(series, before + by);
  }

  scanned({ host, durationMs, errors, subjects, partial }: ScanCounts): void {
    this.add("unsprawl_scans_total", { labels: { result: errors === 0 ? "complete" : "incomplete" } });
    this.add("unsprawl_scan_duration_seconds", { suffix: "_sum" }, durationMs / 1000);
    this.add("unsprawl_scan_duration_seconds", { suffix: "_count" });
    this.add("unsprawl_scan_errors_total", {}, errors);
    if (partial) return;
    const of = host === null ? {} : { labels: { host } };
    this.#values.set(seriesOf("unsprawl_subjects", of), subjects);
    this.#values.set(seriesOf("unsprawl_last_scan_duration_seconds", of), durationMs / 1000);
    if (errors === 0) this.#values.set(seriesOf("unsprawl_last_success_timestamp_seconds", of), Date.now() / 1000);
  }

  families(): MetricFamily[] {
    const of = (name: string, sample: Omit<Sample, "value">): Sample => ({
      ...sample,
      value: this.#values.get(seriesOf(name, sample)) ?? 0,
    });
    // Without a value until there is one: a zero would be a time, or a length.
    const known = (name: string): Sample[] =>
      this.#hosts.filter((one) => this.#values.has(seriesOf(name, one))).map((one) => of(name, one));
    const counter = (name: string, help: string, ...samples: Omit<Sample, "value">[]): MetricFamily => ({
      ...{ name, help, type: "counter" },
      samples: samples.map((one) => of(name, one)),
    });
    const lasted = "unsprawl_scan_duration_seconds";
    return [
      counter("unsprawl_changes_total", "Changes by kind.", ...CHANGE_KINDS.map((kind) => ({ labels: { kind } }))),
      counter(
        "unsprawl_scans_total",
        "Scans: complete, incomplete (something could not be read), failed.",
        ...RESULTS.map((result) => ({ labels: { result } })),
      ),
      counter("unsprawl_scan_errors_total", "What scans could not read.", {}),
      counter("unsprawl_engine_events_total", "Engine events dealt with.", {}),
      {
        ...{ name: lasted, help: "How long scans took, those after an event too.", type: "summary" },
        samples: [of(lasted, { suffix: "_sum" }), of(lasted, { suffix: "_count" })],
      },
      ...(
        [
          ["unsprawl_subjects", "Containers, images and files that the last whole scan read."],
          ["unsprawl_last_scan_duration_seconds", "How long the last whole scan took."],
          ["unsprawl_last_success_timestamp_seconds", "When the last whole scan ended that could read everything."],
        ] as const
      ).map(([name, help]) => gauge(name, help, known(name))),
    ];
  }
}
