import type * as v from "valibot";
import { map, mayBeNull, named, oneOf, texts, type SchemaValue } from "../../kit/schema/index.ts";
import { SEVERITIES } from "../../model/finding.ts";
import { readIgnore, type IGNORE } from "./ignore-entries.ts";
import { NO_TUNING, type TuningConfig } from "./tuning.ts";

/** `rules:` in a configuration; `own` are the team's own rules, parsed by the detector. */
export const rules = <Own extends v.GenericSchema>(own: Own) =>
  map({
    files: mayBeNull("rule files in gitleaks's TOML, by path from the configuration file", texts()),
    own: mayBeNull(
      "your own rules: id, description, pattern (RE2), names, keywords, secretGroup, entropy, severity, confidence, allow",
      own,
    ),
    off: mayBeNull("ids of rules that do not count", texts()),
    severity: mayBeNull(
      "rule id → low, medium, high or critical",
      named(oneOf(SEVERITIES, undefined, "to switch a rule off: rules.off: [{key}]")),
    ),
  });
export const STOP_WORDS = texts();

type TuningGiven = {
  readonly rules?: SchemaValue<ReturnType<typeof rules<v.GenericSchema>>> | null | undefined;
  readonly stopWords?: readonly string[] | null | undefined;
  readonly ignore?: SchemaValue<typeof IGNORE> | null | undefined;
};

/** The detection settings of a file in `dir`. */
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
