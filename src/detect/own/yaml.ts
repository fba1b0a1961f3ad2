import * as v from "valibot";
import {
  either,
  flag,
  formed,
  isText,
  map,
  mayBeNull,
  must,
  oneOf,
  parse,
  says,
  type SchemaValue,
} from "../../kit/schema/index.ts";
import { CONFIDENCES, SEVERITIES } from "../../model/finding.ts";
import type { AllowSpec, RuleSpec } from "./types.ts";

const TEXT = v.string(says("must be text"));
const BAD_LIST = says("must be a list of texts", "{key}: [one, two]");
/** One text counts as a list of one. */
const TEXTS = either(isText, v.string(), v.array(TEXT, BAD_LIST));
const BAD_NUMBER = says("must be a number, 0 or more");
const NUMBER = v.pipe(v.number(BAD_NUMBER), v.minValue(0, BAD_NUMBER));

const ALLOW = v.pipe(
  map({
    patterns: mayBeNull("RE2; matched against the secret", TEXTS),
    stopWords: mayBeNull("parts of the secret, any case", TEXTS),
    names: mayBeNull("RE2, any case; matched against the variable's name", TEXTS),
  }),
  v.check((allow) => Object.values(allow).some((one) => listOf(one).length > 0), says("says nothing", "remove it")),
  v.check(
    ({ stopWords }) => !listOf(stopWords).includes(""),
    says("{at}: an empty stop word would allow everything", "remove it"),
  ),
);

const OWN_RULE = v.pipe(
  map(
    {
      id: must(
        "the rule's name in reports: letters, digits, dots, dashes",
        formed(/^[A-Za-z0-9][\w.-]{0,99}$/, "may hold letters, digits, dots and dashes only"),
      ),
      description: mayBeNull("what it finds, in a few words", TEXT),
      pattern: mayBeNull("RE2; matched against the value, and against NAME=value", TEXT),
      names: mayBeNull("RE2, any case; the rule counts only under a variable's name that this matches", TEXT),
      keywords: mayBeNull("the rule runs only if one of these is in the name or the value, any case", TEXTS),
      secretGroup: mayBeNull(
        "the group of the pattern that is the secret; else the group named secret, else the first that matched",
        NUMBER,
      ),
      entropy: mayBeNull("bits per character that the secret must exceed", NUMBER),
      severity: mayBeNull("low, medium, high or critical", oneOf(SEVERITIES)),
      confidence: mayBeNull("low, medium or high", oneOf(CONFIDENCES)),
      allow: mayBeNull("what allows a match: patterns and stopWords in the secret, names of variables", ALLOW),
      replaces: mayBeNull("true: replaces the rule of the same id", flag()),
    },
    undefined,
    { id: says("is missing", "name the rule, as in id: acme-token") },
  ),
  v.check(
    ({ pattern, names }) => Boolean(pattern) || Boolean(names),
    says("{at}.pattern is missing", "give a pattern, names, or both"),
  ),
  v.check(
    ({ pattern, secretGroup }) => Boolean(pattern) || typeof secretGroup !== "number",
    says("has a secretGroup without a pattern", "remove it"),
  ),
);

/** `rules.own` of a configuration. */
export const OWN_RULES = v.array(OWN_RULE, "must be a list of rules");

/** The rules under `rules.own`. Throws `config`. */
export function readYaml(own: unknown, source: string): readonly RuleSpec[] {
  if (own === undefined || own === null) return [];
  return parse(OWN_RULES, own, source, "rules.own").map((rule, index) =>
    ruleOf(rule, source, `${source}: rules.own[${index}] (${rule.id})`),
  );
}

function ruleOf(rule: SchemaValue<typeof OWN_RULE>, source: string, at: string): RuleSpec {
  const { id, allow } = rule;
  return {
    dialect: "own",
    id,
    description: rule.description || id,
    source,
    at,
    severity: rule.severity ?? null,
    confidence: rule.confidence ?? null,
    keywords: listOf(rule.keywords),
    pattern: rule.pattern || null,
    path: null,
    names: rule.names || null,
    secretGroup: rule.secretGroup ?? null,
    entropy: rule.entropy || null,
    allowlists: allow ? [allowOf(allow, `${at}: allow`, source)] : [],
    tags: [],
    silent: null,
    replaces: rule.replaces ?? false,
  };
}

function allowOf(allow: SchemaValue<typeof ALLOW>, at: string, source: string): AllowSpec {
  const [regexes, stopWords, names] = [listOf(allow.patterns), listOf(allow.stopWords), listOf(allow.names)];
  const rest = { dialect: "own", every: false, commits: false, paths: [], target: "secret" } as const;
  return { ...rest, at, by: `allow in ${source}`, regexes, stopWords, names };
}

function listOf(given: string | readonly string[] | null | undefined): readonly string[] {
  return typeof given === "string" ? [given] : (given ?? []);
}
