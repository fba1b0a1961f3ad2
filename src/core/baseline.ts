import { causeOf, UnsprawlError } from "../model/error.ts";
import type { Finding } from "../model/finding.ts";
import { jsonText } from "../kit/text/escape.ts";
import { byText } from "./report.ts";
import { readChecked } from "../kit/io/read.ts";

/**
 * A baseline for review: one line a finding, sorted by place, nothing in it that changes from scan to scan. It holds
 * neither values nor masks.
 */
export function baselineText(findings: readonly Finding[]): string {
  const lines = findings
    .map(({ id, fingerprint, rule, name, location: { subject, subjectName, where, path } }) => ({
      ...{ id, fingerprint, rule, name, subject, subjectName, where, path },
    }))
    .sort((a, b) => byText(a.subjectName, b.subjectName) || byText(a.path, b.path) || byText(a.id, b.id))
    .map((line) => jsonText(line));
  return `{"version":1,"findings":[${lines.length > 0 ? `\n${lines.join(",\n")}\n` : ""}]}\n`;
}

/** A report of a large fleet. */
const LARGEST = 512 * 1024 * 1024;

/** The ids that a baseline, or an earlier `scan --json`, has. Throws `config` when the file is none. */
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

/** How many of a baseline are found no more. */
export function goneFrom(known: ReadonlySet<string>, findings: readonly Finding[]): number {
  const found = new Set(findings.map(({ id }) => id));
  return [...known].filter((id) => !found.has(id)).length;
}
