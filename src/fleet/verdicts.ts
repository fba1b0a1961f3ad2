import * as v from "valibot";
import type { SubjectCheckpoint } from "../core/scan-progress.ts";
import type { SubjectError } from "../core/read-source.ts";
import type { ShelvedLayer } from "../fast/index.ts";
import type { FingerprintKey } from "../model/fingerprint.ts";
import { CONFIDENCES, SEVERITIES, type Finding, type Verdict } from "../model/finding.ts";
import { mac, macHolds } from "../model/mac.ts";

export type Served = { readonly channels: readonly string[]; readonly hosts: readonly string[] };

/** The verdicts about a subject, and its name where it was scanned. */
export type CachedCheckpoint = SubjectCheckpoint & { readonly name: string };

/** Where a verdict is cached: it counts for nothing else. */
export type VerdictKey = { readonly settings: string; readonly key: string };

/**
 * A verdict as it is stored in the database, signed: more users may write there than may decide what a worker believes
 * about an image that it then does not read.
 */
export function signVerdict(of: VerdictKey, verdict: object, key: FingerprintKey): string {
  const text = JSON.stringify(verdict);
  return mac(textOf(of, text), "fleet-verdict", key) + text;
}

/** A verdict from the database; null if no member of the fleet put it there, or it has another form. */
export function trustedVerdict<T extends object>(
  form: v.GenericSchema<unknown, T>,
  of: VerdictKey,
  stored: string,
  key: FingerprintKey,
): T | null {
  const text = stored.slice(MAC_LENGTH);
  return macHolds(stored.slice(0, MAC_LENGTH), textOf(of, text), "fleet-verdict", key) ? fromJson(form, text) : null;
}

/** JSON from the database, as this form; null if it is not. */
export function fromJson<T>(form: v.GenericSchema<unknown, T>, text: string): T | null {
  try {
    const found = v.safeParse(form, JSON.parse(text));
    return found.success ? found.output : null;
  } catch {
    return null;
  }
}

const MAC_LENGTH = 64;

const textOf = ({ settings, key }: VerdictKey, text: string): string => JSON.stringify([settings, key, text]);

const TEXTS = v.array(v.string());
const PART = v.looseObject({
  in: v.picklist(["name", "value"]),
  path: v.string(),
  start: v.nullable(v.number()),
  length: v.nullable(v.number()),
});
const WEIGHT = { score: v.number(), confidence: v.picklist(CONFIDENCES), why: TEXTS };
const VERDICT: v.GenericSchema<unknown, Verdict> = v.variant("secret", [
  v.looseObject({
    secret: v.literal(true),
    ...WEIGHT,
    ...{ rule: v.string(), severity: v.picklist(SEVERITIES), unless: v.string(), part: PART },
  }),
  v.looseObject({ secret: v.literal(false), ...WEIGHT, rule: v.nullable(v.string()) }),
]);

/** Of a location, only what identifies its place is checked. */
const FINDING = v.looseObject({
  ...WEIGHT,
  ...{ id: v.string(), fingerprint: v.string(), rule: v.string(), name: v.string(), masked: v.string() },
  ...{ severity: v.picklist(SEVERITIES), unless: v.string(), part: PART, length: v.number(), exposure: TEXTS },
  location: v.looseObject({ source: v.string(), subjectName: v.string(), subjectId: v.string(), path: v.string() }),
});

export const CHECKPOINT: v.GenericSchema<unknown, CachedCheckpoint> = v.looseObject({
  ...{ name: v.string(), values: v.number(), hidden: v.number(), ignored: TEXTS },
  findings: v.array(v.custom<Finding>((one) => v.is(FINDING, one))),
  advice: v.array(v.looseObject({ source: v.string(), subject: v.string(), texts: TEXTS })),
});

export const LAYER: v.GenericSchema<unknown, ShelvedLayer> = v.looseObject({
  findings: v.array(
    v.looseObject({
      ...{ path: v.string(), counted: v.boolean(), name: v.string(), line: v.number(), masked: v.string() },
      ...{ verdict: VERDICT, print: v.looseObject({ fingerprint: v.string(), length: v.number() }) },
    }),
  ),
  fates: v.array(v.strictTuple([v.string(), v.picklist(["deleted", "replaced"])])),
  ...{ asked: TEXTS, git: TEXTS, diffId: v.nullable(v.string()) },
});

const ERROR = v.looseObject({ subject: v.string(), message: v.string(), hint: v.nullable(v.string()) });
export const ERRORS = v.array(v.custom<SubjectError>((one) => v.is(ERROR, one)));

export const SERVED: v.GenericSchema<unknown, Served> = v.looseObject({ channels: TEXTS, hosts: TEXTS });
