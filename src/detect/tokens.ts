import { looksRandom } from "./entropy.ts";
import type { NameInfo } from "./names/names.ts";
import { keywordPass } from "./keyword-pass.ts";
import { rules } from "./rules/index.ts";
import type { Rule } from "./rules/rule.ts";
import { saysExample } from "./published.ts";
import type { Cleared } from "./cleared.ts";
import type { Evidence } from "./evidence.ts";

const byValue = keywordPass(rules.filter((rule) => rule.pattern !== null && rule.names === null));
const NONE: readonly Rule[] = [];
const sized = rules.filter(({ lengths, names }) => lengths !== null && names === null);
/** By length of the value. */
const fits: readonly (readonly Rule[])[] = Array.from({ length: 600 }, (_, length) => {
  const found = sized.filter((rule) => hasLength(rule, length));
  return found.length === 0 ? NONE : found;
});
function hasLength({ lengths }: Rule, length: number): boolean {
  return lengths === null || (length >= lengths[0] && length <= lengths[1]);
}

const named = rules.filter((rule) => rule.names !== null);
const isShort = ({ keywords }: Rule): boolean => keywords.some((word) => word.length < 3);
const byName = keywordPass(named.filter((rule) => !isShort(rule)));
/** Their keywords are too short for the pass. */
const byShortName = named.filter(isShort);
const nameRules = new Map<string, readonly Rule[]>();

/** The strongest known token anywhere in the text, what clears the whole text as public, or null. */
export function knownToken(text: string, off: ReadonlySet<string>): Evidence | Cleared | null {
  if (text.length < 8) return null;
  const candidates = withLength(byValue(text.toLowerCase()), text.length);
  if (candidates.length === 0) return null;
  for (const rule of candidates) {
    if (rule.publishable && !off.has(rule.id) && publishes(rule, text)) {
      return publicKind(rule);
    }
  }
  let best: Evidence | null = null;
  for (const rule of candidates) {
    if (rule.publishable || off.has(rule.id)) continue;
    const found = matches(rule, text);
    if (found !== null && (best === null || found.score > best.score)) best = found;
  }
  return best ?? ofUnknownLength(candidates, text, off);
}

/**
 * Vendors change how long their tokens are, and tell nobody: long random text behind a vendor's own prefix is a token of
 * a form that is not known yet. Mixed case, so that a digest behind a prefix is none.
 */
function ofUnknownLength(candidates: readonly Rule[], text: string, off: ReadonlySet<string>): Evidence | null {
  if (text.length < 35 || text.length > 512 || !/^\w[\w.~+/=-]+$/.test(text)) return null;
  for (const rule of candidates) {
    if (rule.publishable || rule.confidence !== "high" || off.has(rule.id)) continue;
    const prefix = rule.prefixes.find(
      (own) => own.length >= 5 && /[-_.]$/.test(own) && !ANYONES.test(own) && text.startsWith(own),
    );
    if (prefix === undefined || saysExample(text)) continue;
    const rest = text.slice(prefix.length);
    if (!/[a-z]/.test(rest) || !/[A-Z]/.test(rest) || !looksRandom(rest, 30)) continue;
    const why = [`begins like: ${rule.description}`, "random behind the vendor's prefix"];
    return { rule: rule.id, score: 0.7, severity: rule.severity, why, part: text };
  }
  return null;
}

/** `live_`, `test_`: many a vendor's, so that they say nothing of whose a token is. */
const ANYONES = /^(?:live|test|sandbox|prod|production|dev|secret|key|access|token|client|console)[-_.]$/;

/** The kinds that have no keyword, where the length fits. */
function withLength(candidates: readonly Rule[], length: number): readonly Rule[] {
  const fitting = length < fits.length ? (fits[length] as readonly Rule[]) : NONE;
  if (candidates.length === 0) return fitting;
  return fitting.length === 0 ? candidates : [...candidates, ...fitting];
}

