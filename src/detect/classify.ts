import type { ClassifyInput } from "../contract/detector.ts";
import type { Where } from "../model/location.ts";
import { anywhereInText, basicLogin, inCommand } from "./commands/command.ts";
import { behindLead } from "./commands/lead.ts";
import { isCommand } from "./context.ts";
import { peel } from "./structure/decode.ts";
import { byEntropy, cleanJson, generic, takesOptions, urlSettings } from "./parts.ts";
import { unlessExample, withoutTexts } from "./structure/documentation.ts";
import { looksRandom } from "./entropy.ts";
import { HIGH, isEvidence, MEDIUM, stronger, type Evidence, type Judge, type EvidenceOutcome } from "./evidence.ts";
import { inName } from "./names/in-name.ts";
import { byName, listOfLogins, mnemonic } from "./names/named.ts";
import { readName, type NameInfo } from "./names/names.ts";
import { fallbackOf, FILLED, gluedTo, reference, withoutReferences } from "./reference.ts";
import { ciphertext, emptiness, placeholder, plain } from "./shape.ts";
import { byFormat, unquote } from "./structure/line-formats.ts";
import { inAssignments, inJson } from "./structure/structure.ts";
import { classifiedText } from "./text-of.ts";
import { knownToken, vendorKey } from "./tokens.ts";
import { leaveOut } from "./unread.ts";
import { inUrls } from "./structure/url.ts";

const DEEPEST = 5;
/** A value has this many inner values at least, and one for so many of its characters. */
const [JUDGEMENTS, OF_ONE] = [6000, 4];
const MOST_IN_TEXT = 400;

const FIELDS = /^[A-Za-z]{1,30}=[A-Za-z_]{0,30}(?:,[A-Za-z]{1,30}=[A-Za-z_]{0,30}){0,20}$/;

/**
 * How much may still be spent on one value, whatever it holds, the rules that do not count, and the secrets in it that
 * were found before.
 */
type ClassifyBudget = { left: number; readonly off: ReadonlySet<string>; readonly found: ReadonlySet<string> };

const NONE: ReadonlySet<string> = new Set();
/** What stands in place of a secret that was found before: a reference, which every form of text can hold. */
const INSTEAD = "${X}";

/**
 * What name, place and value say together; bounded time for any input. Rules in `off` are passed over, and so are the
 * secrets in `found`.
 */
export function decide(
  question: ClassifyInput,
  off: ReadonlySet<string>,
  found: ReadonlySet<string> = NONE,
): EvidenceOutcome {
  const text = classifiedText(question.value);
  const ask: ClassifyBudget = { left: Math.max(JUDGEMENTS, text.length / OF_ONE), off, found };
  const inner: Judge = (name, value, step) => within(name, value, step, 1, ask);
  if (!isCommand(question.where)) {
    const outcome = judge(question.name, text, 0, ask);
    // What is asked again of a value is asked of no name: it would remember that this one holds nothing.
    if (!isEvidence(outcome)) return (found.size > 0 ? null : inName(question.name, inner, off)) ?? outcome;
    return question.where === "label" || question.where === "annotation"
      ? unlessExample(question.name, outcome)
      : outcome;
  }
  const alone = emptiness(text.trim(), off) ?? command(text, question.where, inner, ask) ?? null;
  const { lead } = question;
  return lead === undefined
    ? alone
    : (behindLead(withoutFound(lead, found), withoutFound(text, found), alone, inner) ?? alone);
}

/** The same for a literal that a text assigns to a name. */
export function decideIn(
  name: string,
  text: string,
  off: ReadonlySet<string>,
  found: ReadonlySet<string> = NONE,
): EvidenceOutcome {
  return judge(name, text, 0, { left: judgementsFor(text), off, found });
}

/** The same for a command in a text. */
export function decideCommand(
  text: string,
  off: ReadonlySet<string>,
  found: ReadonlySet<string> = NONE,
): Evidence | null {
  const ask: ClassifyBudget = { left: judgementsFor(text), off, found };
  return command(text, "cmd", (name, value, step) => within(name, value, step, 1, ask), ask);
}

