import picomatch from "picomatch";
import * as v from "valibot";
import { either, isNumber, map, may, oneOf, says, text, type SchemaValue } from "../../kit/schema/index.ts";
import type { Finding } from "../../model/finding.ts";
import { WHERES, type SubjectFacts } from "../../model/location.ts";

/** A number, which a fingerprint of digits is, counts as its text. */
const TEXT = either(isNumber, v.pipe(v.number(), v.transform(String)), text());
const PRINT = /^[0-9a-f]{12,64}$/;
const BAD_PRINT = says("is not one", "copy at least 12 digits of it from a finding");

/** What an entry may match. */
const CRITERIA = {
  rule: may("the rule's id", TEXT),
  name: may(
    "the variable's, label's or option's name, or a glob; of a command its place: Cmd, Entrypoint, Healthcheck, OnBuild, history",
    TEXT,
  ),
  subject: may("the container, image or file, by name or glob", TEXT),
  image: may("the image that the container was made from, or the image itself, by reference or glob", TEXT),
  label: may("a label of the subject: `key` or `key=glob`", TEXT),
  where: may(WHERES.join(", "), oneOf(WHERES)),
  path: may("the place inside the subject, such as Config.Env[3], or a glob, such as Config.Env[*]", TEXT),
  source: may("the source as it was asked for, such as docker:, or a glob", TEXT),
  fingerprint: may(
    "the secret itself, wherever it stands: the first 12 or more digits of a finding's fingerprint",
    v.pipe(
      TEXT,
      v.check((given) => PRINT.test(given), BAD_PRINT),
    ),
  ),
  id: may("one finding's id: this secret in this place", TEXT),
};

const ENTRY = v.pipe(
  map(
    {
      ...CRITERIA,
      reason: may("why it may stay", TEXT),
      until: may(
        "the last day (YYYY-MM-DD, UTC) on which it is ignored",
        v.pipe(TEXT, v.check(isDay, says("is no day", "until: 2027-01-31"))),
      ),
    },
    "- { name: DB_PASSWORD, reason: … }",
  ),
  v.check(
    (entry) => Object.keys(entry).some((key) => key in CRITERIA),
    says("names nothing to ignore", "give at least one of rule, name, subject, image, label, fingerprint"),
  ),
  v.metadata({ anyOf: Object.keys(CRITERIA).map((key) => ({ required: [key] })) }),
);

/** `ignore:` of a configuration. */
export const IGNORE = v.array(ENTRY, says("must be a list", "- { rule: high-entropy, reason: … }"));

type Matched = keyof typeof CRITERIA;

/** One entry of `ignore:`. Every criterion that it names must hold. */
export type IgnoreRule = {
  readonly criteria: { readonly [key in Matched]?: string };
  readonly reason: string | null;
  /** The last day as `YYYY-MM-DD`; null means for good. */
  readonly until: string | null;
  /** Where it stands, for people: `unsprawl.yaml ignore[2]`. */
  readonly at: string;
};

/** The label of a container by which it names the variables that may stay: `unsprawl.ignore=NAME,OTHER` or `*`. */
const LABEL = "unsprawl.ignore";

/** The entries of a file. */
export function readIgnore(given: SchemaValue<typeof IGNORE> | null | undefined, file: string): readonly IgnoreRule[] {
  return (given ?? []).map(({ reason = null, until = null, ...criteria }, index) => ({
    criteria: criteria as IgnoreRule["criteria"],
    reason,
    until,
    at: `${file} ignore[${index}]`,
  }));
}

/**
 * True for an entry that names what it hides: the secret, the finding, or a variable together with its container, image,
 * file or place. A rule alone names no finding, and a glob may match any.
 */
export function namesFinding({ criteria }: IgnoreRule): boolean {
  const { fingerprint, id, name, subject, path, source } = criteria;
  if (fingerprint !== undefined || id !== undefined) return true;
  // `docker:` is all of an engine.
  const places = [subject, path, source?.endsWith(":") === true ? undefined : source];
  return isExact(name) && places.some(isExact);
}

/** Brackets stand for themselves, as in `Config.Env[3]`. */
function isExact(wanted: string | undefined): boolean {
  return wanted !== undefined && !/[*?{}()!|\\]/.test(wanted);
}

