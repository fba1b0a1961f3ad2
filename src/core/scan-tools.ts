import type { FastSource, Inspect } from "../fast/index.ts";
import type { Finding, Rotation } from "../model/finding.ts";
import type { FingerprintKey } from "../model/fingerprint.ts";
import type { SubjectFacts } from "../model/location.ts";
import type { Secret } from "../model/secret.ts";
import type { SecretService } from "../model/secret-service.ts";
import type { Verify } from "./liveness.ts";
import type { ScanProgress } from "./scan-progress.ts";

/** What a scan asks. */
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
