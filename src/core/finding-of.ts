import type { DetectedSecret, ReadingOfSecret, FastSource, Inspect } from "../fast/index.ts";
import type { Finding, Rotation } from "../model/finding.ts";
import { fingerprint, type FingerprintKey } from "../model/fingerprint.ts";
import type { IdOf } from "./finding-id.ts";
import type { SubjectFacts } from "../model/location.ts";
import type { Secret } from "../model/secret.ts";
import type { SecretService } from "../model/secret-service.ts";
import type { Verify } from "./liveness.ts";
import type { ScanProgress } from "./scan-progress.ts";

export type ScanTools = {
  readonly sources: readonly FastSource[];
  /** Classifies what the sources yield. */
  readonly inspect: Inspect;
  readonly key: FingerprintKey;
  /** The fleet host of the sources, as recorded in findings; absent for this machine. */
  readonly host?: string;
  /**
   * Registers every value that is a secret at any confidence, so that faces can redact it. `whole`: the value is a
   * whole command line.
   */
  readonly know: (value: Secret, whole: boolean) => void;
  /** Why a run keeps the subject of this name, such as "kept by run X until scrub"; null for all others. */
  readonly keptBy: (subjectName: string) => string | null;
  /** Whether a subject that `keptBy` knows is kept by a run of this installation: then its findings only count as a copy. */
  readonly isOwnCopy?: (subjectName: string) => boolean;
  /** Checks whether secrets are live; null if not requested. */
  readonly verify: Verify | null;
  /** Why a finding is ignored, or null. */
  readonly ignoredBy: (finding: Finding, facts: SubjectFacts) => string | null;
  /** How to rotate what a rule finds, at a service if that is known. */
  readonly rotation: () => Promise<(rule: string, service?: SecretService | null) => Rotation>;
  /** Notes on the settings for the report. */
  readonly notes: () => Promise<readonly string[]>;
  /** Opens the saved progress of a long scan of one source; absent if scans cannot be resumed. */
  readonly progress?: (settings: readonly unknown[]) => Promise<ScanProgress>;
};

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