function isDay(text: string): boolean {
  const day = new Date(/^\d{4}-\d\d-\d\d$/.test(text) ? text : Number.NaN);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
}

type Ignorer = {
  /** Says why a finding is ignored, or null. */
  readonly by: (finding: Finding, facts: SubjectFacts) => string | null;
  /** What a person should know: entries that have run out, and labels, of the findings so far, that do not count. */
  readonly notes: () => string[];
};

/** `now` decides which entries have run out. */
export function ignorer(rules: readonly IgnoreRule[], now: Date): Ignorer {
  const today = now.toISOString().slice(0, 10);
  const matchers = rules
    .filter((rule) => rule.until === null || rule.until >= today)
    .map((rule) => ({
      text: textOfRule(rule),
      matches: matcherOf(rule),
    }));
  const strangers = new Set<string>();
  const by = (finding: Finding, facts: SubjectFacts): string | null => {
    const found = matchers.find(({ matches }) => matches(finding, facts));
    if (found !== undefined) return found.text;
    const named = facts.labels[LABEL]?.split(",").map((name) => name.trim()) ?? [];
    if (!named.includes("*") && !named.includes(finding.name)) return null;
    const { subjectName } = finding.location;
    if (facts.ownLabels[LABEL] !== undefined) return `label ${LABEL} of ${subjectName}`;
    strangers.add(subjectName);
    return null;
  };
  const ended = rules.flatMap(({ at, until }) =>
    until !== null && until < today ? [`${at} ran out on ${until}`] : [],
  );
  return { by, notes: () => [...ended, ...notCounted([...strangers].sort())] };
}

/** Where it stands, why, and until when. */
function textOfRule({ at, reason, until }: IgnoreRule): string {
  const why = [reason, until === null ? null : `until ${until}`].filter((text) => text !== null);
  return why.length === 0 ? at : `${at} (${why.join(", ")})`;
}

function notCounted(subjects: readonly string[]): string[] {
  if (subjects.length === 0) return [];
  const more = subjects.length > 5 ? ` and ${subjects.length - 5} more` : "";
  return [
    `label ${LABEL} does not count on ${subjects.slice(0, 5).join(", ")}${more}: ` +
      "it is an image's, or the image was not read",
  ];
}

function matcherOf({ criteria }: IgnoreRule): (finding: Finding, facts: SubjectFacts) => boolean {
  const tests = Object.entries(criteria).map(([key, value]) => TESTS[key as Matched](value));
  return (finding, facts) => tests.every((test) => test(finding, facts));
}

type IgnoreTest = (finding: Finding, facts: SubjectFacts) => boolean;

const TESTS: { readonly [key in Matched]: (wanted: string) => IgnoreTest } = {
  rule:
    (wanted) =>
    ({ rule }) =>
      rule === wanted,
  name: byGlob(({ name }) => name),
  subject: byGlob(({ location }) => location.subjectName),
  image: byGlob(({ location }, facts) => facts.image ?? (location.subject === "image" ? location.subjectName : null)),
  where:
    (wanted) =>
    ({ location }) =>
      location.where === wanted,
  path: byGlob(({ location }) => location.path),
  source: byGlob(({ location }) => location.source),
  fingerprint:
    (wanted) =>
    ({ fingerprint }) =>
      fingerprint.startsWith(wanted),
  id:
    (wanted) =>
    ({ id }) =>
      id === wanted,
  label: (wanted) => {
    const at = wanted.indexOf("=");
    const matches = at < 0 ? () => true : glob(wanted.slice(at + 1));
    const key = at < 0 ? wanted : wanted.slice(0, at);
    return (_finding, { labels }) => labels[key] !== undefined && matches(labels[key]);
  },
};

function byGlob(of: (finding: Finding, facts: SubjectFacts) => string | null): (wanted: string) => IgnoreTest {
  return (wanted) => {
    const matches = glob(wanted);
    return (finding, facts) => {
      const text = of(finding, facts);
      return text !== null && (text === wanted || matches(text));
    };
  };
}

/** `*` matches any characters, slashes too: names of images and files have them. Brackets stand for themselves. */
function glob(wanted: string): (text: string) => boolean {
  return picomatch(wanted.replaceAll("**", "*"), { dot: true, bash: true, nobracket: true });
}
