import * as v from "valibot";
import { map, mayBeNull, named, oneOf, texts, type SchemaValue } from "../../kit/schema/index.ts";
import { SEVERITIES, type Severity } from "../../model/finding.ts";
import { readIgnore, type IGNORE, type IgnoreRule } from "./ignore.ts";

/** `rules:` of a configuration; `own` is a team's own rules, which the detector reads. */
export const rules = <Own extends v.GenericSchema>(own: Own) =>
  map({
    files: mayBeNull("rule files in gitleaks's TOML, by path from the configuration file", texts()),
    own: mayBeNull(
      "rules of one's own: id, description, pattern (RE2), names, keywords, secretGroup, entropy, severity, confidence, allow",
      own,
    ),
    off: mayBeNull("ids of rules that do not count", texts()),
    severity: mayBeNull(
      "rule id → low, medium, high or critical",
      named(oneOf(SEVERITIES, undefined, "to switch a rule off: rules.off: [{key}]")),
    ),
  });
export const STOP_WORDS = texts();

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

type TuningGiven = {
  readonly rules?: SchemaValue<ReturnType<typeof rules<v.GenericSchema>>> | null | undefined;
  readonly stopWords?: readonly string[] | null | undefined;
  readonly ignore?: SchemaValue<typeof IGNORE> | null | undefined;
};

/** What a file that lies in `dir` tunes. */
export function readTuning(given: TuningGiven, file: string, dir: string): TuningConfig {
  const { stopWords, ignore } = given;
  if (given.rules === undefined && stopWords === undefined && ignore === undefined) return NO_TUNING;
  const { files, own, off, severity } = given.rules ?? {};
  const none = (files ?? []).length === 0 && own === undefined;
  return {
    ruleSets: none ? [] : [{ own: own ?? [], files: files ?? [], dir, configFile: file }],
    off: new Set(off),
    severity: new Map(Object.entries(severity ?? {})),
    stopWords: (stopWords ?? []).map((word) => word.toLowerCase()),
    ignore: readIgnore(ignore, file),
  };
}

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
