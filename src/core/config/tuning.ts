import { cmd } from "../../kit/shell.ts";
import { UnsprawlError } from "../../model/error.ts";
import { SEVERITIES, type Severity } from "../../model/finding.ts";
import { knownKeys, mapOf, textsOf } from "./shape.ts";
import { readIgnore, type IgnoreRule } from "./ignore.ts";

/** What may stand under `rules:`, with what it is for; the schema that ships is made from this. */
export const RULES_KEYS = {
  files: "rule files in gitleaks's TOML, by path from the configuration file",
  own: "rules of one's own: id, description, pattern (RE2), names, keywords, secretGroup, entropy, severity, confidence, allow",
  off: "ids of rules that do not count",
  severity: "rule id → low, medium, high or critical",
} as const;

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

/** Reads `rules`, `stopWords` and `ignore` of one file. Throws `config` naming file and key. */
export function readTuning(top: { readonly [key: string]: unknown }, file: string, dir: string): TuningConfig {
  if (["rules", "stopWords", "ignore"].every((key) => top[key] === undefined)) return NO_TUNING;
  const rules = mapOf(top["rules"] ?? {}, file, "rules");
  knownKeys(rules, Object.keys(RULES_KEYS), file, "rules.");
  const files = textsOf(rules["files"], file, "rules.files");
  const severity = Object.entries(mapOf(rules["severity"] ?? {}, file, "rules.severity")).map(([id, level]) => {
    const found = SEVERITIES.find((one) => one === level);
    if (found === undefined)
      throw new UnsprawlError(
        "config",
        `${file}: rules.severity.${id} must be one of ${SEVERITIES.join(", ")}`,
        cmd`to switch a rule off: rules.off: [${id}]`,
      );
    return [id, found] as const;
  });
  const stopWords = textsOf(top["stopWords"], file, "stopWords").map((word) => word.toLowerCase());
  return {
    ruleSets:
      files.length === 0 && rules["own"] === undefined
        ? []
        : [{ own: rules["own"] ?? [], files, dir, configFile: file }],
    off: new Set(textsOf(rules["off"], file, "rules.off")),
    severity: new Map(severity),
    stopWords,
    ignore: readIgnore(top["ignore"], file),
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