/** Texts have many values: each may cost what it is long, whatever is packed into it. */
function judgementsFor({ length }: string): number {
  return Math.min(MOST_IN_TEXT, 32 + length / 2);
}

function withoutFound(text: string, found: ReadonlySet<string>): string {
  let rest = text;
  for (const part of found) if (part.length >= 3) rest = rest.replaceAll(part, INSTEAD);
  return rest;
}

/** A secret on a command line, or a known token anywhere in it. */
function command(
  whole: string,
  where: Where,
  inner: Judge,
  ask: ClassifyBudget,
  hints: readonly string[] = [],
): Evidence | null {
  const text = ask.found.size === 0 ? whole : withoutFound(whole, ask.found);
  const token = knownToken(text, ask.off);
  const likely = isEvidence(token) && token.score >= MEDIUM ? token : null;
  return stronger(inCommand(where === "history" ? withoutTexts(text) : text, where, inner, hints), likely);
}

/** What a template has until somebody fills it in: `DB_PASSWORD=DB_PASSWORD`, in a Kubernetes Secret as base64. */
function isOwnName(text: string, name: string): boolean {
  if (text === name) return /^[A-Z][A-Z0-9]{0,40}(?:_[A-Z0-9]{1,40}){1,8}$/.test(name);
  // `UPDATE_AWS_ACCESS_KEY_ID`
  if (text.endsWith(name))
    return /^(?:UPDATE|REPLACE|CHANGE|ENTER|INSERT|ADD|PUT|FILL|SET|YOUR|MY)_$/.test(text.slice(0, -name.length));
  return text.length === Math.ceil(name.length / 3) * 4 && text === Buffer.from(name).toString("base64");
}

/** The order of decision: what clears a value first, then what proves it, then what only hints. */
function judge(rawName: string, rawText: string, depth: number, ask: ClassifyBudget): EvidenceOutcome {
  if (ask.left-- <= 0) {
    leaveOut("settings");
    return null;
  }
  const whole = unquote(rawText.trim());
  if (ask.found.has(whole)) return null;
  const text = ask.found.size === 0 ? whole : withoutFound(whole, ask.found);
  const empty = emptiness(/^\s/.test(text) ? text.trim() : text, ask.off);
  if (empty !== null) return empty;
  const simple = /^[A-Za-z0-9]*$/.test(text);
  const fallback = simple ? null : fallbackOf(text);
  if (fallback !== null) {
    // `${SECRET_NAME:-app-secret}`: the variable says what its own default is.
    if (readName(fallback.of).setting === "NAME")
      return { rule: "setting", why: "names a secret instead of holding it" };
    return judge(rawName, fallback.value, depth + 1, ask);
  }
  const name = readName(rawName);
  const around = simple ? null : withoutReferences(text);
  if (around !== null) return tokenIn(text, ask.off) ?? besideReferences(rawName, around, depth, ask);
  const pointed = simple ? null : (reference(text, ask.off) ?? ciphertext(text, ask.off));
  if (pointed?.rule === "reference") return tokenIn(text, ask.off) ?? pointed;
  return (
    pointed ??
    placeholder(text, name, ask.off) ??
    (isOwnName(text, rawName) ? { rule: "placeholder", why: "is the name itself" } : null) ??
    vendorKey(name, text, ask.off) ??
    byToken(name, text, ask.off) ??
    plain(text, name, ask.off) ??
    (depth >= DEEPEST ? null : inStructure(rawName, name, text, depth, simple, ask)) ??
    byNameAlone(name, text, depth)
  );
}

/** A token that only its vendor issues is one in a reference too: `vault:hvs.…`, `op://Shop/ghp_…/x`. */
function tokenIn(text: string, off: ReadonlySet<string>): Evidence | null {
  const token = text.includes(":") ? knownToken(text, off) : null;
  return isEvidence(token) && token.score >= HIGH && token.part.length >= 16 ? token : null;
}

