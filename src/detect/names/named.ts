import { looksRandom, wordiness } from "../entropy.ts";
import type { EvidenceOutcome } from "../evidence.ts";
import type { WordFamily } from "./lexicon.ts";
import type { NameInfo } from "./names.ts";
import { reference } from "../reference.ts";
import { listsNames, namesSecret } from "../shape.ts";

const ULID = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
/** Names that other accounts bear by default; `admin:…` is a login, `redis:7` an image. */
const LOGINS =
  /^(?:admin|administrator|root|user|guest|test|demo|postgres|mysql|elastic|sa|system|oracle|mongo|rabbitmq|operator|service|svc[\w-]*|api|app|deploy|ci|bot|ftp|web|default|monitor|grafana|nexus|jenkins|manager|tomcat|kibana)$/i;

/** A literal under a name that says secret; how much it must look like one depends on the name. */
export function byName(name: NameInfo, text: string): EvidenceOutcome {
  const { family } = name;
  if (family === null) return dnsProvider(name, text) ?? cookies(name, text) ?? pairOfLogin(name, text);
  if (text.length > 131_072) return null;
  if (family !== "password" && family !== "pin" && (describes(text) || /^[a-z]{2,6}[-_]$/i.test(text)))
    return { rule: "placeholder", why: "is a placeholder of a template" };
  const random = looksRandom(text, 12) || UUID.test(text);
  const read = BY_FAMILY[family] ?? bySecret;
  return read({
    ...{ name, text, random },
    found: (rule, score) => ({
      rule,
      score: random ? Math.max(score, score >= 0.8 ? 0.93 : 0.8) : score,
      severity: family === "pin" ? "medium" : "high",
      why: [
        `name says ${name.word}`,
        random ? "looks random" : `a ${family === "password" ? "password" : "value"} in plain text`,
      ],
      part: text,
    }),
  });
}

type NamedText = {
  readonly name: NameInfo;
  readonly text: string;
  readonly random: boolean;
  readonly found: (rule: string, score: number) => EvidenceOutcome;
};

const BY_FAMILY: { readonly [family in WordFamily]?: (given: NamedText) => EvidenceOutcome } = {
  password: byPassword,
  pin: ({ text, found }) =>
    /^\d{4,12}$|^\d{3}-\d{2}-\d{3}$|^\d{4}-\d{3}-\d{4}$/.test(text) ? found("password", 0.75) : null,
  phrase: ({ text, found }) => {
    if (mnemonic(text)) return found("mnemonic", 0.95);
    return looksRandom(text, 16) && !ULID.test(text) && !UUID.test(text) ? found("secret", 0.7) : null;
  },
  auth: byLogin,
  credential: byLogin,
  cookie: ({ name, text, found }) => {
    if (name.need === "any") return found("secret", 0.85);
    return looksRandom(text, 20) ? found("secret", 0.75) : cookies(name, text);
  },
  session: ({ text, found }) => (looksRandom(text, 16) ? found("secret", 0.8) : null),
  key: byKey,
};

function byPassword({ name, text, found }: NamedText): EvidenceOutcome {
  // `PGPASS_CONTENT=db:5432:app:app:$PASSWORD`: a line of .pgpass, of which only the last part is the password.
  if (/pg_?pass/.test(name.key) && reference(/^(?:[^:]{1,200}:){4}(.{1,400})$/.exec(text)?.[1] ?? "") !== null)
    return null;
  return found("password", 0.85);
}

function byLogin({ name, text, random, found }: NamedText): EvidenceOutcome {
  const pair = pairOfLogin(name, text);
  if (pair !== null) return pair;
  // `github_login: octocat42` is who logs in, and no more; `sonar.login` takes a token.
  if (name.word === "LOGIN" && !looksRandom(text, 32)) return null;
  // A path with a star, or a regular expression of who may come in.
  if (/^\/[^\s]{0,60}\*$|^\^|^\.[*+]/.test(text)) return null;
  if (/\s/.test(text) || namesSecret(text, name)) return null;
  return random || (name.need !== "random" && humanPassword(text) && !/^\w+[.:/]/.test(text))
    ? found("secret", 0.7)
    : null;
}

