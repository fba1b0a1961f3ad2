import { decideIn } from "../classify.ts";
import { looksRandom } from "../entropy.ts";
import { isEvidence, MEDIUM, type Judge } from "../evidence.ts";
import { humanPassword } from "../names/passwordish.ts";
import { byDirective } from "../structure/directives.ts";
import { byFormat, spaced } from "../structure/line-formats.ts";
import { latin1Text, utf8Text, type NamedLiteral } from "./assignment.ts";
import { belowName } from "./below-name.ts";
import { CALL, handedOverIn, statedIn, takenBy, type Argument } from "./calls.ts";
import { elementsBeside, elementsIn, mayNameElement } from "./elements.ts";
import { canAssign, maySet, QUOTES_ONLY, signAfter } from "./gate.ts";
import { headOf, wordsOf } from "./heads.ts";
import { fallbackOf } from "./inner-names.ts";
import type { Language } from "./language.ts";
import { decided, judged, type TextContext } from "./literal-hits.ts";
import { literalsIn } from "./literals.ts";
import { listedInBraces, mayOpenMap, valueInBraces, type ListedPassword } from "./maps.ts";
import { defaultOf, isHalfOfPair, pairIn } from "./pairs.ts";
import { placeOf } from "./places.ts";
import { inKind } from "./plausible.ts";
import { innerLanguage, isSetting } from "./raw-strings.ts";
import { inSentence } from "./said.ts";
import type { Watch } from "./watch.ts";
import type { PendingHit } from "./hit.ts";

const LONGEST = 8192;
/** Of a line that is longer, so much around the keyword. */
const [BEFORE, BEHIND] = [400, 1600];
/** So much before and behind a line is read when the line alone is half of a pair. */
const AROUND = 800;
const QUOTED = 16_384;

/**
 * The secrets that the line around `at` gives a name; `by`: what stands there, a keyword in a name or another, or `line` if
 * every line is read. `end` is where the line, or what was read of it, ends.
 */
export function lineHits(
  context: TextContext,
  at: number,
  by: "name" | "keyword" | "line",
): { readonly hits: PendingHit[]; readonly end: number } {
  const { bytes, language } = context;
  const quotesOnly = QUOTES_ONLY.has(language);
  const sign = by === "name" && quotesOnly ? signAfter(bytes, at, language) : at;
  if (sign < 0) return { hits: [], end: at };
  const { from, to, end } = readableAround(context, at);
  if (!canAssign(bytes, sign, to, language)) {
    const hits = quotesOnly && maySet(bytes, sign, to) ? inString(context, from, to) : [];
    // The next keyword on it may have the quote behind its sign.
    return { hits, end: quotesOnly && hits.length === 0 && by !== "line" ? at : end };
  }
  // In a file that a script writes the same line may say more.
  const isWritten = language === "shell" && context.documents.holds(from);
  if (!isWritten && context.cleanLines.has(bytes, from, to)) return { hits: [], end };
  context.isBeside = false;
  const hits = hitsIn(latin1Text(bytes, from, to), from, context);
  if (hits.length === 0 && !context.isBeside) context.cleanLines.add(bytes, from, to);
  return { hits, end };
}

/** The line around `at`, or as much of a long one as is read at once, and where reading continues. */
function readableAround(context: TextContext, at: number): { from: number; to: number; end: number } {
  const [first, last] = context.bounds.around(at);
  if (last - first <= LONGEST) return { from: first, to: last, end: last };
  const to = Math.min(last, at + BEHIND);
  return { from: Math.max(first, at - BEFORE), to, end: to < last ? Math.max(at + 1, to - BEFORE) : to };
}

function hitsIn(line: string, from: number, context: TextContext): PendingHit[] {
  const { language } = context;
  const hits: PendingHit[] = [];
  for (const one of assignmentsOf(line, context, from)) hits.push(...ofUser(one, judged(one, from, context)));
  if (language === "code") for (const one of handedOverIn(line)) hits.push(...taken(one, from, context));
  if (hits.length === 0) hits.push(...anywhere(line, from, context));
  if (hits.length > 0) return hits;
  if (language === "prose") return inSentence(line, from, context);
  return language === "ini" ? byLineFormat(line, from, context) : hits;
}

