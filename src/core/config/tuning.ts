import type { Severity } from "../../model/finding.ts";
import type { IgnoreRule } from "./ignore-entries.ts";

/** The source of a configuration file's own rules; the detector compiles them on first use. */
export type RuleSet = {
  readonly own: unknown;
  readonly files: readonly string[];
  readonly dir: string;
  readonly configFile: string;
};

/** Detection settings from all configuration files. */
export type TuningConfig = {
  readonly ruleSets: readonly RuleSet[];
  readonly off: ReadonlySet<string>;
  readonly severity: ReadonlyMap<string, Severity>;
  /** In lower case. */
  readonly stopWords: readonly string[];
  readonly ignore: readonly IgnoreRule[];
};

export const NO_TUNING: TuningConfig = { ruleSets: [], off: new Set(), severity: new Map(), stopWords: [], ignore: [] };

/** Merges two settings; the second takes precedence. */
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