function byKey({ name, text, random, found }: NamedText): EvidenceOutcome {
  if ((/\s/.test(text) && text.length > 120) || (text.includes(",") && listsNames(text))) return null;
  if (/^[\w-]{1,40}: ?\S{12,200}$/.test(text) && looksRandom(text.slice(text.indexOf(":") + 1).trim(), 16))
    return found("key", 0.75);
  if (name.need === "any") return /^\w{1,2}$/.test(text) ? null : found("key", 0.8);
  if (name.need === "shaped") return random || secretLike(text) ? found("key", 0.72) : null;
  if (/^(?:sk|pk|rk|key|api)[-_]\w{4,}$/.test(text)) return found("key", 0.7);
  return looksRandom(text, 16) || UUID.test(text) ? found("key", 0.7) : null;
}

function bySecret({ name, text, random, found }: NamedText): EvidenceOutcome {
  const words = name.word === "TOKENS" && /^[a-z]{1,12}(?:,\s?[a-z]{1,12}){2,60}$/.test(text);
  if (words || namesSecret(text, name) || listsNames(text))
    return { rule: "setting", why: "names a secret instead of holding it" };
  if (/\s/.test(text) && text.split(/\s+/).length > 8 && !mnemonic(text)) return null;
  if (name.need === "shaped") return random || secretLike(text) ? found("secret", 0.72) : null;
  return found("secret", 0.8);
}

const MADE = /random|secure|unique|alphanumeric|generated/i;
const OF_WHAT = /string|chars?|characters?|bytes|letters|base64|hex/i;
const DESCRIBING: ReadonlySet<string> = new Set(
  "a an and any at least of with min exactly some very long super random randomly secure unique strong secret alphanumeric hex base64 generated string strings chars char characters character bytes letters digits numbers here key value new".split(
    " ",
  ),
);

/** `SomeRandomStringOf32CharsExactly`, `long-and-random-alphanumeric-string`: says what belongs here instead of being it. */
function describes(text: string): boolean {
  if (text.length > 100 || !OF_WHAT.test(text) || !MADE.test(text)) return false;
  const words = text
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z0-9]+/);
  return words.every((word) => DESCRIBING.has(word) || /^(?:of)?\d{1,3}(?:chars)?$/.test(word));
}

/** Caddy's DNS challenge: the provider's name, then its token. */
function dnsProvider(name: NameInfo, text: string): EvidenceOutcome {
  if (!/(?:^|_)(?:acme_dns|tls_dns|dns_provider)$/.test(name.key)) return null;
  const token = /^[a-z0-9]{3,24}\s{1,4}(\S{16,200})$/.exec(text)?.[1];
  if (token === undefined || !looksRandom(token, 16)) return null;
  return { rule: "secret", score: 0.8, severity: "high", why: ["a DNS provider, then its token"], part: token };
}

/** `SID=…; HSID=…` as a browser sends it: one random value of a session opens the account. */
function cookies(name: NameInfo, text: string): EvidenceOutcome {
  if (text.length > 8192 || !/^[\w.-]{1,60}=/.test(text)) return null;
  const promised = /(?:^|_)cookies?(?:_|$)/.test(name.key);
  if (!promised && !(text.includes(";") && /;\s?(?:HttpOnly|SameSite=|Max-Age=)/i.test(text))) return null;
  const values = text.split(/;\s?/, 60).map((piece) => piece.slice(piece.indexOf("=") + 1));
  if (!values.some((value) => looksRandom(value, 16))) return null;
  return {
    rule: "secret",
    score: 0.75,
    severity: "high",
    why: [promised ? "name says COOKIE" : "a cookie as a server sets it", "session cookies"],
    part: text,
  };
}

