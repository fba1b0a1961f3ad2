import { looksRandom } from "../entropy.ts";
import { FAMILY } from "../names/lexicon.ts";
import { readName } from "../names/names.ts";
import { splitWords } from "../names/words.ts";
import type { Assigned } from "../text/assigned.ts";
import { isCode, isPattern } from "../text/expression.ts";
import { isTest, isTranslation } from "../text/kind.ts";
import { isProse } from "../text/prose.ts";
import { isSequence } from "../text/sequence.ts";
import { standsInCode } from "../text/typed.ts";
import type { DismissalQuestion } from "./row.ts";

/** What only code can say about a row, by its id. */
export const COMPUTED: { readonly [id: string]: (question: DismissalQuestion) => boolean } = {
  "text-commented-address": ({ found, assigned }) => isComment(assigned) && !looksRandom(found.part, 10),
  "text-filled-in": ({ found }) => isFilledIn(found.part),
  "text-capitals": ({ found: { part }, isRandom }) => (part.includes("_") || !isRandom) && namesCapitals(part),
  "text-pattern": ({ found }) => isPattern(found.part),
  "text-option": ({ assigned }) => namesOption(assigned),
  "text-field": ({ assigned }) => namesField(assigned),
  "text-banner": ({ assigned }) => !/[A-Za-z0-9+/=]{24}/.test(decoded(assigned)),
  "text-provider-state": ({ assigned }) => STATE.test(decoded(assigned)),
  "text-entry": ({ assigned }) => isEntryName(assigned.value),
  "text-code": ({ found, assigned: { name, value } }) => !standsInCode(name, value, found),
  "text-tests": ({ assigned }) => isTest(assigned.below),
  "text-yaml": ({ assigned }) => isMark(assigned),
  "text-expression": ({ assigned }) => isCode(assigned),
  "text-prose": ({ assigned }) => isProse(assigned),
  "text-translation": ({ assigned }) => isTranslation(assigned.below),
  "text-commented": ({ assigned }) => isComment(assigned),
  "text-test-code": ({ assigned: { below, kind, value } }) =>
    isTest(below) && (kind === "code" || (isSequence(value) && looksRandom(value, 12))),
  "text-stub": ({ assigned }) => isStub(assigned),
  "text-symbol": ({ assigned }) => isSymbol(assigned),
};

