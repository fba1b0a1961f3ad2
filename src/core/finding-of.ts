import type { DetectedSecret, ReadingOfSecret } from "../fast/index.ts";
import type { Finding } from "../model/finding.ts";
import { fingerprint } from "../model/fingerprint.ts";
import type { IdOf } from "./finding-id.ts";
import type { ScanTools } from "./scan-tools.ts";

type FindingTools = Pick<ScanTools, "host" | "key" | "know" | "keptBy" | "ignoredBy">;

/** Places whose value is a whole command line, most of which is not secret. */
const COMMANDS: ReadonlySet<string> = new Set(["cmd", "entrypoint", "healthcheck", "history", "onbuild"]);

const LONGEST_TEXT = 1024;

/** The finding, or the setting that suppressed it; an empty string if it is not a secret. */
export function findingOf(
  told: DetectedSecret,
  reading: ReadingOfSecret,
  tools: FindingTools,
  idOf: IdOf,
): Finding | string {
  const { candidate, verdict, masked, part, print: elsewhere } = told;
  const { name, value } = candidate;
  if (!verdict.secret) return verdict.suppressedBy ?? "";
  if (reading.kind === "subject" && reading.stored === true) {
    // Of ten thousand long values the pieces would fill gigabytes. What people write of an entry is no longer than a name.
    if (value.length <= LONGEST_TEXT) tools.know(value, true);
  } else if (elsewhere === undefined) {
    tools.know(value, COMMANDS.has(candidate.location.where));
    if (!part.equals(value)) tools.know(part, false);
  }
  const { host } = tools;
  const location = host === undefined ? candidate.location : { ...candidate.location, host };
  const kept = tools.keptBy(location.subjectName);
  const print = elsewhere?.fingerprint ?? fingerprint(part, tools.key);
  const finding: Finding = {
    id: idOf(print, name, location),
    fingerprint: print,
    rule: verdict.rule,
    name,
    confidence: verdict.confidence,
    score: verdict.score,
    severity: verdict.severity,
    why: verdict.why,
    unless: verdict.unless,
    part: verdict.part,
    location,
    masked,
    length: elsewhere?.length ?? value.length,
    state: kept === null ? "new" : "migrated",
    ignoredBy: null,
    liveness: null,
    exposure: kept === null ? reading.exposure : [kept, ...reading.exposure],
  };
  const ignoredBy = tools.ignoredBy(finding, reading.facts);
  return ignoredBy === null ? finding : { ...finding, state: "ignored", ignoredBy };
}