/** What is around the references in a value: `postgres://app:ref+vault://secret/db#/password+@db/app`. */
function besideReferences(rawName: string, around: string, depth: number, ask: ClassifyBudget): EvidenceOutcome {
  const outcome = judge(rawName, around, depth + 1, ask);
  if (isEvidence(outcome) && !outcome.part.includes(FILLED)) return outcome;
  const glued = gluedTo(around);
  const rest = glued === null ? null : judge(rawName, glued, depth + 1, ask);
  if (isEvidence(rest)) return rest;
  return { rule: "reference", why: "is filled in from values stored elsewhere" };
}

/** A known token that is likely a secret under this name, or what clears it. */
function byToken(name: NameInfo, text: string, off: ReadonlySet<string>): EvidenceOutcome {
  // Compose doubles dollars, so `$$2y$$` is a hash too.
  const token = knownToken(text.includes("$$") ? text.replaceAll("$$", "$") : text, off);
  if (token === null || !isEvidence(token)) return token;
  // An encrypted token still opens a session; under any other name it is ciphertext.
  if (token.rule === "jwe" && token.part === text && !/^(?:token|session|cookie|auth)$/.test(name.family ?? ""))
    return { rule: "ciphertext", why: "is already encrypted" };
  // A key that browsers use too, where only the name decides: anything built into pages is no secret.
  if (name.open && token.rule === "google-api-key") return { rule: "public", why: "the name says that it is public" };
  return token.score >= MEDIUM ? token : null;
}

/** What is left when the value shows nothing by itself. */
function byNameAlone(name: NameInfo, text: string, depth: number): EvidenceOutcome {
  if (name.setting !== null)
    return listOfLogins(name, text) ?? { rule: "setting", why: `name ends in ${name.setting}: a setting or a pointer` };
  if (name.open && name.family !== "password" && name.family !== "secret")
    return name.family === null ? null : { rule: "public", why: "the name says that it is public" };
  return byName(name, text) ?? (depth === 0 ? byEntropy(name, text) : null);
}

/** Classifies an inner value; counts only if it is at least likely a secret. */
function within(name: string, text: string, step: string, depth: number, ask: ClassifyBudget): Evidence | null {
  const outcome = judge(name, text, depth, ask);
  if (!isEvidence(outcome) || outcome.score < MEDIUM) return null;
  return { ...outcome, via: outcome.via === undefined ? [step] : [step, ...outcome.via] };
}

/** A secret inside the value's own structure; a structure without one clears it; null when there is no structure. */
function inStructure(
  rawName: string,
  name: NameInfo,
  text: string,
  depth: number,
  simple: boolean,
  ask: ClassifyBudget,
): EvidenceOutcome {
  const inner: Judge = (innerName, innerText, step) => within(innerName, innerText, step, depth + 1, ask);
  if (!simple) {
    const question: StructureQuestion = { rawName, name, text, inner, ask };
    for (const read of STRUCTURES) {
      const outcome = read(question);
      if (outcome !== undefined) return outcome;
    }
  }
  const peeled = peel(text);
  if (peeled === null) return null;
  // `<NR_licenseKey>`, as a Secret of Kubernetes holds it.
  const nothing = emptiness(peeled.inner, ask.off) ?? placeholder(peeled.inner, name, ask.off);
  if (nothing !== null) return nothing;
  const found = inner(rawName, peeled.inner, peeled.layer);
  // What only the name says of the decoded text, it says of the text itself.
  return found !== null && (found.part !== peeled.inner || name.family === null) ? found : null;
}

type StructureQuestion = {
  readonly rawName: string;
  readonly name: NameInfo;
  readonly text: string;
  readonly inner: Judge;
  readonly ask: ClassifyBudget;
};

