/*
 * Secrets in running text, such as files and logs, line by line. Names come from assignments in the text, so that the
 * same rules apply.
 */
import { decideIn } from "../classify.ts";
import { isEvidence, stronger, type Evidence } from "../evidence.ts";
import type { Rule } from "../rules/rule.ts";
import { holds } from "../several.ts";
import { latin1Text, utf8Text } from "./assignment.ts";
import { commandHits, documentHits } from "./document-hits.ts";
import { callHits, lineHits } from "./hits.ts";
import type { TextContext } from "./literal-hits.ts";
import { HereDocuments } from "./here-documents.ts";
import { findKeywords } from "./find.ts";
import type { TextForm } from "../../contract/detector.ts";
import { kindOf, type TextKind } from "./kind.ts";
import { cleanTexts } from "./clean.ts";
import { cleanLines } from "./clean-lines.ts";
import { LineBounds } from "./line-bounds.ts";
import { languageOf, type Language } from "./language.ts";
import { inSecretManifests } from "./kubernetes-secret.ts";
import { inKeystore, inKnownFile } from "./known.ts";
import { MOST_LISTED } from "./listed.ts";
import { lineAround } from "./places.ts";
import { nameBefore, TokenSearch } from "./token-search.ts";
import { inKind, inTests, plausible } from "./plausible.ts";
import { RawStrings } from "./raw-strings.ts";
import { unescapedXml } from "./unescape.ts";
import { leaveOut } from "../unread.ts";
import type { Watch } from "./watch.ts";
import type { PendingHit, TextHit } from "./hit.ts";

/** Settings up to this size are read line by line: their values are secrets under names without a keyword too. */
const SMALL = 65_536;
const EVERY_LINE = new Set<Language>(["dotenv", "shell", "docker", "make", "yaml", "ini", "hcl", "groovy", "json"]);

/**
 * Every secret in a text of any kind: source, settings, prose. One pass over the bytes finds keywords; only around
 * them patterns run and assignments are read, so that the time is bounded by the length. Binary data gives nothing
 * unless it is read as such.
 */
export function inText(
  given: Uint8Array,
  path: string,
  off: ReadonlySet<string>,
  as: TextForm = "file",
  below: string = path,
): readonly TextHit[] {
  if (given.length < 8) return [];
  const bytes = Buffer.from(given.buffer, given.byteOffset, given.length);
  if (as === "binary") return withLines(bytes, best([...inBinary(bytes, off), ...inKeystore(bytes, path, off)]));
  if (as === "file" && isBinary(bytes)) return [];
  let kind: TextKind | undefined;
  const language = languageOf(path, bytes);
  const context: TextContext = {
    bytes,
    path,
    below,
    kind: () => (kind ??= kindOf(path, below, language)),
    language,
    off,
    bounds: new LineBounds(bytes),
    cleanLines: cleanLines(language, off),
    cleanNamed: cleanTexts("named", off),
    strings: new RawStrings(bytes, path),
    documents: new HereDocuments(bytes),
    isBeside: false,
  };
  const reader = new TextReader(context);
  findKeywords(bytes, (watch, at) => reader.readKeyword(watch, at));
  reader.readLines();
  const found = [...reader.found, ...commandHits(context), ...documentHits(context), ...inKnownFile(bytes, path, off)];
  found.push(...inSecretManifests(bytes, context.language, off));
  return found.length === 0
    ? []
    : withLines(bytes, best(found.map((hit) => ({ ...hit, found: inTests(hit.found, path, below, off) }))));
}

/** Collects the secrets around keywords, and where every line is read those of the others. */
class TextReader {
  readonly found: PendingHit[] = [];
  readonly #context: TextContext;
  readonly #tokens: TokenSearch;
  readonly #seen = new Map<Rule, number>();
  readonly #everyLine: boolean;
  #read = 0; // a line is read once, whatever keywords it has
  #quiet = 0;

  constructor(context: TextContext) {
    const { bytes, language } = context;
    this.#context = context;
    this.#tokens = new TokenSearch(bytes);
    this.#everyLine = bytes.length <= (language === "json" ? SMALL / 4 : SMALL) && EVERY_LINE.has(language);
  }

