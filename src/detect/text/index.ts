/*
 * Secrets in running text, such as files and logs, line by line. Names come from assignments in the text, so that the
 * same rules judge them.
 */
import { decideIn } from "../classify.ts";
import { looksRandom } from "../entropy.ts";
import { isEvidence, stronger, type Evidence } from "../evidence.ts";
import type { Rule } from "../rules/rule.ts";
import { matches } from "../tokens.ts";
import { assignment, latin1Text } from "./assignment.ts";
import { findKeywords } from "./find.ts";
import type { TextForm } from "../../contract/detector.ts";
import { isTest, kindOf } from "./kind.ts";
import { inKeystore, inKnownFile } from "./known.ts";
import { plausible, type Assigned } from "./plausible.ts";
import type { Watch } from "./watch.ts";

/** A secret in a text: what speaks for it, under which name, the literal that holds it and its bytes' places. */
export type TextHit = {
  readonly found: Evidence;
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly line: number;
  readonly value: string;
};

type PendingHit = Omit<TextHit, "line" | "value"> & { readonly value?: string };

const BEHIND = 2048;
const BEFORE = 256;
/** A private key is longer than any token. */
const KEY = 16_384;
const HITS = 5000;

/**
 * Every secret in a text of any kind: source, settings, prose. One pass over the bytes finds keywords; only around
 * them patterns run and assignments are read, so that the time is bounded by the length. Binary data gives nothing
 * unless it is read as such.
 */
export function inText(
  bytes: Uint8Array,
  path: string,
  off: ReadonlySet<string>,
  as: TextForm = "file",
): readonly TextHit[] {
  if (bytes.length < 8) return [];
  if (as === "binary") return withLines(bytes, best([...inBinary(bytes, off), ...inKeystore(bytes, path, off)], false));
  if (as === "file" && isBinary(bytes)) return [];
  const place = { path, kind: kindOf(path) };
  const seen = new Map<Rule, number>();
  const found: PendingHit[] = [];
  let quiet = 0; // an assignment that was read covers the keywords inside it
  findKeywords(bytes, (watch, at) => {
    if (found.length >= HITS) return;
    if (watch.kind === "token") {
      const rule = watch.rule as Rule;
      if (off.has(rule.id) || (seen.get(rule) ?? -1) > at) return;
      const hit = token(bytes, at, watch, rule);
      if (hit === null) return;
      seen.set(rule, hit.end);
      found.push(hit);
    } else {
      if (at < quiet) return;
      const hit = watch.kind === "url" ? url(bytes, at, place, off) : named(bytes, at, place, off);
      if (hit === null) return;
      quiet = hit.end;
      if (hit.found !== null) found.push(hit as PendingHit);
    }
  });
  found.push(...inKnownFile(bytes, path, off));
  return withLines(bytes, best(found, isTest(path)));
}

export function isBinary(bytes: Uint8Array): boolean {
  return bytes.subarray(0, 8000).includes(0);
}

/** Known tokens in printable runs, as strings(1) would show them. */
function inBinary(bytes: Uint8Array, off: ReadonlySet<string>): PendingHit[] {
  const found: PendingHit[] = [];
  findKeywords(bytes, ({ kind, rule, ...watch }, at) => {
    if (kind !== "token" || rule === null || off.has(rule.id) || found.length >= HITS) return;
    const hit = token(bytes, at, { kind, rule, ...watch }, rule);
    if (hit !== null && /^[\t\n\r -~]+$/.test(hit.found.part)) found.push(hit);
  });
  return found;
}

function token(bytes: Uint8Array, at: number, watch: Watch, rule: Rule): PendingHit | null {
  const from = Math.max(0, at - (watch.starts ? 1 : BEFORE));
  const window = latin1Text(bytes, from, Math.min(bytes.length, at + (rule.vendor === "PEM" ? KEY : BEHIND)));
  const evidence = matches(rule, window);
  if (evidence === null) return null;
  // Code that reads keys names their first line: a key goes on behind it.
  if (rule.vendor === "PEM" && !/[A-Za-z0-9+/=]{40}/.test(evidence.part)) return null;
  const start = from + window.indexOf(evidence.part);
  return { found: evidence, name: nameBefore(bytes, start), start, end: start + evidence.part.length };
}

