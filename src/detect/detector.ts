import type { Detector, ClassifyInput, Spotted, TextForm, Unread } from "../contract/detector.ts";
import { withoutInvisible } from "../kit/text/escape.ts";
import type { Severity, Verdict } from "../model/finding.ts";
import { Secret } from "../model/secret.ts";
import { inBytes, inValue } from "./allowed.ts";
import { decide } from "./classify.ts";
import { others } from "./several.ts";
import { dismissalById } from "./dismissals/index.ts";
import { DismissedCache, type IsCachedValue } from "./dismissed.ts";
import { placeText, weigh } from "./context.ts";
import { confidenceOf, isEvidence, LOW, type Evidence, type EvidenceOutcome } from "./evidence.ts";
import { shownName } from "./names/in-name.ts";
import { mask } from "./mask.ts";
import type { OwnRules, SecretHit } from "./own/index.ts";
import { locate } from "./part.ts";
import type { Cleared } from "./cleared.ts";
import { classifiedText } from "./text-of.ts";
import { inText, isBinary } from "./text/index.ts";
import { fromUtf16 } from "./text/utf16.ts";
import { unless } from "./unless.ts";
import { reading } from "./unread.ts";
import { quotesNothing } from "./why.ts";
import type { TextHit } from "./text/hit.ts";

/** What people tune: see `rules`, `stopWords` in the configuration. */
export type DetectSettings = {
  /** Built-in rules that do not count, by id. */
  readonly off: ReadonlySet<string>;
  /** The same of the team's own: one that replaces a built-in rule has its id, and counts. */
  readonly ownOff: ReadonlySet<string>;
  readonly severity: ReadonlyMap<string, Severity>;
  /** A secret that holds one of these (any case) is none. */
  readonly stopWords: readonly string[];
  /** The team's own rules, and those of gitleaks-style files; null when there are none. */
  readonly own: OwnRules | null;
};

/** A detector that remembers what it dismissed. Who has many values asks it before anything is made of one. */
export type CachingDetector = Detector & { readonly known: IsCachedValue };

export const PLAIN: DetectSettings = {
  off: new Set(),
  ownOff: new Set(),
  severity: new Map(),
  stopWords: [],
  own: null,
};

const NOTHING: Verdict = { secret: false, rule: null, score: 0, confidence: "high", why: [] };

/**
 * A detector for these settings. Keeps the last outcome, since `mask` and `part` ask about what was just classified.
 * `remembers` false: whoever asks has left out what was dismissed before.
 */
export function createDetector(settings: DetectSettings = PLAIN, remembers = true): CachingDetector {
  let last: (JudgedValue & { readonly question: ClassifyInput }) | null = null;
  const judgedOf = (question: ClassifyInput): JudgedValue => {
    if (last?.question === question) return last;
    const { result: outcome, unread } = reading(() => decided(asRead(question), settings));
    last = { question, outcome, unread };
    return last;
  };
  const outcomeOf = (question: ClassifyInput): EvidenceOutcome => judgedOf(question).outcome;
  const caches = remembers && settings.own?.asksPath !== true;
  const cleared = caches ? new DismissedCache(settings.own === null) : null;
  return {
    classify: (question) => {
      const before = cleared?.get(question);
      if (before !== undefined) return before;
      const { outcome, unread } = judgedOf(question);
      const verdict = verdictOf(outcome, asRead(question), settings);
      if (!verdict.secret && verdict.suppressedBy === undefined && unread.length === 0) cleared?.add(question, verdict);
      return verdict;
    },
    known: (where, entry, value) => cleared?.has(where, entry, value) === true,
    name: shownName,
    mask: (question) => mask(question, outcomeOf(question)),
    part: (question) => {
      const outcome = outcomeOf(question);
      return isEvidence(outcome) ? Secret.of(outcome.part) : null;
    },
    more: (question) => {
      const first = outcomeOf(question);
      // Of a value that is one secret there is no rest.
      if (!isEvidence(first) || first.part === classifiedText(question.value).trim()) return [];
      return others(first, (found) => decide(asRead(question), settings.off, found)).flatMap((found) => {
        const outcome = suppressed(found, settings, settings.off);
        const verdict = verdictOf(outcome, asRead(question), settings);
        return verdict.secret ? { verdict, masked: mask(question, outcome), part: Secret.of(found.part) } : [];
      });
    },
    unread: (question) => (last?.question === question ? last.unread : []),
    text: (bytes, path, as, below) => {
      const text = as === "text" ? null : fromUtf16(bytes);
      const { result: spotted, unread } = reading(() =>
        text === null ? spottedIn(bytes, path, settings, as, below) : spottedIn(text, path, settings, "text", below),
      );
      return { spotted, unread };
    },
  };
}

