import picomatch from "picomatch";
import type { Finding } from "../../model/finding.ts";
import type { Location, SubjectFacts } from "../../model/location.ts";
import { placeText } from "../../model/place.ts";
import type { IgnoreCriterion, IgnoreRule } from "./ignore-entries.ts";

/** A container label that lists variables to ignore: `unsprawl.ignore=NAME,OTHER`, or `*` for all. */
const LABEL = "unsprawl.ignore";

/**
 * Whether an entry names what it hides: the secret, the finding, or a variable together with its container, image, file
 * or place. A rule alone names no finding, and a glob may match any.
 */
export function namesFinding({ criteria }: IgnoreRule): boolean {
  const { fingerprint, id, name, subject, path, source } = criteria;
  if (fingerprint !== undefined || id !== undefined) return true;
  // `docker:` alone means a whole engine.
  const places = [subject, path, source?.endsWith(":") === true ? undefined : source];
  return isExact(name) && places.some(isExact);
}

/** Brackets are literal, as in `Config.Env[3]`. */
function isExact(wanted: string | undefined): boolean {
  return wanted !== undefined && !/[*?{}()!|\\]/.test(wanted);
}

type Ignorer = {
  /** Why a finding is ignored, or null. */
  readonly by: (finding: Finding, facts: SubjectFacts) => string | null;
  /** Notes for the report: expired entries, and labels of findings so far that have no effect. */
  readonly notes: () => string[];
};

/** Builds the check for ignored findings; `now` determines which entries have expired. */
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
    until !== null && until < today ? [`${at} expired on ${until}`] : [],
  );
  return { by, notes: () => [...ended, ...notCounted([...strangers].sort())] };
}

/** The entry's position, reason and expiry. */
function textOfRule({ at, reason, until }: IgnoreRule): string {
  const why = [reason, until === null ? null : `until ${until}`].filter((text) => text !== null);
  return why.length === 0 ? at : `${at} (${why.join(", ")})`;
}

function notCounted(subjects: readonly string[]): string[] {
  if (subjects.length === 0) return [];
  const more = subjects.length > 5 ? ` and ${subjects.length - 5} more` : "";
  return [
    `label ${LABEL} has no effect on ${subjects.slice(0, 5).join(", ")}${more}: ` +
      "it comes from the image, or the image was not read",
  ];
}

function matcherOf({ criteria }: IgnoreRule): (finding: Finding, facts: SubjectFacts) => boolean {
  const tests = Object.entries(criteria).map(([key, value]) => TESTS[key as IgnoreCriterion](value));
  return (finding, facts) => tests.every((test) => test(finding, facts));
}

type IgnoreTest = (finding: Finding, facts: SubjectFacts) => boolean;

const TESTS: { readonly [key in IgnoreCriterion]: (wanted: string) => IgnoreTest } = {
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
  path: byGlobs(({ location }) => pathsOf(location)),
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
  return byGlobs((finding, facts) => {
    const text = of(finding, facts);
    return text === null ? [] : [text];
  });
}

/** One of the texts has to match. */
function byGlobs(of: (finding: Finding, facts: SubjectFacts) => readonly string[]): (wanted: string) => IgnoreTest {
  return (wanted) => {
    const matches = glob(wanted);
    return (finding, facts) => of(finding, facts).some((text) => text === wanted || matches(text));
  };
}

/** The path as it is shown, and `line 12` alone where it also says what sets the variable in that line. */
function pathsOf({ path, place }: Location): readonly string[] {
  if (place?.kind !== "text" || place.of === undefined || place.of === "") return [path];
  return [path, placeText({ ...place, of: "" })];
}

/** `*` also matches slashes, which names of images and files contain. Brackets are literal. */
function glob(wanted: string): (text: string) => boolean {
  return picomatch(wanted.replaceAll("**", "*"), { dot: true, bash: true, nobracket: true });
}
