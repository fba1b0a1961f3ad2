import type { RE2JS } from "re2js";
import { allowedBy } from "./allow.ts";
import { leaveOut } from "../unread.ts";
import { shannon } from "./entropy.ts";
import { formsOf, type ValueForm } from "./forms.ts";
import type { RuleMatch, OwnHit, OwnInput, OwnRule } from "./types.ts";

const LARGEST = 1_048_576;
const MOST_HITS = 200;
const MOST_TRIES = 5000;
/** One search takes time by text and by the pattern's size: of a very wide pattern the text is cut shorter. */
const MOST_STEPS = 2 ** 29;
export const LEAST = 65_536;
/** In milliseconds; what a value may take when every match makes RE2 read on to its end. */
const PATIENCE = 5000;

/**
 * What these rules, of which a keyword was seen already, say of a value. Bounded: the first mebibyte, 200 hits, 5,000
 * matches of a rule, and five seconds of work in all, which only a mebibyte made for it takes.
 */
export function findAll(
  rules: readonly OwnRule[],
  { name, text: full, path }: OwnInput,
  { most, isOver }: Bounds = { most: MOST_HITS, isOver: patience(1) },
): readonly OwnHit[] {
  const text = cutText(full);
  const hits: { readonly hit: OwnHit; readonly found: RuleMatch }[] = [];
  const left = { secret: most, allowed: most };
  for (const rule of text.trim() === "" ? [] : rules) {
    if (isOver() || left.secret === 0) {
      leaveOut(left.secret === 0 ? "secrets" : "own");
      break;
    }
    if (rule.names?.test(name) === false || rule.path?.test(path) === false) continue;
    for (const found of matches(rule, name, text, isOver)) {
      const by = allowedBy(rule.allowlists, found, name, path);
      const kind = by === null ? "secret" : "allowed";
      if (left[kind] === 0) continue;
      left[kind]--;
      const hit: OwnHit =
        by === null ? { kind: "secret", rule, start: found.start, end: found.end } : { kind: "allowed", rule, by };
      hits.push({ hit, found });
      if (left.secret === 0) break;
    }
  }
  return withoutGeneric(hits);
}

/** How many hits there may be, and when to give up. */
export type Bounds = { readonly most: number; readonly isOver: () => boolean };

/** Tells when this thread has worked as long as so many mebibytes may take. What others take of the machine does not count. */
export function patience(mebibytes: number): Bounds["isOver"] {
  const ms = PATIENCE * mebibytes;
  const began = process.threadCpuUsage();
  let look = performance.now() + ms;
  return () => {
    if (performance.now() < look) return false;
    const { user, system } = process.threadCpuUsage(began);
    const left = ms - (user + system) / 1000;
    look = performance.now() + left;
    return left <= 0;
  };
}

/** The text as far as it is read: never half of a character outside the first plane. */
export function cutText(text: string, longest = LARGEST): string {
  return text.length <= longest ? text : text.slice(0, longest).replace(/[\uD800-\uDBFF]$/, "");
}

/** Tries each form of the value in turn; of what one form has spoken, a later one does not. */
function* matches(rule: OwnRule, name: string, full: string, isOver: Bounds["isOver"]): Generator<RuleMatch> {
  const { pattern } = rule;
  if (pattern === null) {
    yield* whole(rule, name, full);
    return;
  }
  const text = cutText(full, Math.max(LEAST, Math.floor(MOST_STEPS / pattern.programSize())));
  const all: RuleMatch[] = [];
  let tries = 0;
  for (const form of formsOf(name, text, pattern.pattern())) {
    if (form.last && all.length > 0) return;
    if (isOver() || !pattern.test(form.text)) continue;
    const before = [...all];
    const matcher = pattern.matcher(form.text);
    while (tries++ < MOST_TRIES && !isOver() && matcher.find()) {
      const found = foundIn(rule, pattern, form, { name, text }, matcher.start(), matcher.end());
      if (found === null || before.some((other) => found.start < other.end && other.start < found.end)) continue;
      all.push(found);
      yield found;
    }
  }
  if (tries > MOST_TRIES || text.length < full.length || isOver()) leaveOut("own");
}

/** Without a pattern the name speaks for the value; when only the path does, gitleaks looks at no text at all. */
function* whole(rule: OwnRule, name: string, text: string): Generator<RuleMatch> {
  const secret = text.trim();
  const start = text.indexOf(secret);
  const where = { start, end: start + secret.length };
  if (rule.names === null) yield { match: "", secret: "", line: "", ...where };
  else if (rule.entropy === null || shannon(secret) > rule.entropy) {
    yield { match: secret, secret, line: `${name}=${text}`, ...where };
  }
}

/** Null when the secret is too plain, or not in the value. */
function foundIn(
  rule: OwnRule,
  pattern: RE2JS,
  form: ValueForm,
  { name, text }: { readonly name: string; readonly text: string },
  matchStart: number,
  matchEnd: number,
): RuleMatch | null {
  // As in gitleaks: the match without surrounding newlines is matched again by itself to get its groups.
  let [from, to] = [matchStart, matchEnd];
  while (from < to && form.text[from] === "\n") from++;
  while (to > from && form.text[to - 1] === "\n") to--;
  const match = form.text.slice(from, to);
  const [first, last] = secretIn(rule, pattern, match);
  const secret = match.slice(first, last);
  if (rule.entropy !== null && shannon(secret) <= rule.entropy) return null;
  const inText = (at: number): number => Math.min(Math.max(from + at - form.at, 0), text.length);
  const [start, end] = [inText(first), inText(last)];
  return start < end ? { match, secret, line: lineOf(form, name, from, to), start, end } : null;
}

function secretIn(rule: OwnRule, pattern: RE2JS, match: string): readonly [number, number] {
  const groups = pattern.groupCount();
  const matcher = pattern.matcher(match);
  if (groups === 0 || !matcher.find()) return [0, match.length];
  if (rule.secretGroup > 0) return [matcher.start(rule.secretGroup), matcher.end(rule.secretGroup)];
  for (let group = 1; group <= groups; group++) {
    if (matcher.end(group) > matcher.start(group)) return [matcher.start(group), matcher.end(group)];
  }
  return [0, match.length];
}

/** The lines that the match is on; the first line of a value always with its name. */
function lineOf({ text, at }: ValueForm, name: string, start: number, end: number): string {
  const before = start === 0 ? 0 : text.lastIndexOf("\n", start - 1) + 1;
  const after = text.indexOf("\n", end);
  const line = text.slice(before, after < 0 ? text.length : after);
  return at === 0 && before === 0 && name !== "" ? `${name}=${line}` : line;
}

/** A rule called generic gives way to one that knows better and holds all of its secret. */
function withoutGeneric(hits: readonly { readonly hit: OwnHit; readonly found: RuleMatch }[]): readonly OwnHit[] {
  const generic = ({ rule }: OwnHit): boolean => /generic/i.test(rule.id);
  // Of a file that only its path gives away no secret is known.
  const better = hits.filter(({ hit, found }) => hit.kind === "secret" && !generic(hit) && found.secret !== "");
  return hits
    .filter(({ hit, found }) => {
      if (hit.kind !== "secret" || !generic(hit)) return true;
      return !better.some((other) => holds(other.found, found));
    })
    .map(({ hit }) => hit);
}

/** Where it stands, or, as with gitleaks, in another place of the line. */
function holds(better: RuleMatch, { start, end, line, secret }: RuleMatch): boolean {
  if (better.start <= start && end <= better.end) return true;
  return better.line === line && better.secret.includes(secret);
}
