import type { Severity } from "../../model/finding.ts";
import type { IgnoreRule } from "./ignore.ts";

/** Where one configuration file's own rules come from; compiled by the detector on first use. */
export type RuleSet = {
  readonly own: unknown;
  readonly files: readonly string[];
  readonly dir: string;
  readonly configFile: string;
};

/** What people tune about detection, of all configuration files together. */
export type TuningConfig = {
  readonly ruleSets: readonly RuleSet[];
  readonly off: ReadonlySet<string>;
  readonly severity: ReadonlyMap<string, Severity>;
  /** In lower case. */
  readonly stopWords: readonly string[];
  readonly ignore: readonly IgnoreRule[];
};

export const NO_TUNING: TuningConfig = { ruleSets: [], off: new Set(), severity: new Map(), stopWords: [], ignore: [] };

/** Both together; where they differ the second wins. */
export function mergeTuning(first: TuningConfig, second: TuningConfig): TuningConfig {
  if (first === NO_TUNING) return second;
  if (second === NO_TUNING) return first;
  return {
    ruleSets: [...first.ruleSets, ...second.ruleSets],
    off: new Set([...first.off, ...second.off]),
    severity: new Map([...first.severity, ...second.severity]),
    stopWords: [...first.stopWords, ...second.stopWords],
    ignore: [...first.ignore, ...second.ignore],
  };
}
