import type { Evidence, Judge } from "../evidence.ts";
import { stronger } from "../evidence.ts";
import { looksRandom } from "../entropy.ts";
import { readName } from "../names/names.ts";
import { humanPassword } from "../names/passwordish.ts";

/** A URL's parts as far as they matter, with the raw password; hand-made because passwords in the wild break `URL`. */
export type UrlParts = {
  readonly scheme: string;
  readonly user: string;
  readonly password: string | null;
  readonly host: string;
  /** Path, query and fragment. */
  readonly rest: string;
  readonly end: number;
};

const URLS = 2000;
const ANACONDA = /^[a-z]{2}-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Gotify's own tokens: a letter for the kind, then 14 random characters. */
const GOTIFY = /^[ACP][\w.-]{14}$/;

/** Cuts the URL whose `://` stands at `at`; null when nothing before it is a scheme. */
export function urlAt(text: string, at: number): UrlParts | null {
  const scheme = /[a-z][a-z0-9+.-]{0,30}$/i.exec(text.slice(Math.max(0, at - 31), at))?.[0];
  if (scheme === undefined) return null;
  const limit = Math.min(text.length, at + 3 + 4096);
  const left = text.slice(at + 3, limit);
  // Lists of addresses: `amqp://a,amqp://b`.
  const stop = left.search(/[\s"'<>`|]|,[a-z][a-z0-9+.-]{0,30}:\/\//i);
  const whole = stop < 0 ? left : left.slice(0, stop);
  const end = at + 3 + whole.length;
  const slash = whole.search(/[/?#]/);
  let authority = slash < 0 ? whole : whole.slice(0, slash);
  // A raw `/`, `?` or `#` in the password hides the `@`: what stands before the slash is then no host and port.
  if (!authority.includes("@") && whole.includes("@") && /^[^:@]{0,64}:(?!\d{1,5}$)./.test(authority)) {
    const back = whole.lastIndexOf("@");
    const next = whole.slice(back).search(/[/?#]/);
    authority = next < 0 ? whole : whole.slice(0, back + next);
  }
  const split = authority.lastIndexOf("@");
  const info = split < 0 ? "" : authority.slice(0, split);
  // `${USER:-app}:${PASSWORD:-…}@`: the first colon is the user's default.
  const colon = info.indexOf(":", info.startsWith("${") ? Math.max(0, info.indexOf("}")) : 0);
  return {
    scheme,
    user: colon < 0 ? info : info.slice(0, colon),
    password: colon < 0 ? null : info.slice(colon + 1),
    host: authority.slice(split + 1),
    rest: whole.slice(authority.length),
    end,
  };
}

/** A password or token in any URL of the text. */
export function inUrls(text: string, judge: Judge, hook: boolean): Evidence | null {
  let best: Evidence | null = null;
  let at = text.indexOf("://");
  for (let seen = 0; at >= 0 && seen < URLS; seen++) {
    const url = urlAt(text, at);
    if (url !== null) best = stronger(best, inUrl(url, judge, hook));
    at = text.indexOf("://", Math.max(at + 3, url?.end ?? 0));
  }
  return best ?? inDsn(text, judge);
}

function inUrl(url: UrlParts, judge: Judge, hook: boolean): Evidence | null {
  const password = url.password === null ? "" : decoded(url.password);
  if (opensNothing(url, password)) return null;
  let best = inUserInfo(url, password, judge);
  for (const read of BY_SCHEME) best = stronger(best, read(url, judge));
  best ??= messengerToken(url, judge);
  return best === null && hook ? hookToken(url, judge) : best;
}

/** A Sentry DSN, which every browser sees; a manual's USER:PASSWORD@HOST; a script's $USER:$PASSWORD@host. */
function opensNothing({ scheme, user, password: raw, rest }: UrlParts, password: string): boolean {
  if (raw === null && /^[0-9a-f]{32}$/.test(user) && /^\/(?:[\w-]{1,60}\/)?\d{1,20}$/.test(rest)) return true;
  if (/^[A-Z_]{2,30}$/.test(user) && /^[A-Z_]{0,20}(?:PASSWORD|PASS|PWD|PASSWD|SECRET|TOKEN)$/.test(password))
    return true;
  if (/^\$[A-Za-z_]\w{0,60}$/.test(password)) return true;
  return user === "anonymous" && /^ftps?$/i.test(scheme);
}

function inUserInfo({ scheme, user, password: raw }: UrlParts, password: string, judge: Judge): Evidence | null {
  if (password === "x-oauth-basic" || (raw === "" && looksRandom(user, 20))) return tokenAsUser(user, judge);
  if (password === "")
    return looksRandom(user, 20) && !/^(?:enode|enr|p2p|ssh)$/i.test(scheme) ? tokenAsUser(user, judge) : null;
  const step = `password in ${/^[aeiou]/.test(scheme) ? "an" : "a"} ${safeScheme(scheme)} URL`;
  const found = judge("password", password, step);
  return found && { ...found, rule: "url-password", score: Math.max(found.score, 0.93) };
}

/** What a scheme or a host has elsewhere than between `://` and `@`. */
const BY_SCHEME: readonly ((url: UrlParts, judge: Judge) => Evidence | null)[] = [
  // Symfony's mailers and notifiers by API take the key for the user.
  ({ user, password, host }, judge) =>
    password === null && host === "default" && /^[\w.-]{20,200}$/.test(user) ? tokenAsUser(user, judge) : null,
  // Lettuce takes a password alone for the user.
  ({ scheme, user, password }, judge) =>
    password === null && user !== "" && /^rediss?-(?:sentinel|socket)$/i.test(scheme)
      ? judge("password", decoded(user), "password in a Redis URL")
      : null,
  // Outline takes the options of its Redis client as base64 in place of a host.
  ({ scheme, host, rest }, judge) => (/^ioredis$/i.test(scheme) ? judge("redis_options", host + rest, "base64") : null),
  // The last part of a stream's address is the key that lets one send there.
  ({ scheme, rest }, judge) => (/^rtmps?$/i.test(scheme) ? streamKey(rest, judge) : null),
  // conda's private channels carry the token in the path.
  ({ host, rest }, judge) => {
    const token = rest.startsWith("/t/") ? /^\/t\/([\w-]{20,200})(?:\/|$)/.exec(rest)?.[1] : undefined;
    if (token === undefined) return null;
    return ANACONDA.test(token) || (/conda|quetz/i.test(host) && looksRandom(token, 20))
      ? tokenAsUser(token, judge)
      : null;
  },
  ({ scheme, rest }, judge) => {
    const query = rest.indexOf("?");
    return query < 0 ? null : inQuery(rest.slice(query + 1), judge, scheme);
  },
];

const MESSENGERS =
  /^(?:gotifys?|ntfys?|pover|pbul|join|slack|discord|tgram|telegram|msteams|matrixs?|rockets?|mmosts?|pagerduty|opsgenie|ifttt|twilio|sendgrid|mailgun|signals?|pushover|pushbullet|teams|zulip|prowl|simplepush|bark|line|dingtalk|feishu|wecombot|serverchan)$/i;

/** Apprise's and shoutrrr's addresses carry the token in the path. */
function messengerToken({ scheme, host, rest }: UrlParts, judge: Judge): Evidence | null {
  if (!MESSENGERS.test(scheme)) return null;
  const gotify = /^gotifys?$/i.test(scheme);
  const piece = `${host}${rest}`
    .split(/[/?#&=]/)
    .findLast((text, at) => looksRandom(text, 12) || (gotify && at > 0 && GOTIFY.test(text)));
  return piece === undefined ? null : tokenAsUser(piece, judge);
}

function hookToken({ rest }: UrlParts, judge: Judge): Evidence | null {
  const piece = rest.split(/[/?#&=]/).find((text) => looksRandom(text, 20));
  const found = piece === undefined ? null : judge("webhook_secret", piece, "webhook URL with a random part");
  return found && { ...found, rule: "url-token", score: Math.min(found.score, 0.8) };
}

function streamKey(path: string, judge: Judge): Evidence | null {
  const last = /\/([\w-]{16,200})$/.exec(path.split("?", 1)[0] as string)?.[1];
  if (
    last === undefined ||
    !(looksRandom(last, 16) || /^[a-z0-9]{4}(?:-[a-z0-9]{4}){3,4}$|^[a-z]{2,5}_\d{4,12}_\w{12,60}$/.test(last))
  )
    return null;
  const found = judge("token", last, "stream key");
  return found === null ? null : { ...found, rule: "url-token", score: Math.max(found.score, 0.8) };
}

function tokenAsUser(user: string, judge: Judge): Evidence | null {
  const found = judge("token", user, "token in a URL");
  return found === null ? null : { ...found, rule: "url-token", score: Math.max(found.score, 0.85) };
}

/** Query parameters whose names say secret; a token there must look like one, since short ones are words. */
function inQuery(query: string, judge: Judge, scheme: string): Evidence | null {
  let best: Evidence | null = null;
  // InfluxDB and Subsonic take `u=NAME&p=PASSWORD`, PHP's sessions in Redis `tcp://host?auth=PASSWORD`.
  const login = /(?:^|[&;])u=[^&;]/.test(query);
  const session = /^(?:tcp|tls|unix|rediss?)$/.test(scheme);
  for (const pair of query.split(/[&;]/, 100)) {
    const at = pair.indexOf("=");
    if (at < 1) continue;
    const name = readName(pair.slice(0, at));
    const value = decoded(pair.slice(at + 1));
    const key = pair.slice(0, at);
    if (
      ((login && key === "p") || (session && key === "auth")) &&
      /^(?!\d{1,4}$|true$|false$|none$).{3,200}$/i.test(value)
    ) {
      const found = judge("password", value, "URL parameter");
      if (found !== null) best = stronger(best, { ...found, rule: "url-password" });
      continue;
    }
    if (/^app_?id$/i.test(pair.slice(0, at)) && /^[0-9a-f]{32}$/.test(value))
      best = stronger(best, tokenAsUser(value, judge));
    if (name.family === null || (name.family !== "password" && !looksRandom(value, 12) && !UUID.test(value))) continue;
    const found = judge(pair.slice(0, at), value, "URL parameter");
    if (found !== null)
      best = stronger(best, { ...found, rule: name.family === "password" ? "url-password" : "url-token" });
  }
  return best;
}

/** What has an at sign and connects to nothing. */
const NO_CONNECTION = [
  /^mailto:/i,
  // OpenSSL's lists of ciphers: `ALL:!ADH:!LOW@STRENGTH`.
  /@(?:STRENGTH|SECLEVEL\b)/,
  // Who may do something in Google's cloud and in Kubernetes.
  /^(?:deleted:)?(?:group|serviceAccount|system):/,
];
const GO =
  /^[\w.-]{1,64}:([^\s]{1,200})@(?:tcp|tcp6|unix|udp|cloudsql)?\([^\s()]{1,200}\)\/|^[\w.-]{1,64}:([^\s/@]{1,200})@\/\w/;
const ORACLE =
  /^(?:jdbc:oracle:(?:thin|oci):)?[A-Za-z][\w$#.-]{0,64}\/("[^"]{1,100}"|[^\s@/]{1,100})@(?:\/\/)?[A-Za-z0-9(][^\s]{1,300}$/;
const BARE =
  /^(?:sips?:)?[\w.+-]{1,64}:([^\s@]{1,200})@(?:[A-Za-z0-9[][\w.\]-]{0,200}(?::\d{1,5})?|:\d{1,5})(?:[/?][^\s]{0,400})?$/;

/** Connection strings that are no URLs: Go's `user:pass@tcp(host)/db`, Oracle's `user/pass@host`, `user:pass@host:port`. */
function inDsn(text: string, judge: Judge): Evidence | null {
  return inLogin(text, judge, true);
}

/** The same for a word of a command, where `name/version@place` is a package or an action and no login of Oracle's. */
export function inLogin(text: string, judge: Judge, oracleToo = false): Evidence | null {
  if (!text.includes("@") || text.includes("://") || text.length > 2000) return null;
  if (NO_CONNECTION.some((pattern) => pattern.test(text))) return null;
  const part = passwordIn(text, oracleToo);
  if (part === null) return null;
  const found = judge("password", part, "password in a connection string");
  return found && { ...found, rule: "url-password", score: Math.max(found.score, 0.9) };
}

function passwordIn(text: string, oracleToo: boolean): string | null {
  const bare = BARE.exec(text)?.[1];
  const go = GO.exec(text);
  const oracle = oracleToo ? ORACLE.exec(text)?.[1] : undefined;
  const part = go?.[1] ?? go?.[2] ?? (oracle !== undefined && opensOracle(text, oracle) ? oracle : undefined);
  if (part !== undefined && part !== bare) return part;
  if (bare === undefined) return null;
  if (part === undefined && /^(?:jdbc|github|gitlab|bitbucket|gist|npm|jsr|pkg|docker|oci|workspace):/.test(text))
    return null;
  // `jsmith:P@ssw0rd470`: a password with an at sign in it, and no host behind; `ada:Copper@5836`: no host is a number.
  const place = text.slice(text.lastIndexOf("@"));
  return (bare.length < 4 && !/[.:/]/.test(place)) || /^@\d{1,8}$/.test(place) ? null : bare;
}

/**
 * `owner/name@place` is an image, an action or a package more often than a login of Oracle's: the place must be written as
 * one of its, or the password look like one. `kafka/host@REALM` is a Kerberos principal.
 */
function opensOracle(text: string, password: string): boolean {
  if (/\/[\w.-]{1,200}@[A-Z][A-Z0-9.-]{1,100}$|\/_HOST@/.test(text)) return false;
  const place = text.slice(text.lastIndexOf("@") + 1);
  if (/^(?:sha256:|v?\d{1,5}(?:\.\d{1,6}){0,4}(?:[-+.]\w{1,40}){0,4}$|[0-9a-f]{7,40}$)/.test(place)) return false;
  return (
    text.startsWith("jdbc:") ||
    /^\/\/|^\(|[:/]|^(?:orcl|xe|free|ora)|(?:pdb|cdb|ora)\d{0,3}$|_(?:high|medium|low|tp)$/i.test(place) ||
    looksRandom(password, 12) ||
    humanPassword(password)
  );
}

/** A scheme is shown only if it is a plain word. */
function safeScheme(scheme: string): string {
  return /^[a-z][a-z0-9+]{1,20}$/.test(scheme) ? scheme : "…";
}

function decoded(text: string): string {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