/** The question with the name that people see: `API_TOKEN` stays one with a character in it that has no glyph. */
function asRead(question: ClassifyInput): ClassifyInput {
  const name = withoutInvisible(question.name);
  return name === question.name ? question : { ...question, name };
}

type JudgedValue = { readonly outcome: EvidenceOutcome; readonly unread: readonly Unread[] };

/** The built-in outcome, then what the settings say of it. */
function decided(question: ClassifyInput, settings: DetectSettings): EvidenceOutcome {
  const found = decide(question, settings.off);
  if (settings === PLAIN) return found;
  if (settings.own === null) return suppressed(found, settings, settings.off);
  const { name, path = "" } = question;
  const text = classifiedText(question.value);
  const builtIn = inValue(found, settings.own, name, text, path);
  let best: Evidence | null = isEvidence(builtIn) ? builtIn : null;
  let allowed: EvidenceOutcome = null;
  let { off } = settings;
  for (const hit of settings.own.find({ name, text, path })) {
    if (hit.kind === "allowed")
      allowed = { rule: hit.rule.id, why: "is allowed", suppressedBy: `allowlist: ${hit.by}` };
    // At a tie the team's own rule counts.
    else if (best === null || best.score <= SCORES[hit.rule.confidence]) {
      best = ofOwn(hit, text);
      off = settings.ownOff;
    }
  }
  return suppressed(best ?? allowed ?? builtIn, settings, off);
}

/** A finding that a setting hides, with the setting. */
function suppressed(found: EvidenceOutcome, { stopWords }: DetectSettings, off: ReadonlySet<string>): EvidenceOutcome {
  if (!isEvidence(found)) return found;
  const { rule } = found;
  if (off.has(rule)) return { rule, why: "this rule is off", suppressedBy: `rule ${rule} is off` };
  const lower = stopWords.length > 0 ? found.part.toLowerCase() : "";
  const stop = stopWords.find((word) => lower.includes(word));
  return stop === undefined
    ? found
    : { rule, why: "holds a stop word", suppressedBy: `stop word ${JSON.stringify(stop)}` };
}

function ofOwn({ rule, start, end }: SecretHit, text: string): Evidence {
  const why = [`${rule.source}: ${rule.description}`];
  return { rule: rule.id, score: SCORES[rule.confidence], severity: rule.severity, why, part: text.slice(start, end) };
}