  readKeyword(watch: Watch, at: number): void {
    if (this.found.length >= MOST_LISTED) leaveOut("secrets");
    else if (watch.kind === "token") this.#readToken(watch, at);
    else if (watch.kind === "call") this.found.push(...callHits(this.#context, watch, at));
    else {
      if (watch.kind === "url" && at >= this.#quiet) this.#readUrl(at);
      if (at < this.#read || this.#everyLine) return;
      const line = lineHits(this.#context, at, watch.kind === "name" ? "name" : "keyword");
      this.#read = line.end;
      this.found.push(...line.hits);
    }
  }

  readLines(): void {
    const { length } = this.#context.bytes;
    for (let at = this.#everyLine ? 0 : length; at < length;) {
      if (this.found.length >= MOST_LISTED) return leaveOut("secrets");
      const line = lineHits(this.#context, at, "line");
      at = Math.max(line.end, at) + 1;
      this.found.push(...line.hits);
    }
  }

  #readToken(watch: Watch, at: number): void {
    const rule = watch.rule as Rule;
    const before = this.#seen.get(rule) ?? 0;
    if (this.#context.off.has(rule.id) || before > at) return;
    const hit = this.#tokens.near(at, watch, rule, before);
    if (hit === null) return;
    this.#seen.set(rule, hit.end);
    this.found.push(hit);
  }

  #readUrl(at: number): void {
    const hit = url(this.#context, at);
    if (hit === null) return;
    this.#quiet = hit.end;
    if (hit.found !== null) this.found.push(hit as PendingHit);
  }
}

export function isBinary(bytes: Uint8Array): boolean {
  return bytes.subarray(0, 8000).includes(0);
}

/** Known tokens in printable runs, as strings(1) would show them. */
function inBinary(bytes: Buffer, off: ReadonlySet<string>): PendingHit[] {
  const found: PendingHit[] = [];
  const seen = new Map<Rule, number>();
  const tokens = new TokenSearch(bytes);
  findKeywords(bytes, (watch, at) => {
    const { rule } = watch;
    if (watch.kind !== "token" || rule === null || off.has(rule.id)) return;
    if (found.length >= MOST_LISTED) return leaveOut("secrets");
    const hit = tokens.near(at, watch, rule, Math.min(at, seen.get(rule) ?? 0));
    if (hit !== null) seen.set(rule, hit.end);
    if (hit !== null && /^[\t\n\r -~]+$/.test(hit.found.part)) found.push(hit);
  });
  return found;
}

type PossibleHit = Omit<PendingHit, "found"> & { readonly found: Evidence | null };

/** `scheme://user:password@host`: the text up to a space or quote is classified as a URL. */
function url(context: TextContext, at: number): PossibleHit | null {
  const { bytes, path, below, language, off } = context;
  const sign = endOfLogin(bytes, at);
  if (sign === null) return null;
  let start = at;
  while (start > 0 && at - start < 32 && /[A-Za-z0-9+.-]/.test(String.fromCharCode(bytes[start - 1] as number)))
    start--;
  let end = sign;
  const limit = Math.min(bytes.length, at + LOGIN);
  while (end < limit && !/[\s"'`<>|)\]},;]/.test(String.fromCharCode(bytes[end] as number))) end++;
  const raw = latin1Text(bytes, start, end);
  const text =
    language === "xml"
      ? unescapedXml(raw)
      : raw.replaceAll(language === "yaml" || language === "make" ? "$$" : "\\$", "$");
  const outcome = decideIn("url", utf8Text(text), off);
  const assigned = { name: "url", value: text, quoted: true, ...lineAround(bytes, start, end), path, below };
  const likely = isEvidence(outcome) ? plausible(outcome, { ...assigned, kind: context.kind() }, off) : null;
  const found = likely === null ? null : inKind(likely, "", likely.part, context);
  return { found, name: nameBefore(bytes, start) || "url", start, end };
}

/** As much of an address is read. */
const LOGIN = 512;
/** Spaces, quotes, a slash and angle brackets, which no login has. */
const ENDS_LOGIN = new Uint8Array(256).fill(1, 0, 33);
for (const byte of [34, 39, 47, 60, 62, 96]) ENDS_LOGIN[byte] = 1;

/** Where the at sign stands behind `user:password` of the address whose `://` is at `at`; null without such a login. */
function endOfLogin(bytes: Uint8Array, at: number): number | null {
  const limit = Math.min(bytes.length, at + LOGIN);
  let colon = false;
  for (let here = at + 3; here <= limit; here++) {
    const byte = bytes[here] as number;
    if (byte === 64) return colon ? here : null;
    if (ENDS_LOGIN[byte] === 1) return null;
    colon ||= byte === 58;
  }
  return null;
}

/** Of hits on the same secret the strongest; all in the order of the text. */
function best(found: PendingHit[]): PendingHit[] {
  found.sort((a, b) => a.start - b.start || b.end - a.end);
  const kept: PendingHit[] = [];
  for (const hit of found) {
    const at = sameIn(kept, hit);
    const last = kept[at];
    if (last === undefined) kept.push(hit);
    else if (stronger(last.found, hit.found) === hit.found)
      kept[at] = {
        ...hit,
        name: hit.name || last.name,
        start: Math.min(hit.start, last.start),
        end: Math.max(hit.end, last.end),
      };
    else if (last.name === "" && hit.name !== "") kept[at] = { ...last, name: hit.name };
  }
  return kept;
}

/** The last hit near this one on the same secret; -1 for none. */
function sameIn(kept: readonly PendingHit[], hit: PendingHit): number {
  const first = Math.max(0, kept.length - NEAR);
  for (let at = kept.length - 1; at >= first; at--) if (overlaps(kept[at] as PendingHit, hit)) return at;
  return -1;
}

/** So many hits before one are compared with it: one value holds few secrets. */
const NEAR = 20;

/** Whether two hits are one secret: they share bytes, and one's secret is in the other's, as it stands or encoded. */
function overlaps(one: PendingHit, other: PendingHit): boolean {
  if (other.start >= one.end) return false;
  const [a, b] = [bare(one.found.part), bare(other.found.part)];
  return holds(a, b) || holds(b, a);
}

/** Without line ends, escaped or real. */
function bare(part: string): string {
  return part.replace(/\\{1,4}[nrt]|\s|\\/g, "");
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
