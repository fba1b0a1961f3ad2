import type { WordFamily } from "./names/lexicon.ts";
import type { NameInfo } from "./names/names.ts";

/** What a value is plainly, and under which names it is then no secret. Every condition that a row has must hold. */
export type PlainValue = {
  readonly rule: "setting" | "id" | "digest" | "public" | "reference";
  readonly why: string;
  /** The kinds of secret that the name may promise; null: none. */
  readonly of: readonly (WordFamily | null)[];
  readonly value?: RegExp;
  readonly name?: RegExp;
  readonly unlessName?: RegExp;
  readonly shorter?: number;
  /** The expression's value begins so; asked first, since it costs less. */
  readonly begins?: "digit";
  readonly holds?: "." | "@" | "/";
  readonly computed?: (text: string, name: NameInfo) => boolean;
};

const GIVEN: readonly WordFamily[] = ["secret", "token", "key", "auth", "cookie", "session", "salt", "credential"];
const CHOSEN: readonly WordFamily[] = ["password", "pin", "phrase"];
const ANY = [...CHOSEN, ...GIVEN, null];
/** Whatever people type for a password is one. */
const NOT_CHOSEN = [...GIVEN, null];
const but = (kinds: readonly (WordFamily | null)[], one: WordFamily | null): readonly (WordFamily | null)[] =>
  kinds.filter((kind) => kind !== one);

const SWITCH = { rule: "setting", why: "is a switch" } as const;
const NUMBER = { rule: "setting", why: "is a number" } as const;
const KIND = { rule: "setting", why: "names a kind, not a value" } as const;
const PATH = { rule: "setting", why: "is a path" } as const;
const SIZE = { rule: "setting", why: "is a number, a size or a date" } as const;
const DIGEST = { rule: "digest", why: "is a digest or a fingerprint" } as const;
const CHECKSUM = { rule: "digest", why: "the name says checksum or key id, and the value fits" } as const;
const ADDRESS = { rule: "setting", why: "is a version or an address" } as const;
const ID = { rule: "id", why: "is a UUID: an identifier, not a credential" } as const;
const KEY_ID = { rule: "digest", why: "has the shape of a GPG key id" } as const;

/** Words that a setting about tokens and secrets takes: kinds, schemes, algorithms, stores. */
const KINDS =
  /^(?:bearer|basic|digest|jwt|jws|jwe|opaque|oauth2?|oidc|saml2?|ldaps?|kerberos|ntlm|mtls|tls|ssl|md5|sha-?\d{1,3}|scram-sha-(?:1|256|512)|plain|login|cram-md5|ms-?chap(?:-?v2)?|chap|pap|gtc|eap(?:-\w{3,8})?|peap|ttls|trust|peer|ident|pam|internal|external|static|dynamic|vault|kubernetes|aws|gcp|azure|file|env|header|cookie|query|session|local|memory|redis|database|db|rs(?:256|384|512)|hs(?:256|384|512)|es(?:256|384|512)|ps(?:256|384|512)|eddsa|rsa|ecdsa|ed25519|aes(?:-?\d{3})?(?:-[a-z]{3})?|a\d{3}(?:cbc-hs\d{3}|gcm(?:kw)?|kw)|rsa-oaep(?:-\d{3})?|bcrypt|argon2(?:id?)?|pbkdf2|scrypt|hmac|api[-_]?key|access[-_]?token|id[-_]?token|refresh[-_]?token|reference|simple|default|public|private|self[-_]?signed|strict|lax|docker-secret|k8s|[a-z]{2,8}\+jwt|noise_\w{2,40}|(?:caching_sha2|mysql_native|sha256)_password|aws4-hmac-sha256|ecc_\w{2,20}|always|ifnotpresent)$/i;

/** Names whose value signs, whatever it is: `JWT_SECRET=jwt` is a weak secret, `AUTH_TOKEN=jwt` a kind. */
const HOLDS =
  /(?:^|_)(?:jwt|session|cookie|client|consumer|app|webhook|rpc|csrf|hash|(?:access|refresh|auth)_token)_secret$/;