/** `${jwt_secret}",`, `base64:${app_key}`, `{$this->password}`, `{settings.TOKEN}`: with nothing random beside it. */
function isFilledIn(value: string): boolean {
  if (/^["']\$\{?[A-Z_][A-Z0-9_]{1,60}\}?["'](?:\s|$)|^\$\{?[A-Z_][A-Z0-9_]{2,60}\}?[,;)]$/.test(value)) return true;
  if (/^\$\{?[A-Za-z_]\w{0,60}\}?\/[\w./-]{1,200}\.\w{1,8}$/.test(value)) return true;
  if (/^\$\{\w{1,60}\($|^[^{]{0,60}\{%.{1,400}%\}/.test(value)) return true;
  if (/^\{[A-Za-z_][\w.]{0,80}(?:[[(]|\}$|\}[\w-]{0,40}\/)|^[A-Za-z_][\w.]{0,80}\($/.test(value)) return true;
  if (!/\$\{(?!\w{1,100}:?[-=])[^{}]{1,200}\}|\{\$\w|\$\{\{|\{\{|<%/.test(value)) return false;
  return !looksRandom(value.replace(/\$?\{{1,3}[^{}]{0,200}\}{0,3}/g, ""), 12);
}

/** `SECRET`, `CLIENT_PASSWORD1`, `HOST:PORT:DATABASE:PASSWORD`. */
function namesCapitals(value: string): boolean {
  if (value.length > 80 || !/^[A-Z][A-Z0-9]*(?:[_:-][A-Z0-9]+)*$/.test(value)) return false;
  return readName(value.replaceAll(":", "_")).family !== null;
}

/** `PARAMETER_SALT = "Argon2.salt"`: the option's own name, which ends as the constant's does. */
function namesOption({ name, value }: Assigned): boolean {
  const last = /^[A-Za-z]\w{1,40}(?:\.[A-Za-z]\w{0,40}){0,6}\.([A-Za-z]{2,40})$/.exec(value)?.[1]?.toLowerCase();
  return last !== undefined && readName(last).family !== null && splitWords(name).at(-1) === last;
}

/** `datadog.appKey: spec.credentials.appKey` */
function namesField({ name, value }: Assigned): boolean {
  const last = /^[a-z]\w{1,40}(?:\.\w{1,41}){0,8}\.([A-Za-z]\w{2,40})$/.exec(value)?.[1];
  return last !== undefined && (name === last || name.endsWith(`.${last}`));
}

function decoded({ value }: Assigned): string {
  return Buffer.from(value, "base64").toString("latin1");
}

/** The version of a schema, and time limits under the key that Terraform's SDK has for them. */
const STATE =
  /^\{(?:,?"(?:schema_version":"\d{1,6}"|e2bfb730-ecaa-11e6-8f88-34363bc7c4c0":\{[a-z_":,\d]{0,300}\})){1,4}\}$/;

/** `id_rsa`, `github_app_id`, `STEAM_USER`; `secret` and `my-password` are the values of people who do not care. */
function isEntryName(value: string): boolean {
  if (/^id_(?:rsa|dsa|ecdsa|ed25519)$|^[A-Z]{2,20}(?:_[A-Z]{1,20}){1,8}$|^[a-z]{2,10}[A-Z]\w{1,50}Key$/.test(value))
    return true;
  if (!/^[a-z]{2,20}(?:[-_.][a-z]{1,20}){0,4}$/.test(value) || /^(?:my|your|some|super|test|dev)[-_.]/.test(value))
    return false;
  const { family, setting } = readName(value);
  return setting !== null || (family !== null && !/^(?:secret|password|changeme)$/.test(value));
}

/** YAML's block scalars, anchors, aliases and tags, empty brackets, a line's continuation, a comment. */
function isMark({ value, tail, path }: Assigned): boolean {
  // `PASSWORD=#iS7n…` where nothing begins a comment behind a value.
  if (!/\.ya?ml$/.test(path) && !/^\s{1,4}\S/.test(tail) && isTypedBehindHash(value)) return false;
  if (!/^[|>][-+]?\d?[-+]?$|^[{[(][\]})]?$|^\\|^[&*!][A-Za-z][\w-]{0,40}$|^#/.test(value)) return false;
  return !value.startsWith("!") || /^![A-Z][a-z]+$/.test(value);
}

function isTypedBehindHash(value: string): boolean {
  return /^#\S{6,60}$/.test(value) && [/\d/, /[a-z]/, /[A-Z]/].every((kind) => kind.test(value));
}

/** A line that is commented out. */
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
  if (STUB.test(value)) return true;
  if (!/^[a-z]{2,20}(?:[-_ .][a-z]{1,20}){0,6}$/i.test(value)) return false;
  return readName(value).family !== null || readName(value).setting !== null;
}

const STUB =
  /^(?:foo|bar|baz|qux|foobar|asdf|abc|xyz|test|dummy|stub|mock|value|string|secret|invalid)[-_]?\d{0,3}$|^(?:in)?valid[-_](?:[a-z]{2,12}[-_]){0,3}token[-_]?\d{0,3}$/i;

/** `FieldPkcs12Password = "pkcs12_password"`, `appIDKey = "app-id"` in code, and `DMARC_POLICY_ALLOW`. */
function isSymbol({ value, kind, name }: Assigned): boolean {
  if (/^[A-Z]{2,20}(?:_[A-Z]{1,20}){2,8}$/.test(value)) return true;
  if (kind !== "code") return false;
  if (repeatsWords(name, value)) return true;
  if (!/^\.?[A-Za-z]{2,20}(?:[-_./ ][A-Za-z]{1,20}){0,6}$/.test(value)) return false;
  const { family } = readName(name);
  if (family === "password" || family === null) return false;
  const called = new Set(splitWords(name).filter((word) => word.length > 1 && !FAMILY.has(word) && word !== "key"));
  return splitWords(value).some((word) => called.has(word));
}

/** Whether two words or more, and no others than the name's, are the value. */
function repeatsWords(name: string, value: string): boolean {
  if (value.length > 60 || !/^[A-Za-z][A-Za-z0-9]*(?:[-_.][A-Za-z0-9]+)*$/.test(value)) return false;
  const words = splitWords(value);
  const own = new Set(splitWords(name));
  return words.length > 1 && words.every((word) => own.has(word));
}