/** The name that the value at `start` is assigned to, or an empty one. */
function nameBefore(bytes: Uint8Array, start: number): string {
  const before = latin1Text(bytes, Math.max(0, start - 120), start);
  return /([A-Za-z_][\w.-]{0,79})["'\]]{0,2}\s{0,4}(?::|=|=>|:=)\s{0,4}["'`]?$/.exec(before)?.[1] ?? "";
}

type PossibleHit = Omit<PendingHit, "found"> & { readonly found: Evidence | null };

type TextPlace = Pick<Assigned, "path" | "kind">;

function named(bytes: Uint8Array, at: number, place: TextPlace, off: ReadonlySet<string>): PossibleHit | null {
  const { kind } = place;
  const literal = assignment(bytes, at);
  if (literal === null) return null;
  const { name, from, start, end, quoted } = literal;
  // In code what stands without quotes is an expression; in prose only tokens count, which have a watch of their own.
  if (kind === "prose" || (kind === "code" && !quoted)) return null;
  const value = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("utf8");
  const outcome = decideIn(name, value, off);
  if (!isEvidence(outcome)) return { found: null, name, start, end };
  const around = { lead: before(bytes, from), tail: behind(bytes, quoted ? end + 1 : end) };
  const found = plausible(outcome, { name, value, quoted, ...around, ...place });
  return { found: found === null || kind === "settings" ? found : inCode(found, value), name, start, end };
}

/** A line as far as it matters. */
const LINE = 200;

function before(bytes: Uint8Array, at: number): string {
  const text = latin1Text(bytes, Math.max(0, at - LINE), at);
  return text.slice(text.lastIndexOf("\n") + 1);
}

function behind(bytes: Uint8Array, at: number): string {
  const text = Buffer.from(bytes.subarray(at, at + LINE)).toString("utf8");
  return text.split("\n", 1)[0] ?? "";
}

/** In code a weak literal under a secret's name is a label, a key of a map or a default as often as a password. */
function inCode(found: Evidence, value: string): Evidence {
  if (/^#[0-9a-f]{3,8}$/i.test(value)) return { ...found, score: 0 };
  if (!/^(?:password|secret|key|user-password|high-entropy|assignment|url-password)$/.test(found.rule)) return found;
  const strong =
    looksRandom(value, 16) ||
    (/\d/.test(value) && /[!@#$%^&*?+]/.test(value) && /[A-Za-z]/.test(value) && !/[\s(){}<>|\\]/.test(value));
  return { ...found, score: Math.min(found.score, strong ? 0.7 : 0.45) };
}

/** `scheme://user:password@host`: the text up to a space or quote is judged as a URL. */
function url(bytes: Uint8Array, at: number, place: TextPlace, off: ReadonlySet<string>): PossibleHit | null {
  const limit = Math.min(bytes.length, at + 512);
  let here = at + 3;
  let colon = false;
  for (; here < limit && bytes[here] !== 64; here++) {
    const byte = bytes[here] as number;
    if (byte <= 32 || byte === 34 || byte === 39 || byte === 47 || byte === 60 || byte === 62 || byte === 96)
      return null;
    if (byte === 58) colon = true;
  }
  if (!colon || bytes[here] !== 64) return null;
  let start = at;
  while (start > 0 && at - start < 32 && /[A-Za-z0-9+.-]/.test(String.fromCharCode(bytes[start - 1] as number)))
    start--;
  let end = here;
  while (end < limit && !/[\s"'`<>|)\]},;]/.test(String.fromCharCode(bytes[end] as number))) end++;
  const outcome = decideIn("url", latin1Text(bytes, start, end), off);
  const name = nameBefore(bytes, start) || "url";
  if (!isEvidence(outcome)) return { found: null, name, start, end };
  const around = { lead: before(bytes, start), tail: behind(bytes, end) };
  const found = plausible(outcome, { name, value: latin1Text(bytes, start, end), quoted: true, ...around, ...place });
  return { found: found === null || place.kind === "settings" ? found : inCode(found, found.part), name, start, end };
}

/** Of hits over the same bytes the strongest; all in the order of the text. */
function best(found: PendingHit[], test: boolean): PendingHit[] {
  found.sort((a, b) => a.start - b.start || b.end - a.end);
  const kept: PendingHit[] = [];
  for (const raw of found) {
    const hit =
      test && raw.found.score < 0.9 ? { ...raw, found: { ...raw.found, score: raw.found.score - 0.15 } } : raw;
    const last = kept.at(-1);
    if (last === undefined || hit.start >= last.end) kept.push(hit);
    else if (stronger(last.found, hit.found) === hit.found)
      kept[kept.length - 1] = { ...hit, start: Math.min(hit.start, last.start), end: Math.max(hit.end, last.end) };
  }
  return kept;
}

function withLines(bytes: Uint8Array, hits: readonly PendingHit[]): TextHit[] {
  let line = 1;
  let at = 0;
  return hits.map((hit) => {
    for (let next = bytes.indexOf(10, at); next >= 0 && next < hit.start; next = bytes.indexOf(10, at)) {
      line++;
      at = next + 1;
    }
    const { start, end } = hit;
    const value = hit.value ?? Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("utf8");
    return { ...hit, line, value };
  });
}