/** What has a colon in the middle and is no login. */
const NO_LOGIN: readonly { readonly in: "user" | "password" | "text"; readonly pattern: RegExp }[] = [
  { in: "password", pattern: /^\/\// },
  {
    in: "user",
    pattern:
      /^(?:turns?|stuns?|sips?|tel|mailto|urn|data|did|tcp|udp|unix|system|(?:course|program|library|block|asset)-v1)$/,
  },
  { in: "password", pattern: /\.{3}$/ },
  // `NAME:.status.packageName`: a column and where it is.
  { in: "password", pattern: /^\.[a-z]\w{1,40}(?:\.|$)/i },
  { in: "password", pattern: /^(?:host|server|port|dbname|unix_socket|dsn)=/i },
  // A network card's address, or IPv6's.
  {
    in: "text",
    pattern: /^(?:[0-9a-f]{2}[:-]){5,7}[0-9a-f]{2}$|^(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?:\/\d{1,3})?$/i,
  },
  // OpenSSL's `basicConstraints = CA:TRUE`.
  { in: "text", pattern: /^(?:critical,\s?)?CA:(?:TRUE|FALSE)\b/i },
  { in: "password", pattern: /^<.*>$|^\*+$|^x{3,}$/i },
];

/** `user:password` in one value, or Neo4j's `user/password`. The name must say login, or the user must be a usual one. */
function pairOfLogin(name: NameInfo, text: string): EvidenceOutcome {
  const match = /^([A-Za-z0-9._@+$-]{1,64})([:/])(\S{1,200})$/.exec(text);
  if (match === null) return null;
  const [, user = "", mark, password = ""] = match;
  if (mark === "/" && !(name.key.includes("neo4j") && name.family === "auth")) return null;
  const promised = promises(name);
  if (!promised && !isUsualLogin(user, password)) return null;
  const parts = { user, password, text };
  if (NO_LOGIN.some((one) => one.pattern.test(parts[one.in]))) return null;
  const pointed = reference(password);
  if (pointed !== null) return pointed;
  return {
    rule: "user-password",
    score: promised ? 0.86 : 0.7,
    severity: "high",
    why: [promised ? "name says login" : "usual user name", "user name, colon, password"],
    part: password,
  };
}

function isUsualLogin(user: string, password: string): boolean {
  return LOGINS.test(user) && humanPassword(password) && !/^v?\d/.test(password) && !/[/:]/.test(password);
}

/** `alice:s3cret!,bob:…` and `foo:pass:1001` under a name that ends in USERS. */
export function listOfLogins(name: NameInfo, text: string): EvidenceOutcome {
  const match = /^[\w.@-]{1,64}:([^\s:,;]{3,64})(?:[,:;]|$)/.exec(text.replace(/[;|]/, ":"));
  const password = match?.[1];
  if (password === undefined || /^v?\d{1,5}(?:\.\d{1,6}){1,4}/.test(password)) return null;
  if (/^x{3,}$|^\*+$/i.test(password) || reference(password) !== null) return null;
  if (!/(?:^|_)(?:users?|accounts?|logins?)$/.test(name.key)) return null;
  if (!humanPassword(password) && !/(?:^|_)(?:s?ftp|samba|smb|basic|auth|http|proxy|mail|local)(?:_|$)/.test(name.key))
    return null;
  return {
    rule: "user-password",
    score: 0.7,
    severity: "high",
    why: ["name says users", "user names with passwords"],
    part: password,
  };
}

function promises(name: NameInfo): boolean {
  return (
    name.family !== null ||
    /(?:^|_)(?:auth|basic|userpass|userpwd|users?_pass|htpasswd|login|creds?|credentials?|basicauth)(?:_|$)|^bundle_.{1,60}_(?:com|org|net|io|dev)$/.test(
      name.key,
    )
  );
}

/** Twelve to twenty-four short words, as wallets print them. */
export function mnemonic(text: string): boolean {
  const list = text.trim().split(/[\s,]+/, 30);
  return [12, 15, 18, 21, 24].includes(list.length) && list.every((word) => /^[a-z]{3,8}$/.test(word));
}

/** What a person types when asked for letters, digits and a mark. */
function humanPassword(text: string): boolean {
  if (text.length < 6 || text.length > 64 || /\s/.test(text)) return false;
  const letters = /[A-Za-z]/.test(text);
  const digits = /\d/.test(text);
  const marks = /[!@#$%^&*?+=~]/.test(text);
  return letters && (digits || marks);
}

/** More than a word, a slug or a host: mixed characters, or letters that read like none. */
function secretLike(text: string): boolean {
  if (text.length < 6 || /\s/.test(text)) return false;
  if (text.length < 8) return /\d{2}/.test(text) && /[A-Z]/.test(text) && /[a-z]/.test(text);
  if (/^[a-z]+(?:[-_.:/][a-z]+)*$/i.test(text)) {
    const words = wordiness(text);
    return /^[a-z]{16,}$/i.test(text) && words !== null && words < 5;
  }
  if (/^\d+$/.test(text)) return text.length >= 12;
  const marks = /[!@#$%^&*?+=~]/.test(text);
  const digits = text.replace(/\D/g, "").length;
  return marks || digits >= 2;
}
