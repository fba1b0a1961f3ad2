import { looksRandom } from "../entropy.ts";
import type { Evidence } from "../evidence.ts";
import { readName } from "../names/names.ts";
import type { TextKind } from "./kind.ts";
import { reference } from "../reference.ts";
import { emptiness } from "../shape.ts";
import { isTest, isTranslation } from "./kind.ts";
import { isCode, isPattern } from "./expression.ts";
import { isNoise } from "./noise.ts";
import { isProse } from "./prose.ts";
import { isSomethingElse, isVersion } from "./something-else.ts";
import { isAttribute, isSymbol, isVector } from "./symbols.ts";
import { isSequence } from "./sequence.ts";

/** A literal that a text assigns to a name, with what stands around it on its line. */
export type Assigned = {
  readonly name: string;
  readonly value: string;
  /** In quotes, or between the tags of an element. */
  readonly quoted: boolean;
  /** The line before the name, and behind the value. */
  readonly lead: string;
  readonly tail: string;
  readonly path: string;
  /** The path from the folder that is scanned. */
  readonly below: string;
  readonly kind: TextKind;
};

/** What only the name promises; a vendor's own form stands for itself. */
const BY_NAME = /^(?:password|secret|key|user-password|high-entropy|assignment)$/;
/** The subject of jwt.io's own token, `1234567890`, as base64 has it; a token that nobody signed, or with a word for its signature. */
const JOHN_DOE =
  /^(?:Bearer\s)?(?:eyJ[\w-]{10,100}\.eyJzdWIiOiIxMjM0NTY3ODkw|eyJhbGciOiJub25lI|eyJ(?:hbGci|0eXAi)[\w-]{6,100}(?:\.(?:eyJ[\w-]{0,1000}|[a-z]{2,24}))?(?:\.[a-z]{2,24}(?:[-_][a-z]{2,24})?)?$)/;
/** Base64's own. */
const ALPHABET = /^[A-Z]{26}[a-z]{26}[0-9]{10}[+/=_-]{0,3}$/;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** The score of what is worth a look and no more. */
const DOUBTFUL = 0.45;

/**
 * A finding of which only the name speaks, weighed by the text around it: null when the text is a template, code, a
 * translation, a version or markup rather than a setting with its value; with a low score for a weak example.
 */
export function plausible(found: Evidence, assigned: Assigned): Evidence | null {
  if (found.rule === "url-password" && (isManual(found, assigned) || isNamedAt(assigned.value))) return doubt(found);
  const whole = found.part === assigned.value;
  if ((!whole || !BY_NAME.test(found.rule)) && plausiblePart(found) === null) return null;
  if (JOHN_DOE.test(found.part) || isScrap(found)) return null;
  if (!BY_NAME.test(found.rule)) return found;
  const { value } = assigned;
  const told = isTranslation(assigned.below);
  const random =
    (looksRandom(value, 12) || UUID.test(value) || isNoise(value)) && !(told && /[^\x21-\x7e]/.test(value));
  if (ALPHABET.test(value)) return null;
  if (
    isSomethingElse(assigned) ||
    isFilledIn(value) ||
    isMarkup(assigned) ||
    (value.includes("_") && namesValue(assigned)) ||
    inTemplate(assigned) ||
    isVersion(assigned) ||
    isAttribute(assigned) ||
    continuesWithCode(assigned) ||
    isBesideCiphertext(assigned) ||
    mountsFile(assigned)
  )
    return null;
  if (!random && (isVariable(assigned) || isCode(assigned) || namesValue(assigned) || isProse(assigned) || told))
    return null;
  if (isVector(assigned.below)) return doubt(found);
  const weak = !random || isSequence(value);
  if (!weak) return found;
  const doubtful = isComment(assigned) || isExample(assigned, random) || isStub(assigned) || isSymbol(assigned);
  return doubtful ? doubt(found) : found;
}

/** Rules that know a part of a value or of a command by its name or its place only. */
const BY_PLACE = /^(?:password|secret|key|user-password|assignment|url-password|header|command)$/;

/**
 * What a message names in brackets, the end of a comparison, a pattern of awk's, where a stream goes, the rest of a string
 * that code continues, and what tests say: `PASS: names are normal`.
 */
