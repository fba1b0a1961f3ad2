import { withoutInvisible } from "../../kit/text/escape.ts";
import { looksRandom, wordiness } from "../entropy.ts";
import { isEvidence, MEDIUM, type Evidence, type Judge } from "../evidence.ts";
import { HIDDEN_NAME } from "../../model/candidate.ts";
import { knownToken } from "../tokens.ts";
import { inUrls } from "../structure/url.ts";

/** Names in which no rule of any found something. */
const clean = new Set<string>();
const shown = new Map<string, string>();

/**
 * The secret that stands in the name itself: a URL that was pasted where `NAME=` belongs is cut at its first `=`, and a
 * label's key can be a token. Null when there is none.
 */
export function inName(name: string, judge: Judge, off: ReadonlySet<string>): Evidence | null {
  if (name.length < 8 || /^[A-Za-z_]{1,64}$/.test(name) || clean.has(name)) return null;
  const text = name.slice(0, 8192);
  const token = knownToken(text, off);
  const found =
    isEvidence(token) && token.score >= MEDIUM ? token : text.includes("://") ? inUrls(text, judge, false) : null;
  if (found !== null) return { ...found, via: ["name", ...(found.via ?? [])] };
  if (off.size === 0 && name.length < 256) {
    if (clean.size >= 20_000) clean.clear();
    clean.add(name);
  }
  return null;
}

/** A variable's, label's or setting's name as it may be shown: `…` unless it reads like one. */
export function shownName(name: string): string {
  const known = shown.get(name);
  if (known !== undefined) return known;
  const told = readsLikeName(withoutInvisible(name)) ? name : HIDDEN_NAME;
  if (shown.size >= 20_000) shown.clear();
  shown.set(name, told);
  return told;
}

/** A part of a value (a URL's user, a key of a document) as it may be shown: `…` when a word of it may be more than a word. */
export function shownWords(text: string): string {
  const plain = text.split(/[./:_-]/).every((word) => {
    if (word.length < 8) return true;
    if (/\d/.test(word) && !/^[A-Za-z]{2,20}\d{1,4}$/.test(word)) return !looksRandom(word, 8);
    return (wordiness(word) ?? 9) >= (word.length < 12 ? 5 : 5.8);
  });
  return plain && readsLikeName(text) ? text : HIDDEN_NAME;
}

/** True for short words and their usual marks; false for logins, known tokens and runs that look random. */
function readsLikeName(name: string): boolean {
  if (/^[A-Z]{1,12}(?:_[A-Z]{1,12}){0,12}$/.test(name)) return true;
  if (name.length > 200 || (name.includes(":") && name.includes("@")) || /["'\n=]/.test(name)) return false;
  for (const [run] of name.matchAll(/[A-Za-z0-9+]{12,}/g))
    if (looksRandom(run, 12) && !(VARIABLE.test(name) && NAMING.test(run))) return false;
  const token = knownToken(name, NONE);
  return !isEvidence(token) || token.score < MEDIUM;
}

const VARIABLE = /^[A-Z][A-Z0-9_]*$/;
/** A value that was pasted where a name belongs ends in no such word: `JWTBASE64HS256SECRET` does. */
const NAMING = /(?:SECRET|PASSWORD|PASSWD|PASSPHRASE|TOKEN|APIKEY|CREDENTIALS?)(?:FILE|ID)?$/;

const NONE: ReadonlySet<string> = new Set();