/** A value that is a key because a vendor's name stands over exactly the vendor's shape. */
export function vendorKey(name: NameInfo, text: string, off: ReadonlySet<string>): Evidence | Cleared | null {
  if (name.key === "" || text.length < 12 || text.length > 512) return null;
  for (const rule of rulesFor(name)) {
    // The value's pattern comes first: few values fit, and the names' patterns take long to compile.
    if (!hasLength(rule, text.length)) continue;
    if (rule.pattern?.test(text) !== true || rule.names?.test(name.key) !== true || off.has(rule.id)) continue;
    if (rule.publishable) return publicKind(rule);
    const found = matches(rule, text);
    if (found !== null) return found;
  }
  return null;
}

/** The rules with a keyword in the name; kept, since a fleet has few names. */
function rulesFor(name: NameInfo): readonly Rule[] {
  const known = nameRules.get(name.key);
  if (known !== undefined) return known;
  const odd = name.setting !== null || name.open || (name.digest && name.family === null);
  const likely = [
    ...byName(name.key),
    ...byShortName.filter(({ keywords }) => keywords.some((word) => name.key.includes(word))),
  ];
  const own = odd ? likely.filter((rule) => rule.despite) : likely;
  if (nameRules.size > 20_000) nameRules.clear();
  nameRules.set(name.key, own);
  return own;
}

function publicKind(rule: Rule): Cleared {
  return { rule: rule.id, why: `is meant to be public: ${rule.description}` };
}

/** A publishable kind clears a value that it is wholly, not one that merely holds it somewhere. */
function publishes(rule: Rule, text: string): boolean {
  const match = rule.pattern?.exec(text) ?? null;
  if (match === null) return false;
  return rule.pattern?.source.startsWith("^") === true || match[0].length === text.length;
}

/** What this rule finds in the text, or null. */
function matches(rule: Rule, text: string): Evidence | null {
  return firstMatch(rule, text)?.found ?? null;
}

/** The first place that a rule's pattern fits. */
export type TokenMatch = {
  readonly at: number;
  readonly end: number;
  /** Null for what only looks like a token, such as an example. */
  readonly found: Evidence | null;
};

export function firstMatch(rule: Rule, text: string): TokenMatch | null {
  const match = rule.pattern?.exec(text) ?? null;
  if (match === null) return null;
  return { at: match.index, end: match.index + match[0].length, found: evidenceOf(rule, match) };
}

const stickyPatterns = new Map<Rule, RegExp>();

/** The same where the token can begin nowhere but at `at`: the rest of the text is not searched for another. */
export function matchesAt(rule: Rule, text: string, at: number): Evidence | null {
  let pattern = stickyPatterns.get(rule);
  if (pattern === undefined) {
    if (rule.pattern === null) return null;
    stickyPatterns.set(rule, (pattern = new RegExp(rule.pattern, `${rule.pattern.flags}y`)));
  }
  pattern.lastIndex = at;
  return evidenceOf(rule, pattern.exec(text));
}

function evidenceOf(rule: Rule, match: RegExpExecArray | null): Evidence | null {
  if (match === null) return null;
  const whole = match.groups?.["secret"] ?? match[0];
  const part = rule.ends === null ? whole : whole.slice(0, rule.ends(whole));
  const checked = rule.validate === null ? "unknown" : rule.validate.verdict(part);
  if (checked !== "right" && (saysExample(part) || fewCharacters(part, rule))) return null;
  if (checked === "fake") return null;
  const sure = rule.confidence === "high";
  const score = checked === "right" ? 0.99 : checked === "wrong" ? (sure ? 0.88 : 0.75) : sure ? 0.96 : 0.75;
  const why = [rule.names === null ? `looks like: ${rule.description}` : `name and shape of: ${rule.description}`];
  if (checked === "right") why.push(rule.validate?.by === "checksum" ? "checksum valid" : "format verified");
  return { rule: rule.id, score, severity: rule.severity, why, part };
}

/** `hf_aaaaaaaa…`: three different characters behind the prefix are no key. */
function fewCharacters(part: string, rule: Rule): boolean {
  const prefix = rule.prefixes.find((text) => part.startsWith(text)) ?? "";
  const body = part.slice(prefix.length, prefix.length + 64);
  return body.length >= 12 && new Set(body).size <= 4;
}