function isScrap({ rule, part, via = [] }: Evidence): boolean {
  if (!BY_PLACE.test(rule)) return false;
  // RFC 7617's own login.
  if (rule === "header" && part.startsWith("QWxhZGRpbjpvcGVu")) return true;
  if (
    /^\[[A-Z_]{3,60}\]|^["']?(?:true|false|yes|no|null|none)["']?\s|^\/\{|^>\/dev\/|^'\s?\.|^\{[a-z]\w{1,40}:/i.test(
      part,
    )
  )
    return true;
  // A parameter of a statement, empty quotes, a variable at the end of a call.
  if (/^:[a-z]\w{1,40}$|^["']{2},?$|^[a-z]{1,20}(?:_[a-z]{1,20}){1,4}\)$/.test(part)) return true;
  return via.at(-1)?.endsWith(" PASS") === true && /^[a-z][a-z-]{1,40}$/.test(part);
}

/** What stands behind a flag where a message names it: `--db-password is required`. */
const OF_SENTENCES =
  /^(?:is|are|was|must|should|can|cannot|may|will|or|and|to|for|when|if|not|in|on|with|the|an?|of|be|has|have|does|flags?|arguments?|parameters?|environment|variables?|requires?|needs?|expects?|takes|missing|option|specified|provided|given)$/;

/** The same for a secret inside a value or on a command line, of which nothing but itself is known. */
export function plausiblePart(found: Evidence): Evidence | null {
  const { part } = found;
  if (isScrap(found)) return null;
  if (!BY_PLACE.test(found.rule) || looksRandom(part.replace(/\$\w{1,60}|\$\{[^}]{0,100}\}?/g, ""), 12)) return found;
  if (isFilledIn(part) || /^\$[A-Za-z_{(]|[^$]\$(?:[A-Z_][A-Z0-9_]{2}|[a-z_]+_)/.test(part) || namesCapitals(part))
    return null;
  // OpenSSL's other ways to a password, and an option.
  if (/^(?:file|env|fd):|^stdin$|^pass:$|^-{1,2}[a-z][a-z-]{2,30}$/.test(part)) return null;
  if (found.rule === "header" && STUB.test(part)) return null;
  return isPattern(part) || /^(?:true|false|yes|no|null|none)$/i.test(part) || OF_SENTENCES.test(part) ? null : found;
}

/** What tests send in place of a token. */
const STUB = /^(?:test|dummy|fake|mock|stub|some|invalid|bad|valid)[-_](?:[a-z]{2,12}[-_]){0,2}(?:token|key|jwt)$/;

/** `${jwt_secret}",`, `base64:${app_key}`, `{$this->password}`, `{settings.TOKEN}`: a template fills the value in. */
function isFilledIn(value: string): boolean {
  if (/^["']\$\{?[A-Z_][A-Z0-9_]{1,60}\}?["'](?:\s|$)|^\$\{?[A-Z_][A-Z0-9_]{2,60}\}?[,;)]$/.test(value)) return true;
  if (/^\$\{?[A-Za-z_]\w{0,60}\}?\/[\w./-]{1,200}\.\w{1,8}$/.test(value)) return true;
  if (/^\$\{\w{1,60}\($|^[^{]{0,60}\{%.{1,400}%\}/.test(value)) return true;
  if (/^\{[A-Za-z_][\w.]{0,80}(?:[[(]|\}$|\}[\w-]{0,40}\/)|^[A-Za-z_][\w.]{0,80}\($/.test(value)) return true;
  if (!/\$\{(?!\w{1,100}:?[-=])[^{}]{1,200}\}|\{\$\w|\$\{\{|\{\{|<%/.test(value)) return false;
  return !looksRandom(value.replace(/\$?\{{1,3}[^{}]{0,200}\}{0,3}/g, ""), 12);
}

/** `"Splunk " + token`: the beginning of a text that code puts together. */
function continuesWithCode({ value, quoted, tail, kind }: Assigned): boolean {
  // Python in a script's here-document: a call, and an argument.
  if (!quoted && /^\w+$/.test(value) && tail.startsWith("(")) return true;
  if (!quoted && value.startsWith("sys.argv[")) return true;
  return kind === "code" && quoted && /[\s:=]$/.test(value) && /^\s{0,3}[+.]\s{0,3}[A-Za-z_$(]/.test(tail);
}

/** The salt of a text that is encrypted, which stands beside it: `{"iv":…,"salt":…,"ct":…}`. */
function isBesideCiphertext({ name, lead, tail }: Assigned): boolean {
  return /^salt$/i.test(name) && /["'](?:ct|iv|cipher_?text)["']\s{0,2}:/i.test(lead + tail);
}

/** Of a script: `$token`, `$RELEASE-agent-tls`; a random one may be a password in single quotes. */
function isVariable({ value, path }: Assigned): boolean {
  return /\.(?:sh|bash|zsh|ksh|func|install)$/.test(path) && /^\$[A-Za-z_]\w{1,60}(?:$|[/.:-])/.test(value);
}

/** `owner/name@release/v1`: an action, an image or a package. */
function isNamedAt(value: string): boolean {
  return /^docker:\/\/[\w./-]{1,200}:[\w.-]{1,128}@sha256:|^[\w.-]{1,80}(?:\/[\w.-]{1,80}){1,5}@[\w./-]{1,80}$|:\d{1,5}\/[\w./-]{1,80}:[\w.-]{1,60}@sha256:/.test(
    value,
  );
}

/** In tests of a program the secrets are made up, unless a machine or a person with care made them. */
function isExample({ below, kind }: Assigned, random: boolean): boolean {
  return isTest(below) && (random || kind === "code");
}

function doubt(found: Evidence): Evidence {
  return { ...found, score: Math.min(found.score, DOUBTFUL) };
}

/** `PASSWORD=#iS7n…` in what has no comments behind a value, unless it is a colour. */
function beginsWithHash({ value, tail, path }: Assigned): boolean {
  if (/\.ya?ml$/.test(path) || /^#(?:[0-9a-f]{3,8}$|\{)/i.test(value) || /^\s{1,4}\S/.test(tail)) return false;
  return /^#\S{6,60}$/.test(value) && /\d/.test(value) && /[a-z]/.test(value) && /[A-Z]/.test(value);
}

/** Brackets, YAML's block scalars, anchors, aliases and tags, a line's continuation: all that is left of a value is marks. */
function isMarkup(assigned: Assigned): boolean {
  const { value, quoted, lead, tail } = assigned;
  if (/^[^\p{L}\p{N}]{1,3}$/u.test(value) || /^[,;:)\]}]\s/.test(value)) return true;
  // `ALTER USER app WITH PASSWORD :'variable'`
  if (/\bWITH\s{1,4}$/i.test(lead)) return true;
  // `${GEM_HOST_API_KEY}\n`: the end of a line in a string.
  if (value.endsWith("\\n") && reference(value.replace(/(?:\\[nrt]){1,3}$/, "")) !== null) return true;
  // `!GetAtt Function.Arn`, `!Ref Secret`: a tag of YAML's reads the value from elsewhere.
  if (
    /(?:^|\s)!(?:secret|store|terraform\.\w{2,12}|vault|env(?:_var)?|include|file|reference|Ref|Sub|GetAtt|ImportValue|Select|Join|FindInMap|[A-Z][A-Za-z]{2,20})\s{1,4}["']?$/.test(
      lead,
    )
  )
    return true;
  if (quoted || beginsWithHash(assigned)) return false;
  return /^[|>][-+]?\d?[-+]?$|^[{[(][\]})]?$|^\\|^[&*!][A-Za-z][\w-]{0,40}$|^#/.test(value)
    ? !value.startsWith("!") || /^\s{0,4}\S/.test(tail) || /^![A-Z][a-z]+$/.test(value)
    : false;
}

/** The name itself stands in a template's or a shell's brackets: `{{ $password := … }}`, `${password:32}`. */
function inTemplate({ lead, value, quoted, tail }: Assigned): boolean {
  for (const [open, close] of [
    ["{{", "}}"],
    ["{%", "%}"],
    ["<%", "%>"],
  ] as const)
    if (lead.lastIndexOf(open) > lead.lastIndexOf(close)) return true;
  if (lead.endsWith("${") && (/^(?:\d{1,4}|[-?+=]?)\}/.test(value) || standsForNone(value))) return true;
  if (/^(?:<%|\{%|\{\{)/.test(value)) return true;
  // `<replace with API key>`, `<defaults to random>`: a space cut the rest off.
  return !quoted && /^<[A-Za-z]/.test(value) && /^[^<]{0,80}>/.test(tail);
}

/** `${KEY:-user_provided}`: what is taken without the variable is no value either. */
function standsForNone(value: string): boolean {
  const fallback = /^[-?+=]{1,2}([^{}]{1,100})\}/.exec(value)?.[1];
  return fallback !== undefined && (emptiness(fallback) ?? reference(fallback)) !== null;
}

/** `/etc/passwd:ro`, `checksum/secret: …`: the name is the end of a path. */
function mountsFile({ lead, value }: Assigned): boolean {
  // `checksum/secret`: Helm writes the digest of a Secret on its pods.
  if (lead.endsWith("checksum/")) return true;
  return (
    lead.endsWith("/") && /^(?:r[ow]|[zZ]|cached|delegated|consistent|\/.{0,200})(?:,[a-zA-Z]{1,12})*$/.test(value)
  );
}

/** Capitals that say what belongs here: `SECRET`, `CLIENT_PASSWORD1`, `HOST:PORT:DATABASE:PASSWORD`. */
function namesValue({ value }: Assigned): boolean {
  return namesCapitals(value);
}

function namesCapitals(value: string): boolean {
  if (value.length > 80 || !/^[A-Z][A-Z0-9]*(?:[_:-][A-Z0-9]+)*$/.test(value)) return false;
  return (
    readName(value.replaceAll(":", "_")).family !== null ||
    /(?:SECRET|PASSWORD|PASSWD|TOKEN)(?:KEY)?\d{0,2}$/.test(value) ||
    /(?:^|_)API_?KEY$/.test(value) ||
    /^(?:MY|YOUR|SOME)SECRET/.test(value)
  );
}

/** A line that is commented out, as examples are. */
function isComment({ lead, path }: Assigned): boolean {
  return (
    /^\s{0,80}(?:#(?!\s?define\s)|\/\/|\/?\*(?!\s{0,4}=)|<!--|--\s|REM\s)/.test(lead) ||
    (/^\s{0,8};/.test(lead) && /\.(?:ini|cfg|conf|cnf|properties|service|container)$/.test(path))
  );
}

/** A token or key that somebody else gives out is never `my-token`, `token` or `test`. */
function isStub({ name, value }: Assigned): boolean {
  const { family, key } = readName(name);
  if (
    /^(?:fake|dummy|mock|stub)(?:[A-Z_-]|[a-z]{0,20}$)/.test(value) &&
    /(?:pass(?:word)?|secret|token|key)\d{0,3}$/i.test(value)
  )
    return true;
  const issued = family === "token" || (family === "key" && /(?:^|_)(?:api|license|licence)_key$/.test(key));
  if (!issued && !(family === "secret" && /(?:^|_)client_secret$/.test(key))) return false;
  if (
    /^(?:foo|bar|baz|qux|foobar|asdf|abc|xyz|test|dummy|stub|mock|value|string|secret|invalid)[-_]?\d{0,3}$/i.test(
      value,
    )
  )
    return true;
  if (/^(?:in)?valid[-_](?:[a-z]{2,12}[-_]){0,3}token[-_]?\d{0,3}$/.test(value)) return true;
  if (!/^[a-z]{2,20}(?:[-_ .][a-z]{1,20}){0,6}$/i.test(value)) return /^\d{1,4};?$/.test(value);
  return readName(value).family !== null || readName(value).setting !== null;
}

/** `user:password@host`, as a manual writes it. */
const MANUAL =
  /:\/\/(?:my_?)?(?:user(?:name)?|usr|login|name|account|me)\d?:(?:my_?)?(?:pass(?:word|wd)?|pwd|pw|secret|(?:access[-_])?token|key)\d?@(?:host|hostname|server|address|your[\w.-]{0,40}|my[-_]?host|[\w.-]{0,60}example\.(?:com|org|net))(?:[:/?]|$)/i;

/** An address with words where its parts belong, or a weak one in a comment. */
function isManual({ part }: Evidence, assigned: Assigned): boolean {
  // `socks5h://[user[:password]@]host`
  if (/:\/\/\[?\w{0,30}\[:/.test(assigned.value)) return true;
  if (MANUAL.test(assigned.value) || /:\/\/[^@\s]{1,80}@[\w.-]{1,80}:port\b/i.test(assigned.value)) return true;
  return isComment(assigned) && !looksRandom(part, 10);
}
