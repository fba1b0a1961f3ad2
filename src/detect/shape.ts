import { FAMILY } from "./names/lexicon.ts";
import type { NameInfo } from "./names/names.ts";
import { PLAIN_VALUES, type PlainValue } from "./plain-values.ts";
import { isLorem, isPublished } from "./published.ts";
import { CIPHERTEXT, PLACEHOLDER, PLACEHOLDER_PART } from "./patterns.ts";

/**
 * Why a value is no secret whatever its name is, in plain words with the rule that dismissed it; null if it may be one.
 */
export type Cleared = {
  readonly rule: string;
  readonly why: string;
  /** Not all of the value was read, so that this is a guess. */
  readonly partly?: true;
  /** The setting that hid a secret, in words for people; absent if the value itself was dismissed. */
  readonly suppressedBy?: string;
};

/** A verdict that clears a value. */
export const cleared = (rule: string, why: string): Cleared => ({ rule, why });

const NOTHING =
  /^(?:none|null|nil|undefined|missing|unset|n\/a|na|nan|empty|blank|-{1,3}|_|\.{1,3}|""|''|(?:\\["'])+|\{\}|\[\]|user[-_]provided|not[-_ ]?(?:set|used|needed|required|applicable|configured|available)|no[-_ ]?(?:password|token|secret|key|auth)|no[-_]log|required|optional|prompt|ask|auto|automatic|random|generated?|inherit(?:ed)?|[*!]{1,2}|unknown|tbd|void|\(none\)|<none>|<nil>|~)$/i;

/** Empty, or a word that stands for nothing. */
export function emptiness(text: string): Cleared | null {
  if (text === "") return cleared("empty", "is empty");
  if (text.length < 24 && NOTHING.test(text)) return cleared("empty", "a word that stands for no value");
  if (text.length < 32 && NO_PASSWORD.test(text)) return cleared("setting", "names an attribute or a key, not a value");
  return null;
}

/** Rules of a form's field, LDAP's attributes of passwords, and keys on a keyboard: maps of settings name both `password`. */
const NO_PASSWORD =
  /^x-(?:oauth-basic|access-token)$|^(?:required|nullable|sometimes|string|confirmed)(?:\|[\w:,.]{1,30}){1,8}$|^(?:userPassword|unicodePwd|sambaNTPassword|krbPrincipalKey)$|^(?:(?:ctrl|alt|cmd|meta|super|shift|mod|option)[+-]){1,4}(?:\w|f\d{1,2}|enter|return|tab|esc|escape|space|del|delete|insert|backspace|up|down|left|right|home|end|pageup|pagedown|plus|minus|comma|period|slash)$/i;

/** Encrypted already. */
export function ciphertext(text: string): Cleared | null {
  return text.length >= 4 && CIPHERTEXT.test(text) ? cleared("ciphertext", "is already encrypted") : null;
}

/** Stands where a template wants the reader to put a value. */
export function placeholder(text: string, name: NameInfo): Cleared | null {
  if (text.length > 200) return null;
  // `yourStrong(!)Password` is SQL Server's own example, and many a server's password.
  // `example` and `Your_password123` of manuals likewise: in a password's place they open the account.
  if (
    name.family === "password" &&
    ((!PLACEHOLDER_PART.test(text) &&
      (/^your.{0,40}[!@#$%^&*()\d]/i.test(text) || /^(?:example|sample|dummy|fake)\d{0,6}!?$/i.test(text))) ||
      /^change(?:this|it)!?$/i.test(text))
  )
    return null;
  // `MAPBOX_API_KEY=mapbox_api_key`: the name again. For a secret that people choose (`JWT_SECRET`) that would be a
  // weak one.
  if (name.family === "key" && /_(?:api|access|license)_key$/.test(name.key) && name.key === text.toLowerCase())
    return cleared("placeholder", "is a placeholder of a template");
  if (PLACEHOLDER.test(text) || PLACEHOLDER_PART.test(text) || masked(text) || repeatsName(text, name) || isLorem(text))
    return cleared("placeholder", "is a placeholder of a template");
  if (name.family !== "password" && name.family !== "pin" && isPublished(text))
    return cleared("example", "is an example from a manual");
  return null;
}

/** `DROPBOX_OAUTH_KEY=dropboxoauthkey`, of what somebody else gives out. */
function repeatsName(text: string, { key, family }: NameInfo): boolean {
  if (family !== "key" && family !== "token" && !key.endsWith("access_key_secret") && key !== "accesskeysecret")
    return false;
  if (text.length > 7 && text.toLowerCase().replace(/[-_]/g, "") === key.replaceAll("_", "")) return true;
  // `API_FRED_KEY=fred_api_key`: the same words in another order.
  return (
    family === "key" &&
    text.endsWith("_api_key") &&
    text.split("_").toSorted().join("_") === key.split("_").toSorted().join("_")
  );
}

/** `sk-xxxxxxxx`, `ghp_****`: a run of one mark is most of it. */
function masked(text: string): boolean {
  const bare = text.includes(":") ? /^(?:base64|hex|plain|raw):(.{1,100})$/.exec(text) : null;
  if (bare !== null && PLACEHOLDER.test(bare[1] as string)) return true;
  if (
    text.endsWith(">") &&
    /^[A-Za-z0-9 _:-]{0,16}<[A-Za-z][^<>="/]{1,60}>$|^[^<>]{0,40}<[a-z]{3,20}>=<[a-z]{3,20}>$/.test(text)
  )
    return true;
  if (
    /^[A-Za-z0-9_-]{1,20}…$|^[a-z]{2,6}[-_](?:your|my)[-_]|^-----BEGIN [A-Z ]{3,30}-----(?:\\n|\s)*(?:\.{3}|…)/.test(
      text,
    )
  )
    return true;
  if (
    text.includes("...") &&
    /^[A-Za-z0-9_+/=-]{1,400}\.{3}$|^[A-Za-z0-9+/=]{3,400}\.{3}[A-Za-z0-9+/=]{2,100}$/.test(text)
  )
    return true;
  if ((text.endsWith("x") || text.endsWith("X")) && /^[A-Za-z]{1,8}(?:[-_][xX]{3,8}){2,8}$/.test(text)) return true;
  if (!hasRun(text)) return false;
  let hidden = 0;
  for (const run of text.match(/[xX]{5,}|(?<=[-_A-Za-z])[xX]{4}$|\*{4,}|•{4,}|\.{5,}|_{6,}|([A-Za-z])\1{7,200}/g) ?? [])
    hidden += run.length;
  return hidden > 0 && hidden * 2 >= text.length - 8;
}

/** Whether four characters in a row are the same, but for case: what costs more is asked only then. */
function hasRun(text: string): boolean {
  let [run, before] = [0, -1];
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at) | 32;
    run = char === before ? run + 1 : 1;
    if (run === 4) return true;
    before = char;
  }
  return false;
}

/** Plain by shape: numbers, versions, hosts, digests, ids; how much that clears depends on what the name promises. */
export function plain(text: string, name: NameInfo): Cleared | null {
  const asked = ASKED.get(name.family) as PlainRows;
  for (const row of startsWithDigit(text) ? asked.all : asked.noDigit) {
    if (text.length >= (row.shorter ?? Infinity) || (row.holds !== undefined && !text.includes(row.holds))) continue;
    if (row.name?.test(name.key) === false || row.value?.test(text) === false) continue;
    if (row.unlessName?.test(name.key) === true || row.computed?.(text, name) === false) continue;
    return cleared(row.rule, row.why);
  }
  return null;
}

type PlainRows = { readonly all: readonly PlainValue[]; readonly noDigit: readonly PlainValue[] };

/** The rows that a name's kind of secret is asked about. */
const ASKED: ReadonlyMap<NameInfo["family"], PlainRows> = new Map(
  [...new Set(PLAIN_VALUES.flatMap(({ of }) => of))].map((family) => {
    const all = PLAIN_VALUES.filter(({ of }) => of.includes(family));
    return [family, { all, noDigit: all.filter(({ begins }) => begins !== "digit") }];
  }),
);

function startsWithDigit(text: string): boolean {
  const first = text.charCodeAt(0);
  return first >= 48 && first <= 57;
}

/** Values of a name that says secret, which name the secret rather than hold it: `regcred`, `api-tls-secret`. */
export function namesSecret(text: string, name: NameInfo): boolean {
  if (
    /(?:^|_)(?:pull|tls|existing|k8s|kube|kubernetes|ref)(?:_|$)/.test(name.key) &&
    /^[a-z0-9]+(?:[-.][a-z0-9]+)*$/.test(text) &&
    text.length < 64
  )
    return !/\d{4}/.test(text);
  // An annotation of Kubernetes, `prometheus.io/basic-auth-secret`, names the object.
  if (/_io_(?:[a-z]{1,20}_){1,4}secret$/.test(name.key) && /^[a-z]{2,20}(?:-[a-z]{2,20}){1,5}$/.test(text)) return true;
  return (
    text.length < 80 &&
    /^(?:[a-z0-9]{1,30}[-_.]){1,6}(?:tls|cert|creds|credentials|regcred|pull-secret)$|^regcred$/.test(text)
  );
}

/** `a_b, c_d`: a list of names. */
export function listsNames(text: string): boolean {
  return (
    /^[a-z][a-z0-9]{0,30}(?:[_-][a-z0-9]{1,30}){0,6}(?:[ ,;]{1,2}[a-z][a-z0-9]{0,30}(?:[_-][a-z0-9]{1,30}){0,6}){1,40}$/.test(
      text,
    ) &&
    /[,;]/.test(text) &&
    (/[_-]/.test(text) || text.split(/[ ,;]{1,2}/).some((word) => FAMILY.has(word)))
  );
}
