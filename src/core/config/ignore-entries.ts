import * as v from "valibot";
import { either, isNumber, map, may, oneOf, says, text, type SchemaValue } from "../../kit/schema/index.ts";
import { WHERES } from "../../model/location.ts";

/** The keys an entry can match on. */
export type IgnoreCriterion = keyof typeof CRITERIA;

/** One entry of `ignore:`. All its criteria must match. */
export type IgnoreRule = {
  readonly criteria: { readonly [key in IgnoreCriterion]?: string };
  readonly reason: string | null;
  /** The last day, as `YYYY-MM-DD`; null means indefinitely. */
  readonly until: string | null;
  /** Its position, for people: `unsprawl.yaml ignore[2]`. */
  readonly at: string;
};

/** Numbers are accepted as text, since a fingerprint may consist of digits. */
const TEXT = either(isNumber, v.pipe(v.number(), v.transform(String)), text());
const PRINT = /^[0-9a-f]{12,64}$/;
const BAD_PRINT = says("is not one", "copy at least 12 digits of it from a finding");

/** The keys an entry can match on. */
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
        v.pipe(TEXT, v.check(isDay, says("is not a date", "until: 2027-01-31"))),
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

/** `ignore:` in a configuration. */
export const IGNORE = v.array(ENTRY, says("must be a list", "- { rule: high-entropy, reason: … }"));

/** The entries of a file. */
export function readIgnore(given: SchemaValue<typeof IGNORE> | null | undefined, file: string): readonly IgnoreRule[] {
  return (given ?? []).map(({ reason = null, until = null, ...criteria }, index) => ({
    criteria: criteria as IgnoreRule["criteria"],
    reason,
    until,
    at: `${file} ignore[${index}]`,
  }));
}

function isDay(text: string): boolean {
  const day = new Date(/^\d{4}-\d\d-\d\d$/.test(text) ? text : Number.NaN);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
}