/** What a line without quotes gives a name in a string of several lines: a file of settings that code writes. */
function inString(context: TextContext, from: number, to: number): PendingHit[] {
  const line = latin1Text(context.bytes, from, to);
  if (!isSetting(line)) return [];
  const language = innerLanguage(line);
  const one = headOf(line, language);
  // The strings of a file are only looked for where a line would say something.
  if (one === null || decided(one, { ...context, language }) === null) return [];
  const string = context.strings.holding(from, to);
  if (string === null) return [];
  const own = context.kind();
  const kind = own === "code" && context.strings.isSettingsFile(string) ? "settings" : own;
  return judged(one, from, { ...context, language, kind: () => kind });
}

/** `name = value` or `name: value` anywhere on a line. */
const PAIR =
  /(?:^|[^\w$./-])([A-Za-z_][\w.-]{2,79})["'\]]{0,2}\s{0,2}(?:=>|[:=])\s{0,2}(?:"([^"\n]{8,400})"|'([^'\n]{8,400})'|([^\s"'`,;<>(){}&]{8,400}))/g;

const [RANDOM, HUMAN] = [12, 8];

/** Whether a run of characters behind a sign is as long as what counts there: most lines show at once that none is. */
function maySayInPassing(line: string): boolean {
  const colon = line.indexOf(":");
  const equals = line.indexOf("=");
  let at = colon < 0 || (equals >= 0 && equals < colon) ? equals : colon;
  if (at < 0) return false;
  const least = /pass|pwd|secret/i.test(line) ? HUMAN : RANDOM;
  for (let run = 0; at < line.length; at++) {
    const code = line.charCodeAt(at);
    if (code <= 32) run = 0;
    else if (++run >= least) return true;
  }
  return false;
}

/** What a line of settings or prose says in passing, when the value looks like a secret by itself: `curl …?token=…`. */
function anywhere(line: string, from: number, context: TextContext): PendingHit[] {
  if (context.language === "code" || line.length > 2000 || !maySayInPassing(line)) return [];
  const hits: PendingHit[] = [];
  PAIR.lastIndex = 0;
  for (let match = PAIR.exec(line); match !== null; match = PAIR.exec(line)) {
    const [whole, name = "", double, single, bare] = match;
    const value = double ?? single ?? bare ?? "";
    if (!looksRandom(value, RANDOM) && !(/pass|pwd|secret/i.test(name) && humanPassword(value))) continue;
    const start = match.index + whole.lastIndexOf(value);
    // `key: cache-v11-${{ matrix.os }}`: a template continues it.
    if (value.endsWith("$") && line.charAt(start + value.length) === "{") continue;
    const quoted = double !== undefined || single !== undefined;
    hits.push(...judged({ name, start, end: start + value.length, value, quoted }, from, context));
  }
  return hits;
}

/** What the call that begins at `at` takes as a secret, known by its place among the arguments. */
export function callHits(context: TextContext, { bytes: callee, takers }: Watch, at: number): PendingHit[] {
  const { bytes, language } = context;
  if (language !== "code" && language !== "groovy") return [];
  const from = Math.max(0, at - CALLEE);
  const end = at + callee.length;
  const one = takenBy(takers, latin1Text(bytes, from, Math.min(bytes.length, end + CALL)), end - from);
  return one === null ? [] : taken(one, from, context);
}

const CALLEE = 60;

function taken({ callee, ...one }: Argument, from: number, context: TextContext): PendingHit[] {
  const hits = judged(one, from, context);
  if (callee === "") return hits;
  const what = one.name === "password" ? "password" : "secret";
  return hits.map((hit) => ({
    ...hit,
    name: callee,
    found: { ...hit.found, why: [`the ${what} that ${callee} takes`] },
  }));
}

/** What a list of users has is called by the user. */
function ofUser(one: NamedLiteral | ListedPassword, hits: PendingHit[]): PendingHit[] {
  if (!("user" in one)) return hits;
  return hits.map((hit) => ({
    ...hit,
    name: one.user,
    found: { ...hit.found, why: ["the password in a list of users"] },
  }));
}

/** What the line that begins at `from` gives names; places are the line's. */
function* assignmentsOf(own: string, context: TextContext, from: number): Generator<NamedLiteral | ListedPassword> {
  const { bytes, language } = context;
  for (const read of AROUND_LINE[language] ?? [])
    yield* read(own, language, (before, behind) => {
      context.isBeside = true;
      const first = Math.max(0, from - before);
      const text = latin1Text(bytes, first, Math.min(bytes.length, from + own.length + behind));
      return { text, from: from - first, to: from - first + own.length };
    });
  const head = headIn(own, context, from);
  if (head !== null) yield language === "yaml" || language === "ini" ? fallbackOf(head) : head;
  if (language === "docker" || language === "shell") yield* wordsOf(own, language);
  // A recipe's lines are commands.
  if (language === "make" && own.startsWith("\t")) return;
  for (const one of literalsIn(own, language)) if (head === null || !covers(head, one)) yield one;
}

/** The name that the line begins with, and its value. */
function headIn(own: string, context: TextContext, from: number): NamedLiteral | null {
  const { bytes, language } = context;
  const isWritten = language === "shell" && /[=:]/.test(own) && context.documents.holds(from);
  if (isWritten) context.isBeside = true;
  const head = headOf(own, isWritten ? "ini" : language);
  if (head !== null) return head;
  // A quoted value may continue over several lines.
  if ((language === "dotenv" || language === "shell") && /=["']/.test(own)) {
    context.isBeside = true;
    return headOf(latin1Text(bytes, from, Math.min(bytes.length, from + QUOTED)), language);
  }
  return language === "code" || language === "groovy" ? statedIn(own) : null;
}

/** Reads so much of what stands before and behind the line, with the line's place in it. */
type ReadAround = (
  before: number,
  behind: number,
) => { readonly text: string; readonly from: number; readonly to: number };

/** Readers of what a line says together with those around it. */
type AroundLine = (own: string, language: Language, around: ReadAround) => Iterable<NamedLiteral | ListedPassword>;

function* inElements(own: string, _language: Language, around: ReadAround): ReturnType<typeof assignmentsOf> {
  yield* elementsIn(own);
  if (mayNameElement(own)) yield* elementsBeside(around(0, AROUND).text);
}

function* belowLine(own: string, _language: Language, around: ReadAround): ReturnType<typeof assignmentsOf> {
  const from = own.length + 1;
  for (const one of belowName(own, () => around(0, AROUND + 1).text.slice(from)))
    yield { ...one, start: one.start + from, end: one.end + from };
}

function* inMap(own: string, _language: Language, around: ReadAround): ReturnType<typeof assignmentsOf> {
  if (!mayOpenMap(own)) return;
  const { text } = around(0, AROUND);
  yield* listedInBraces(text, own);
  const value = valueInBraces(text, own);
  if (value !== null) yield value;
}

function* inPair(own: string, language: Language, around: ReadAround): ReturnType<typeof assignmentsOf> {
  if (!isHalfOfPair(own, language)) return;
  const line = around(AROUND, AROUND);
  for (const pair of [pairIn(line, language), language === "hcl" ? defaultOf(line) : null])
    if (pair !== null) yield { ...pair, start: pair.start - line.from, end: pair.end - line.from };
}

const AROUND_LINE: { readonly [language in Language]?: readonly AroundLine[] } = {
  xml: [inElements],
  yaml: [belowLine, inMap, inPair],
  json: [inMap, inPair],
  hcl: [inMap, inPair],
  groovy: [inMap, inPair],
  code: [inMap, inPair],
  ini: [inPair],
};

/** What a line's own name says of all of its value, a name inside says again. */
function covers(head: NamedLiteral, { start, end }: NamedLiteral): boolean {
  return start >= head.start - 1 && end <= head.end + 1;
}

/** `requirepass X`, a line of HAProxy's users: a settings file that puts a space between name and value. */
function byLineFormat(line: string, from: number, context: TextContext): PendingHit[] {
  const { bytes, off } = context;
  const judge: Judge = (name, value, step) => {
    const outcome = decideIn(name, value, off);
    return isEvidence(outcome) && outcome.score >= MEDIUM ? { ...outcome, via: [step, ...(outcome.via ?? [])] } : null;
  };
  const text = utf8Text(line);
  const found = byFormat(text, judge) ?? spaced(text, judge) ?? byDirective(text, judge);
  if (found === null) return [];
  const name = /^\s{0,40}([A-Za-z][\w.-]{1,60})/.exec(text)?.[1] ?? "";
  return [
    {
      found: inKind(found, name, found.part, context),
      name,
      ...placeOf(found, bytes, from, from + line.length),
    },
  ];
}
