import { causeOf, UnsprawlError } from "../model/error.ts";
import type { Finding } from "../model/finding.ts";
import { jsonText } from "../kit/text/escape.ts";
import { compareText } from "./report.ts";
import { readChecked } from "../kit/io/read.ts";

/**
 * A baseline for review: one line per finding, sorted by place, without anything that differs between scans. Contains
 * neither values nor masks.
 */
export function baselineText(findings: readonly Finding[]): string {
  const lines = findings
    .map(({ id, fingerprint, rule, name, location: { subject, subjectName, where, path } }) => ({
      ...{ id, fingerprint, rule, name, subject, subjectName, where, path },
    }))
    .sort((a, b) => compareText(a.subjectName, b.subjectName) || compareText(a.path, b.path) || compareText(a.id, b.id))
    .map((line) => jsonText(line));
  return `{"version":1,"findings":[${lines.length > 0 ? `\n${lines.join(",\n")}\n` : ""}]}\n`;
}

/** Enough for the report of a large fleet. */
const LARGEST = 512 * 1024 * 1024;

/** The finding ids in a baseline or in an earlier `scan --json`. Throws `config` if the file is neither. */
export function readBaseline(file: string): ReadonlySet<string> {
  try {
    const { findings } = JSON.parse(readChecked(file, { limit: LARGEST, named: true }).toString("utf8")) as {
      readonly findings: readonly { id: unknown }[];
    };
    return new Set(findings.map(({ id }) => (typeof id === "string" ? id : fail())));
  } catch (error) {
    throw new UnsprawlError(
      "config",
      `${file} is not a baseline`,
      "unsprawl scan --format baseline -o FILE writes one",
      causeOf(error),
    );
  }
}

function fail(): never {
  throw new TypeError("no id");
}

/** How many findings of the baseline are no longer found. */
export function countGone(known: ReadonlySet<string>, findings: readonly Finding[]): number {
  const found = new Set(findings.map(({ id }) => id));
  return [...known].filter((id) => !found.has(id)).length;
}