/** Readers of one structure each; the first that answers decides, `undefined` is no answer. */
const STRUCTURES: readonly ((question: StructureQuestion) => EvidenceOutcome | undefined)[] = [
  inDocument,
  inHeader,
  inAddresses,
  ({ text, inner }) =>
    /\b(?:CREATE|ALTER|GRANT|SET)\s(?:USER|ROLE|LOGIN|PASSWORD|ALL|SELECT)\b|\bon\s>/i.test(text)
      ? (anywhereInText(text, inner) ?? undefined)
      : undefined,
  ({ name, text, inner, ask }) =>
    takesOptions(name, text) ? (command(text, "env", inner, ask, name.key.split("_")) ?? undefined) : undefined,
  // Which field of a directory is which: Dovecot's `uid=user,userPassword=password`.
  ({ name, text }) =>
    /^(?:ATTRS?|ATTRIBUTES|FIELDS|MAP|MAPPING|COLUMNS|CLAIMS)$/.test(name.setting ?? "") && FIELDS.test(text)
      ? { rule: "setting", why: "maps fields to fields" }
      : undefined,
  inSettings,
  ({ name, text }) =>
    mnemonic(text) && /mnemonic|seed|phrase|recovery|wallet/.test(name.key)
      ? byName(readName("mnemonic"), text)
      : undefined,
];

function inDocument({ rawName, text, inner }: StructureQuestion): EvidenceOutcome | undefined {
  const bound = { partly: false };
  const json = inJson(text, inner, bound, rawName);
  if (json === undefined) return undefined;
  return generic(json) ?? (text.startsWith("{") ? cleanJson(bound.partly) : null);
}

const HEADER =
  /^(?:["']?(?:proxy-)?authorization["']?\s?(?:[:=]\s?)?["']?)?(?:Bearer|Basic|Token|Bot|ApiKey|Digest)\s{1,4}(?!(?:realm|error|scope|charset)\s?=)([^\s"']{6,4096})/i;

function inHeader({ name, text, inner, ask }: StructureQuestion): EvidenceOutcome | undefined {
  // `Bearer ${{ secrets.API }}`, `Basic $AUTH`
  const pointed = /^(?:Bearer|Basic|Token|Bot|ApiKey)\s{1,4}((?:\$|\{|%\w|<).{1,400})$/i.exec(text)?.[1];
  const elsewhere = pointed === undefined ? null : (reference(pointed, ask.off) ?? placeholder(pointed, name, ask.off));
  if (elsewhere !== null) return elsewhere;
  const given = HEADER.exec(text)?.[1];
  // `Token Service` is a title.
  if (given !== undefined && (!/^(?:Token|Bot|ApiKey|Digest)\s/i.test(text) || looksRandom(given, 12))) {
    const found = inner(/^.{0,20}basic/i.test(text) ? "basic_auth" : "bearer_token", unquote(given), "header");
    if (found !== null) return { ...found, rule: "header" };
  }
  return /authorization/i.test(text) ? (basicLogin(text, inner) ?? undefined) : undefined;
}

function inAddresses({ name, text, inner }: StructureQuestion): EvidenceOutcome | undefined {
  if (!text.includes("@") && !text.includes("://")) return undefined;
  const found = inUrls(text, inner, /(?:^|_)(?:web)?hooks?(?:_|$)/.test(name.key));
  if (found !== null) return found;
  if (!/^[a-z][a-z0-9+.-]{1,30}:\/\/[^\s@]{1,2000}$/i.test(text)) return undefined;
  const settings = text.includes("=") ? urlSettings(text, inner) : null;
  return settings ?? { rule: "url", why: "is a URL without a password" };
}

function inSettings({ name, text, inner }: StructureQuestion): EvidenceOutcome | undefined {
  if (!/[=:\n]|<\/|\smachine\s|^machine\s|\bdefine\(/.test(text)) return undefined;
  if (name.family === "password" && !/[\n;]/.test(text)) return undefined;
  const found = inAssignments(text, inner) ?? byFormat(text, inner);
  return found === null ? undefined : generic(found);
}
