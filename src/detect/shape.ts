import { FAMILY } from "./names/lexicon.ts";
import type { NameInfo } from "./names/names.ts";
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

const SWITCH = /^(?:true|false|yes|no|on|off|enabled?|disabled?|y|n|t|f)$/i;
const NOTHING =
  /^(?:none|null|nil|undefined|missing|unset|n\/a|na|nan|empty|blank|-{1,3}|_|\.{1,3}|""|''|(?:\\["'])+|\{\}|\[\]|user[-_]provided|not[-_ ]?(?:set|used|needed|required|applicable|configured|available)|no[-_ ]?(?:password|token|secret|key|auth)|no[-_]log|required|optional|prompt|ask|auto|automatic|random|generated?|inherit(?:ed)?|[*!]{1,2}|unknown|tbd|void|\(none\)|<none>|<nil>|~)$/i;

/** Words that a setting about tokens and secrets takes: kinds, schemes, algorithms, stores. */
const KIND =
  /^(?:bearer|basic|digest|jwt|jws|jwe|opaque|oauth2?|oidc|saml2?|ldaps?|kerberos|ntlm|mtls|tls|ssl|md5|sha-?\d{1,3}|scram-sha-(?:1|256|512)|plain|login|cram-md5|ms-?chap(?:-?v2)?|chap|pap|gtc|eap(?:-\w{3,8})?|peap|ttls|trust|peer|ident|pam|internal|external|static|dynamic|vault|kubernetes|aws|gcp|azure|file|env|header|cookie|query|session|local|memory|redis|database|db|rs(?:256|384|512)|hs(?:256|384|512)|es(?:256|384|512)|ps(?:256|384|512)|eddsa|rsa|ecdsa|ed25519|aes(?:-?\d{3})?(?:-[a-z]{3})?|a\d{3}(?:cbc-hs\d{3}|gcm(?:kw)?|kw)|rsa-oaep(?:-\d{3})?|bcrypt|argon2(?:id?)?|pbkdf2|scrypt|hmac|api[-_]?key|access[-_]?token|id[-_]?token|refresh[-_]?token|reference|simple|default|public|private|self[-_]?signed|strict|lax|docker-secret|k8s|[a-z]{2,8}\+jwt|noise_\w{2,40}|(?:caching_sha2|mysql_native|sha256)_password|aws4-hmac-sha256|ecc_\w{2,20}|always|ifnotpresent)$/i;

/** Names whose value signs, whatever it is: `JWT_SECRET=jwt` is a weak secret, `AUTH_TOKEN=jwt` a kind. */
const HOLDS =
  /(?:^|_)(?:jwt|session|cookie|client|consumer|app|webhook|rpc|csrf|hash|(?:access|refresh|auth)_token)_secret$/;
/** A way to a claim or a field, as jq and PostgREST write it: `.app_metadata.role`. */
const FIELD = /^\$?(?:\.[a-z_][a-z0-9_]{1,40}){1,6}$/;

const VERSION = /^v?\d{1,5}(?:\.\d{1,6}){1,4}(?:[-+~._]?[A-Za-z0-9.~+-]{0,40})?$/;
export const ULID = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;
const UUID = /^\{?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\}?$/i;
const HOST = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,6}[a-z]{2,18}(?::\d{1,5})?$/i;
const IPV4 = /^\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?::\d{1,5}|\/\d{1,2})?$/;
const EMAIL = /^[\w.+-]{1,64}@(?:[a-z0-9-]{1,63}\.){1,8}[a-z][a-z0-9-]{1,62}$|^[a-z.]{1,40}@localhost$/i;
const DATE = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d.{0,20})?$/;
const DURATION = /^\d{1,9}(?:\.\d{1,4})?\s?(?:ms|s|sec|m|min|h|d|w|y|days?|hours?|minutes?|seconds?|[kmgt]i?b?|%)$/i;
const DIGEST = /^(?:sha(?:1|224|256|384|512)|md5)[:-][A-Za-z0-9+/=]{22,128}$/;
const FINGERPRINT = /^(?:SHA256:[A-Za-z0-9+/]{43}=?|(?:MD5:)?(?:[0-9a-f]{2}:){15,31}[0-9a-f]{2}|0x[0-9A-F]{8,40})$/i;
/** What a minisign key for everyone begins with spells `Ed`; a secret one is longer. Source: minisign(1). */
const MINISIGN = /^RW[QRST][A-Za-z0-9+/]{53}$/;
const GPG =
  /^(?:0x)?(?:[0-9A-F]{40}|[0-9A-F]{16}|[0-9A-F]{8})(?:\s{1,8}(?:[0-9A-F]{40}|[0-9A-F]{16}|[0-9A-F]{8})){0,400}$/;