export const ULID = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;
const HOST = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,6}[a-z]{2,18}(?::\d{1,5})?$/i;
const EMAIL = /^[\w.+-]{1,64}@(?:[a-z0-9-]{1,63}\.){1,8}[a-z][a-z0-9-]{1,62}$|^[a-z.]{1,40}@localhost$/i;
const GPG =
  /^(?:0x)?(?:[0-9A-F]{40}|[0-9A-F]{16}|[0-9A-F]{8})(?:\s{1,8}(?:[0-9A-F]{40}|[0-9A-F]{16}|[0-9A-F]{8})){0,400}$/;

/** The first that fits decides. */
export const PLAIN_VALUES: readonly PlainValue[] = [
  { ...SWITCH, of: ANY, shorter: 9, value: /^(?:true|false|yes|no|on|off|enabled?|disabled?)$/i },
  { ...SWITCH, of: but(ANY, "password"), shorter: 2, value: /^[yntf]$/i },
  {
    ...SWITCH,
    of: ANY,
    shorter: 2,
    value: /^[01]$/,
    name: /(?:^|_)(?:random|allow|empty|enable|require|use|disable|skip|onetime|has|no|generate|show|hide|need|force|is)_/,
  },
  { ...NUMBER, of: ANY, begins: "digit", value: /^\d{1,4}$/, name: /(?:^|_)(?:min|max|minimum|maximum)_/ },
  {
    ...{ rule: "setting", why: "names where secrets are kept" },
    of: but(ANY, null),
    name: /(?:^|_)(?:table|column|collection)_/,
    value: /^[a-z][a-z_.]{2,60}$/,
  },
  // Ansible's `user` sets a password on creation only, or each time.
  {
    ...{ rule: "setting", why: "says when a password is set" },
    of: ANY,
    shorter: 10,
    name: /update_password$/,
    value: /^(?:always|on_create)$/,
  },
  // A colour of a terminal, and suites of TLS.
  { ...KIND, of: ANY, value: /^(?:\\?(?:033|x1b|u001b|e)|\x1b)\[[\d;]{0,20}m/i },
  { ...KIND, of: ANY, value: /^TLS_[A-Z0-9_]{10,60}(?:[,:;]TLS_[A-Z0-9_]{10,60}){0,30}$/ },

  { ...KIND, of: but(NOT_CHOSEN, "secret"), shorter: 40, value: KINDS },
  { ...KIND, of: ["secret"], shorter: 40, value: KINDS, unlessName: HOLDS },
  { rule: "id", why: "is a name or an address", of: NOT_CHOSEN, value: /^urn:/ },
  { rule: "id", why: "is a name or an address", of: ["key"], holds: "@", value: EMAIL },
  // As an address has to write it: `sslkey=.%2Fcerts%2Fclient.key`.
  { ...PATH, of: ["key"], value: /^\.{0,2}%2F/i },
  // A way to a claim or a field, as jq and PostgREST write it: `.app_metadata.role`.
  {
    ...{ rule: "setting", why: "names an attribute or a key, not a value" },
    of: ["key"],
    value: /^\$?(?:\.[a-z_][a-z0-9_]{1,40}){1,6}$/,
  },
  {
    ...SIZE,
    of: NOT_CHOSEN,
    begins: "digit",
    value: /^\d{1,9}(?:\.\d{1,4})?\s?(?:ms|s|sec|m|min|h|d|w|y|days?|hours?|minutes?|seconds?|[kmgt]i?b?|%)$/i,
  },
  { ...SIZE, of: NOT_CHOSEN, begins: "digit", value: /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d.{0,20})?$/ },
  { ...DIGEST, of: NOT_CHOSEN, value: /^sha(?:256|384|512)-[A-Za-z0-9+/]{43,88}={0,2}$/ },
  { ...DIGEST, of: NOT_CHOSEN, value: /^(?:sha(?:1|224|256|384|512)|md5)[:-][A-Za-z0-9+/=]{22,128}$/ },
  {
    ...DIGEST,
    of: NOT_CHOSEN,
    value: /^(?:SHA256:[A-Za-z0-9+/]{43}=?|(?:MD5:)?(?:[0-9a-f]{2}:){15,31}[0-9a-f]{2}|0x[0-9A-F]{8,40})$/i,
  },
  // What a minisign key for everyone begins with spells `Ed`; a secret one is longer. Source: minisign(1).
  { rule: "public", why: "is a public key of minisign", of: NOT_CHOSEN, value: /^RW[QRST][A-Za-z0-9+/]{53}$/ },
  {
    ...{ rule: "public", why: "the name says that it is public" },
    of: but(NOT_CHOSEN, "secret"),
    computed: (text, { open }) => open && !text.includes("://"),
  },
  { ...NUMBER, of: ["token"], begins: "digit", value: /^\d{1,5}$/ },
  // A permission of a workflow: `id-token: write`.
  {
    ...{ rule: "setting", why: "names a permission, not a value" },
    of: ["token"],
    shorter: 11,
    value: /^(?:read|write|none|read-all|write-all|read-write)$/,
  },
  // The address that gives one out: `access_token: /o/token/`.
  { ...PATH, of: ["token"], value: /^(?=\/.*\/)(?:\/[a-z][a-z_-]{0,30}){1,6}\/?$/ },
  { ...NUMBER, of: ["salt"], begins: "digit", value: /^\d{1,3}$/ },
  { ...ADDRESS, of: NOT_CHOSEN, value: /^v?\d{1,5}(?:\.\d{1,6}){1,4}(?:[-+~._]?[A-Za-z0-9.~+-]{0,40})?$/ },
  {
    ...ADDRESS,
    of: NOT_CHOSEN,
    begins: "digit",
    value: /^\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?::\d{1,5}|\/\d{1,2})?$/,
  },
  {
    ...{ rule: "setting", why: "is a host name" },
    of: NOT_CHOSEN,
    holds: ".",
    value: HOST,
    computed: (text, name) => text === text.toLowerCase() && !(signs(name) && joinsWords(text)),
  },
  // The salt of a hash is not a checksum; the id of a key is often named key alone.
  { ...CHECKSUM, of: ["key", "token", null], value: GPG, computed: (_, { digest }) => digest },
  { ...CHECKSUM, of: ["key", "token", null], value: /^[0-9a-f]{7,128}$/i, computed: (_, { digest }) => digest },
  {
    ...KEY_ID,
    of: ["key"],
    value: GPG,
    computed: (text, { need, key }) => (need !== "any" || /sign|gpg|verif/.test(key)) && text === text.toUpperCase(),
  },
  { ...SWITCH, of: ["secret"], shorter: 2, value: /^\d$/ },
  // A quota: `secrets: "100"`.
  { ...NUMBER, of: NOT_CHOSEN, begins: "digit", value: /^\d{1,5}$/, name: /(?:^|_)secrets$/ },
  {
    ...{ rule: "reference", why: "is the name of a secret in a store" },
    of: but(NOT_CHOSEN, "auth"),
    shorter: 100,
    holds: "/",
    value: /^[a-z0-9]+(?:[-_][a-z0-9]+)*(?:\/[a-z]+(?:[-_][a-z0-9]+)*){1,5}$/,
  },
  { ...KIND, of: NOT_CHOSEN, value: /^(?:jwt|simple),/ },

  { ...NUMBER, of: [null], value: /^-?\d{1,30}(?:\.\d{1,10})?$/ },
  { ...ID, of: [null], value: /^\{?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\}?$/i },
  { ...ID, of: [null], value: ULID },
  { rule: "setting", why: "is an address", of: [null], holds: "@", value: EMAIL },
  { ...KEY_ID, of: [null], value: GPG },
  {
    ...{ rule: "setting", why: "is an image name" },
    of: [null],
    holds: ".",
    value: /^[a-z0-9.-]{1,100}(?::\d{1,5})?(?:\/[a-z0-9._-]{1,100}){1,5}(?::[\w.-]{1,128})?(?:@sha256:[0-9a-f]{64})?$/,
  },
];

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
