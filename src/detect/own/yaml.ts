import { CONFIDENCES, SEVERITIES } from "../../model/finding.ts";
import { knownOnly, reader, wrong } from "./read.ts";
import type { AllowSpec, RuleSpec } from "./types.ts";

/** What a rule in `rules.own` may say, with what it is for. */
export const OWN_KEYS = {
  id: "the rule's name in reports: letters, digits, dots, dashes",
  description: "what it finds, in a few words",
  pattern: "RE2; matched against the value, and against NAME=value",
  names: "RE2, any case; the rule counts only under a variable's name that this matches",
  keywords: "the rule runs only where one of these stands in the name or the value, any case",
  secretGroup: "the group of the pattern that is the secret; else the group named secret, else the first that matched",
  entropy: "bits a character that the secret must exceed",
  severity: "low, medium, high or critical",
  confidence: "low, medium or high",
  allow: "what lets a match go: patterns and stopWords in the secret, names of variables",
  replaces: "true: takes the place of the rule of the same id",
} as const;

export const ALLOW_KEYS = {
  patterns: "RE2; matched against the secret",
  stopWords: "parts of the secret, any case",
  names: "RE2, any case; matched against the variable's name",
} as const;

/** The rules under `rules.own`. */
export function readYaml(own: unknown, source: string): readonly RuleSpec[] {
  if (own === undefined || own === null) return [];
  if (!Array.isArray(own)) throw wrong(`${source}: rules.own must be a list of rules`);
  return own.map((one, at) => ruleOf(one, source, `${source}: rules.own[${at}]`));
}

function ruleOf(given: unknown, source: string, place: string): RuleSpec {
  const keys = Object.keys(OWN_KEYS);
  const id = reader(given, place, keys).text("id");
  if (id === null) throw wrong(`${place}: id is missing`, "name the rule, as in id: acme-token");
  const at = `${place} (${id})`;
  if (!/^[A-Za-z0-9][\w.-]{0,99}$/.test(id)) {
    throw wrong(`${at}: id may hold letters, digits, dots and dashes only`);
  }
  const rule = reader(given, at, keys);
  knownOnly(rule, keys);
  const [pattern, names] = [rule.text("pattern"), rule.text("names")];
  if (pattern === null && names === null) throw wrong(`${at}: pattern is missing`, "give a pattern, names, or both");
  if (pattern === null && rule.number("secretGroup") !== null) throw wrong(`${at}: secretGroup without a pattern`);
  const allow = rule.value("allow");
  const entropy = rule.number("entropy");
  return {
    dialect: "own",
    id,
    description: rule.text("description") ?? id,
    source,
    at,
    severity: rule.oneOf("severity", SEVERITIES),
    confidence: rule.oneOf("confidence", CONFIDENCES),
    keywords: rule.texts("keywords"),
    pattern,
    path: null,
    names,
    secretGroup: rule.number("secretGroup"),
    entropy: entropy === 0 ? null : entropy,
    allowlists: allow === null ? [] : [allowOf(allow, `${at}: allow`, source)],
    tags: [],
    silent: null,
    replaces: rule.flag("replaces"),
  };
}

function allowOf(given: unknown, at: string, source: string): AllowSpec {
  const keys = Object.keys(ALLOW_KEYS);
  const allow = reader(given, at, keys);
  knownOnly(allow, keys);
  const [regexes, stopWords, names] = [allow.texts("patterns"), allow.texts("stopWords"), allow.texts("names")];
  if (regexes.length + stopWords.length + names.length === 0) throw wrong(`${at} says nothing`, "remove it");
  if (stopWords.includes("")) throw wrong(`${at}: an empty stop word would allow everything`, "remove it");
  const rest = { dialect: "own", every: false, commits: false, paths: [], target: "secret" } as const;
  return { ...rest, at, by: `allow in ${source}`, regexes, stopWords, names };
}