const IMAGE =
  /^[a-z0-9.-]{1,100}(?::\d{1,5})?(?:\/[a-z0-9._-]{1,100}){1,5}(?::[\w.-]{1,128})?(?:@sha256:[0-9a-f]{64})?$/;
const INTEGRITY = /^sha(?:256|384|512)-[A-Za-z0-9+/]{43,88}={0,2}$/;

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
  const promised = name.family;
  const digit = startsWithDigit(text);
  if (text.length <= 8 && SWITCH.test(text) && (text.length > 1 || promised !== "password"))
    return cleared("setting", "is a switch");
  if (
    (text === "0" || text === "1") &&
    /(?:^|_)(?:random|allow|empty|enable|require|use|disable|skip|onetime|has|no|generate|show|hide|need|force|is)_/.test(
      name.key,
    )
  ) {
    return cleared("setting", "is a switch");
  }
  if (digit && /^\d{1,4}$/.test(text) && /(?:^|_)(?:min|max|minimum|maximum)_/.test(name.key))
    return cleared("setting", "is a number");
  if (promised !== null && /(?:^|_)(?:table|column|collection)_/.test(name.key) && /^[a-z][a-z_.]{2,60}$/.test(text))
    return cleared("setting", "names where secrets are kept");
  // Ansible's `user` sets a password on creation only, or each time.
  if (name.key.endsWith("update_password") && /^(?:always|on_create)$/.test(text))
    return cleared("setting", "says when a password is set");
  // A colour of a terminal, and suites of TLS.
  if (
    /^(?:\\?(?:033|x1b|u001b|e)|\x1b)\[[\d;]{0,20}m/i.test(text) ||
    /^TLS_[A-Z0-9_]{10,60}(?:[,:;]TLS_[A-Z0-9_]{10,60}){0,30}$/.test(text)
  )
    return cleared("setting", "names a kind, not a value");
  if (promised === "password" || promised === "pin" || promised === "phrase") return null;
  if (text.length < 40 && KIND.test(text) && !(promised === "secret" && HOLDS.test(name.key)))
    return cleared("setting", "names a kind, not a value");
  if (text.startsWith("urn:") || (promised === "key" && text.includes("@") && EMAIL.test(text)))
    return cleared("id", "is a name or an address");
  // A path, as an address has to write it: `sslkey=.%2Fcerts%2Fclient.key`.
  if (promised === "key" && /^\.{0,2}%2F/i.test(text)) return cleared("setting", "is a path");
  if (promised === "key" && FIELD.test(text)) return cleared("setting", "names an attribute or a key, not a value");
  if (digit && (DURATION.test(text) || DATE.test(text))) return cleared("setting", "is a number, a size or a date");
  if (INTEGRITY.test(text) || DIGEST.test(text) || FINGERPRINT.test(text))
    return cleared("digest", "is a digest or a fingerprint");
  if (text.length === 56 && MINISIGN.test(text)) return cleared("public", "is a public key of minisign");
  if (name.open && promised !== "secret" && !text.includes("://"))
    return cleared("public", "the name says that it is public");
  if (promised === "token" && /^\d{1,5}$/.test(text)) return cleared("setting", "is a number");
  // A permission of a workflow: `id-token: write`.
  if (promised === "token" && /^(?:read|write|none|read-all|write-all|read-write)$/.test(text))
    return cleared("setting", "names a permission, not a value");
  // The address that gives one out: `access_token: /o/token/`.
  if (promised === "token" && /^(?:\/[a-z][a-z_-]{0,30}){1,6}\/?$/.test(text) && /\/.*\//.test(text))
    return cleared("setting", "is a path");
  if (promised === "salt" && /^\d{1,3}$/.test(text)) return cleared("setting", "is a number");
  if (((digit || text.startsWith("v")) && VERSION.test(text)) || (digit && IPV4.test(text)))
    return cleared("setting", "is a version or an address");
  if (text.includes(".") && HOST.test(text) && text === text.toLowerCase() && !(signs(name) && joinsWords(text)))
    return cleared("setting", "is a host name");
  // The salt of a hash is none; a key id is called key.
  if (
    name.digest &&
    (promised === null || promised === "key" || promised === "token") &&
    (GPG.test(text) || /^[0-9a-f]{7,128}$/i.test(text))
  )
    return cleared("digest", "the name says checksum or key id, and the value fits");
  if (
    promised === "key" &&
    (name.need !== "any" || /sign|gpg|verif/.test(name.key)) &&
    GPG.test(text) &&
    text === text.toUpperCase()
  )
    return cleared("digest", "has the shape of a GPG key id");
  if (promised === "secret" && /^\d$/.test(text)) return cleared("setting", "is a switch");
  // A quota: `secrets: "100"`.
  if (digit && /^\d{1,5}$/.test(text) && /(?:^|_)secrets$/.test(name.key)) return cleared("setting", "is a number");
  if (
    promised !== "auth" &&
    /^[a-z0-9]+(?:[-_][a-z0-9]+)*(?:\/[a-z]+(?:[-_][a-z0-9]+)*){1,5}$/.test(text) &&
    text.length < 100
  )
    return cleared("reference", "is the name of a secret in a store");
  if (/^(?:jwt|simple),/.test(text)) return cleared("setting", "names a kind, not a value");
  if (promised !== null) return null;
  if ((digit || text.startsWith("-")) && /^-?\d{1,30}(?:\.\d{1,10})?$/.test(text))
    return cleared("setting", "is a number");
  if ((text.length >= 36 && UUID.test(text)) || (text.length === 26 && ULID.test(text)))
    return cleared("id", "is a UUID: an identifier, not a credential");
  if (text.includes("@") && EMAIL.test(text)) return cleared("setting", "is an address");
  if (GPG.test(text)) return cleared("digest", "has the shape of a GPG key id");
  if (text.includes("/") && IMAGE.test(text) && text.includes(".")) return cleared("setting", "is an image name");
  return null;
}

function startsWithDigit(text: string): boolean {
  const first = text.charCodeAt(0);
  return first >= 48 && first <= 57;
}

/** A name under which any value signs or encrypts. */
function signs({ family, need }: NameInfo): boolean {
  return need === "any" && (family === "secret" || family === "key");
}

/** `correct.horse.battery.staple`: reads like a host, but that no domain or file ends so. */
function joinsWords(text: string): boolean {
  return /\.[a-z]{5,18}$/.test(text) && !LONG_ENDINGS.test(text);
}

const LONG_ENDINGS =
  /\.(?:local|internal|cloud|online|example|invalid|localhost|localdomain|domain|cluster|consul|docker|podman|network|company|digital|agency|studio|design|software|systems|services|service|solutions|group|media|space|store|world|website|global|health|swiss|intranet|private|public|secret|secrets|token|keystore|truststore|keyring|keyfile|password|credentials|properties)$/;

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
