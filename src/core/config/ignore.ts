import picomatch from "picomatch";
import { bare, cmd } from "../../kit/shell.ts";
import { UnsprawlError } from "../../model/error.ts";
import type { Finding } from "../../model/finding.ts";
import { WHERES, type SubjectFacts } from "../../model/location.ts";
import { nearest } from "../../kit/text/nearest.ts";
import { knownKeys } from "./shape.ts";

/** What may stand in one entry of `ignore:`, with what it is for; the schema that ships is made from this. */
export const IGNORE_KEYS = {
  rule: "the rule's id",
  name: "the variable's, label's or option's name, or a glob; of a command its place: Cmd, Entrypoint, Healthcheck, OnBuild, history",
  subject: "the container, image or file, by name or glob",
  image: "the image that the container was made from, or the image itself, by reference or glob",
  label: "a label of the subject: `key` or `key=glob`",
  where: WHERES.join(", "),
  path: "the place inside the subject, such as Config.Env[3], or a glob, such as Config.Env[*]",
  source: "the source as it was asked for, such as docker:, or a glob",
  fingerprint: "the secret itself, wherever it stands: the first 12 or more digits of a finding's fingerprint",
  id: "one finding's id: this secret in this place",
  reason: "why it may stay",
  until: "the last day (YYYY-MM-DD, UTC) on which it is ignored",
} as const;

type Matched = Exclude<keyof typeof IGNORE_KEYS, "reason" | "until">;

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

/** Reads `ignore:` of one configuration file. Throws `config` for an entry without a criterion, or one that can never hold. */
export function readIgnore(given: unknown, file: string): readonly IgnoreRule[] {
  if (given === undefined || given === null) return [];
  if (!Array.isArray(given))
    throw new UnsprawlError("config", `${file}: ignore must be a list`, "- { rule: high-entropy, reason: … }");
  return given.map((entry: unknown, index) => {
    const at = `ignore[${index}]`;
    if (typeof entry !== "object" || entry === null || Array.isArray(entry))
      throw new UnsprawlError("config", `${file}: ${at} must be a map`, `- { name: DB_PASSWORD, reason: … }`);
    knownKeys(entry, Object.keys(IGNORE_KEYS), file, `${at}.`);
    const texts = Object.fromEntries(
      Object.entries(entry).map(([key, value]: [string, unknown]) => [key, textOf(value, `${file}: ${at}.${key}`)]),
    );
    const { reason = null, until = null, ...criteria } = texts;
    if (Object.keys(criteria).length === 0)
      throw new UnsprawlError(
        "config",
        `${file}: ${at} names nothing to ignore`,
        "give at least one of rule, name, subject, image, label, fingerprint",
      );
    const print = criteria["fingerprint"];
    if (print !== undefined && !/^[0-9a-f]{12,64}$/.test(print))
      throw new UnsprawlError(
        "config",
        `${file}: ${at}.fingerprint is none`,
        "copy at least 12 digits of it from a finding",
      );
    const where = criteria["where"];
    if (where !== undefined && !WHERES.some((one) => one === where)) {
      const near = nearest(where, WHERES);
      throw new UnsprawlError(
        "config",
        `${file}: ${at}.where: no place ${JSON.stringify(where)}`,
        near ? cmd`did you mean ${near}?` : cmd`known: ${bare(WHERES.join(", "))}`,
      );
    }
    if (until !== null && !isDay(until))
      throw new UnsprawlError("config", `${file}: ${at}.until is no day`, "until: 2027-01-31");
    return { criteria, reason, until, at: `${file} ${at}` };
  });
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

function textOf(value: unknown, what: string): string {
  if (typeof value === "string" && value !== "") return value;
  if (typeof value === "number") return String(value);
  if (value instanceof Date) return value.toISOString().slice(0, 10);
  throw new UnsprawlError("config", `${what} must be text`, "put it in quotes");
}
