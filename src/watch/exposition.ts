import { printable } from "../kit/text/escape.ts";

/**
 * A family of samples in Prometheus's text format 0.0.4 (prometheus/docs,
 * `content/docs/instrumenting/exposition_formats.md`).
 */
export type MetricFamily = {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "summary";
  readonly samples: readonly Sample[];
};

export type Sample = {
  /** For a summary: `_sum` or `_count`. */
  readonly suffix?: "_sum" | "_count";
  readonly labels?: MetricLabels;
  readonly value: number;
};

export type MetricLabels = { readonly [name: string]: string };

export const gauge = (name: string, help: string, samples: readonly Sample[]): MetricFamily => ({
  ...{ name, help, type: "gauge" },
  samples,
});

export const CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Families without samples are left out. Label values are untrusted text. */
export function exposition(families: readonly MetricFamily[]): string {
  return families
    .filter(({ samples }) => samples.length > 0)
    .map(({ name, help, type, samples }) => {
      const lines = samples.map((one) => `${seriesOf(name, one)} ${number(one.value)}\n`).join("");
      return `# HELP ${name} ${help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}\n# TYPE ${name} ${type}\n${lines}`;
    })
    .join("");
}

/** The samples in text that `exposition` wrote before, keyed by what precedes each value. */
export function parseExposition(text: string): ReadonlyMap<string, number> {
  const samples = text.split("\n").map((line) => {
    const at = line.lastIndexOf(" ");
    return [line.slice(0, Math.max(at, 0)), Number(line.slice(at + 1))] as const;
  });
  return new Map(samples.filter(([series, value]) => /^\w/.test(series) && Number.isFinite(value) && value >= 0));
}

/** What precedes a value. */
export function seriesOf(name: string, { suffix, labels = {} }: Omit<Sample, "value">): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}="${escaped(value)}"`);
  return `${name}${suffix ?? ""}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`}`;
}

const LONGEST = 200;

/** Escaped for terminals first, then for the format. */
function escaped(value: string): string {
  return printable(value.slice(0, LONGEST)).replaceAll("\\", "\\\\").replaceAll('"', '\\"');
}

/** As Go's ParseFloat parses it. */
function number(value: number): string {
  return Number.isFinite(value) ? String(value) : Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
}
