import { rowFor, type Dismissal } from "../dismissals/index.ts";
import { looksRandom } from "../entropy.ts";
import { MEDIUM, type Evidence } from "../evidence.ts";
import type { Assigned } from "./assigned.ts";
import { isTranslation, type TextKind } from "./kind.ts";
import { isNoise } from "./noise.ts";
import { isSequence } from "./sequence.ts";

/** What only the name promises; a vendor's own form stands for itself. */
const BY_NAME = /^(?:password|secret|key|user-password|high-entropy|assignment)$/;
/** Rules that know a part of a value or of a command by its name or its place only. */
const BY_PLACE = /^(?:password|secret|key|user-password|assignment|url-password|header|command)$/;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * A finding of which only the name or the place speaks, weighed by the text around it: null when a row of the dismissals
 * dismisses it, with a low score when one leaves a doubt.
 */
export function plausible(found: Evidence, assigned: Assigned, off: ReadonlySet<string>): Evidence | null {
  const ofAddress =
    found.rule === "url-password" ? rowFor(["address"], { found, assigned, isRandom: false }, off) : null;
  if (ofAddress !== null) return left(found, ofAddress);
  const byName = BY_NAME.test(found.rule);
  const whole = found.part === assigned.value;
  if ((!whole || !byName) && plausiblePart(found, off, assigned) === null) return null;
  const isRandom = byName && isMadeByMachine(assigned);
  const row = rowFor(byName ? ["any", "name"] : ["any"], { found, assigned, isRandom }, off);
  return row === null ? found : left(found, row);
}

/** Where nothing is known but the finding itself. */
const NOTHING: Assigned = {
  ...{ name: "", value: "", quoted: false, lead: "", tail: "", path: "", below: "", kind: "settings" },
};

/** The same for a secret inside a value or on a command line. */
export function plausiblePart(
  found: Evidence,
  off: ReadonlySet<string>,
  assigned: Assigned = NOTHING,
): Evidence | null {
  if (!BY_PLACE.test(found.rule)) return found;
  const isRandom = looksRandom(found.part.replace(/\$\w{1,60}|\$\{[^}]{0,100}\}?/g, ""), 12);
  return rowFor(["part"], { found, assigned, isRandom }, off) === null ? found : null;
}

/** Rules that only a name speaks for; documents show commands and headers too. */
const WEAK = /^(?:password|secret|key|user-password|high-entropy|assignment|url-password)$/;
const SHOWN = /^(?:header|command)$/;

type FileContext = {
  readonly path: string;
  readonly below: string;
  readonly kind: () => TextKind;
  readonly off: ReadonlySet<string>;
};

/** What a finding counts in a file of this kind: in code and documents a name says less than in settings. */
export function inKind(
  found: Evidence,
  name: string,
  value: string,
  { path, below, kind, off }: FileContext,
): Evidence {
  if (found.score < MEDIUM) return found;
  const own = kind();
  if (!WEAK.test(found.rule) && !(own === "prose" && SHOWN.test(found.rule))) return found;
  const assigned = { ...NOTHING, name, value, path, below, kind: own };
  const row = rowFor(["weak"], { found, assigned, isRandom: false }, off);
  return row === null ? found : (left(found, row) ?? found);
}

/** Among tests and examples what people type is made up; what a machine made may be somebody's. */
export function inTests(found: Evidence, path: string, below: string, off: ReadonlySet<string>): Evidence {
  const random = looksRandom(found.part, 12);
  if (found.score >= 0.9 && (found.rule !== "url-password" || random)) return found;
  const row = rowFor(["file"], { found, assigned: { ...NOTHING, path, below }, isRandom: false }, off);
  if (row === null) return found;
  const score = found.score - 0.15;
  return { ...found, score: random ? score : Math.min(score, row.score ?? 0), doubt: found.doubt ?? row.id };
}

/** Counting is not random; nor are words in other letters, where a file has words for people. */
function isMadeByMachine({ value, below }: Assigned): boolean {
  if (!(looksRandom(value, 12) || UUID.test(value) || isNoise(value)) || isSequence(value)) return false;
  return !(/[^\x21-\x7e]/.test(value) && isTranslation(below));
}

/** What a row leaves of a finding. */
function left(found: Evidence, { id, score }: Dismissal): Evidence | null {
  return score === undefined ? null : { ...found, score: Math.min(found.score, score), doubt: id };
}
