import { cmd } from "../kit/shell.ts";
import { UnsprawlError } from "../model/error.ts";
import type { Severity } from "../model/finding.ts";
import { nearestWord } from "../kit/text/nearest.ts";
import { createDetector, PLAIN, type CachingDetector } from "./detector.ts";
import type { OwnGiven, OwnRules } from "./own/index.ts";
import { dismissalRows } from "./dismissals/index.ts";
import { ruleById, rules } from "./rules/index.ts";

/** What the configuration says about detection: plain data, so that it can be handed to a worker thread. */
export type DetectTuning = {
  readonly ruleSets: readonly OwnGiven[];
  readonly off: ReadonlySet<string>;
  readonly severity: ReadonlyMap<string, Severity>;
  /** In lower case. */
  readonly stopWords: readonly string[];
  /** Here only so that the rules that it names are known ones. */
  readonly ignore: readonly { readonly criteria: { readonly rule?: string }; readonly at: string }[];
};

/**
 * The detector that a configuration asks for, see `createDetector`. Throws `config` for a bad rule, or an id of a rule
 * that there is not.
 */
export async function detectorFor(tuning: DetectTuning, remembers = true): Promise<CachingDetector> {
  const own = await ownRules(tuning);
  for (const [key, ids] of [
    ["rules.off", tuning.off],
    ["rules.severity", tuning.severity.keys()],
  ] as const) {
    for (const id of ids) if (key !== "rules.off" || !dismissalRows.some((row) => row.id === id)) known(id, key, own);
  }
  for (const { criteria, at } of tuning.ignore) if (criteria.rule !== undefined) known(criteria.rule, at, own);
  if (own === null && tuning.off.size + tuning.severity.size + tuning.stopWords.length === 0)
    return createDetector(PLAIN, remembers);
  const off = new Set([...tuning.off, ...(own?.disabled ?? [])]);
  const { severity, stopWords } = tuning;
  return createDetector({ off, ownOff: tuning.off, severity, stopWords, own }, remembers);
}

/** The team's own rules of all configuration files together; null when there are none. */
export async function ownRules({ ruleSets }: DetectTuning): Promise<OwnRules | null> {
  if (ruleSets.length === 0) return null;
  const { loadOwnRules } = await import("./own/index.ts");
  const sets = await Promise.all(ruleSets.map(loadOwnRules));
  return {
    rules: sets.flatMap((set) => set.rules),
    disabled: sets.flatMap((set) => set.disabled),
    notes: sets.flatMap((set) => set.notes),
    asksPath: sets.some((set) => set.asksPath),
    find: (input) => sets.flatMap((set) => set.find(input)),
    findInText: (text, path) => sets.flatMap((set) => set.findInText(text, path)),
    allowed: (found, path) => sets.reduce<string | null>((by, set) => by ?? set.allowed(found, path), null),
  };
}

function known(id: string, key: string, own: OwnRules | null): void {
  if (ruleById(id) !== null || own?.rules.some((rule) => rule.id === id) === true) return;
  const ids = [...rules, ...(own?.rules ?? []), ...(key === "rules.off" ? dismissalRows : [])].map((rule) => rule.id);
  const near = nearestWord(id, ids);
  throw new UnsprawlError(
    "config",
    `${key}: no rule ${JSON.stringify(id)}`,
    near ? cmd`did you mean ${near}?` : "unsprawl rules lists them",
  );
}