/** Secrets in a text, by the built-in rules and the team's own. */
function spottedIn(
  bytes: Uint8Array,
  path: string,
  settings: DetectSettings,
  as: TextForm = "file",
  below: string = path,
): Spotted[] {
  const { own } = settings;
  const hits: (TextHit & { readonly outcome: EvidenceOutcome })[] = inText(bytes, path, settings.off, as, below).map(
    (hit) => ({
      ...hit,
      outcome: suppressed(own === null ? hit.found : inBytes(hit, own, bytes, path), settings, settings.off),
    }),
  );
  if (own !== null) {
    // Of binary data the beginning is enough to tell a file by its path.
    const length = as === "file" && isBinary(bytes) ? Math.min(bytes.length, HEAD) : bytes.length;
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, length).toString("utf8");
    let [line, counted] = [1, 0];
    const builtIn = new Map(hits.map((hit, at) => [hit.found.part, at]));
    for (const hit of own.findInText(text, path).toSorted((one, other) => one.start - other.start)) {
      for (let at = text.indexOf("\n", counted); at >= 0 && at < hit.start; at = text.indexOf("\n", at + 1)) line++;
      counted = hit.start;
      if (as === "binary" && !/^[\t\n\r -~]+$/.test(text.slice(hit.start, hit.end))) continue;
      const found = ofOwn(hit, text);
      // One secret, one finding: the stronger, and at a tie the team's own rule.
      const same = builtIn.get(found.part);
      const twin = same === undefined || hits[same]?.start !== hit.start ? undefined : hits[same];
      if (twin !== undefined && isEvidence(twin.outcome)) {
        if (twin.outcome.score > found.score) continue;
        hits[same as number] = { ...twin, outcome: null };
      }
      hits.push({
        found,
        outcome: suppressed(found, settings, settings.ownOff),
        name: "",
        start: hit.start,
        end: hit.end,
        line,
        value: text.slice(hit.start, hit.end),
      });
    }
  }
  return hits.flatMap(({ found, outcome, name, line, value }) => {
    const question = { name, where: "file", value: Secret.of(value), path } as const;
    const verdict = verdictOf(outcome, question, settings);
    if (!verdict.secret && verdict.suppressedBy === undefined) return [];
    return {
      name: shownName(name),
      line,
      value: question.value,
      part: Secret.of(found.part),
      verdict,
      masked: mask(question, found),
    };
  });
}

const HEAD = 1_048_576;

const SCORES = { low: 0.5, medium: 0.8, high: 0.96 } as const;

function verdictOf(outcome: EvidenceOutcome, question: ClassifyInput, settings: DetectSettings): Verdict {
  if (outcome === null) return NOTHING;
  if (!isEvidence(outcome)) return clearedVerdict(outcome);
  const score = Math.round(weigh(outcome.score, question.where) * 100) / 100;
  if (score < LOW) return NOTHING;
  const place = placeText(question.where);
  const via = (outcome.via ?? []).filter((step, at, steps) => step !== steps[at - 1]);
  const why = outcome.why.filter((line) =>
    isToldBy(line, [question.name, ...via.filter((step) => !BY_PROGRAM.test(step))].join(" ")),
  );
  const said = via.length === 0 ? why : [via.join(" → "), ...why];
  return {
    secret: true,
    rule: outcome.rule,
    score,
    confidence: confidenceOf(score),
    severity: settings.severity.get(outcome.rule) ?? outcome.severity,
    why: quotesNothing([...said, ...doubtOf(outcome), ...(place === null ? [] : [place])], outcome),
    unless: unless(outcome, question),
    part: locate(outcome, question),
  };
}

/** Why the finding is not to be sure of, with the row that `rules show` explains. */
function doubtOf({ doubt }: Evidence): readonly string[] {
  const row = doubt === undefined ? null : dismissalById(doubt);
  return row === null ? [] : [`doubtful: ${row.why} (${row.id})`];
}

/** Says what a program takes, and not by a name. */
const BY_PROGRAM = /^the [\w ]{3,30} that [\w.-]{1,60} takes$/;

/** `name says PASSWORD` is said only of a name that does, not of one that a command's flag stands for. */
function isToldBy(line: string, names: string): boolean {
  const word = /^name says (\w+)$/.exec(line)?.[1];
  return word === undefined || names.toLowerCase().includes(word.toLowerCase());
}

type Dismissed = Extract<Verdict, { readonly secret: false }>;

const clearedVerdicts = new Map<string, Dismissed>();

/** Dismissed verdicts have the same words each time, so there is one object for each. */
function clearedVerdict({ rule, why, suppressedBy, partly }: Cleared): Verdict {
  const known = clearedVerdicts.get(why);
  if (known?.rule === rule && known.suppressedBy === suppressedBy) return known;
  const verdict: Dismissed = {
    secret: false,
    rule,
    score: 0,
    confidence: partly === true ? "low" : "high",
    why: [why],
    ...(suppressedBy === undefined ? {} : { suppressedBy }),
  };
  if (clearedVerdicts.size < 1000) clearedVerdicts.set(why, verdict);
  return verdict;
}
