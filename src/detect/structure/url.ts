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
  let best: Evidence | null = null;
  const password = url.password === null ? "" : decoded(url.password);
  // A Sentry DSN, which every browser sees; a manual's USER:PASSWORD@HOST; a script's $USER:$PASSWORD@host.
  if (url.password === null && /^[0-9a-f]{32}$/.test(url.user) && /^\/(?:[\w-]{1,60}\/)?\d{1,20}$/.test(url.rest))
    return null;
  if (/^[A-Z_]{2,30}$/.test(url.user) && /^[A-Z_]{0,20}(?:PASSWORD|PASS|PWD|PASSWD|SECRET|TOKEN)$/.test(password))
    return null;
  if (/^\$[A-Za-z_]\w{0,60}$/.test(password)) return null;
  if (url.user.toLowerCase() === "$env") return null;
  if (url.user === "anonymous" && /^ftps?$/i.test(url.scheme)) return null;
  if (password === "x-oauth-basic" || (url.password === "" && looksRandom(url.user, 20))) {
    best = tokenAsUser(url.user, judge);
  } else if (password !== "") {
    const found = judge(
      "password",
      password,
      `password in ${/^[aeiou]/.test(url.scheme) ? "an" : "a"} ${safeScheme(url.scheme)} URL`,
    );
    if (found !== null) best = { ...found, rule: "url-password", score: Math.max(found.score, 0.93) };
  } else if (looksRandom(url.user, 20) && !/^(?:enode|enr|p2p|ssh)$/i.test(url.scheme)) {
    best = tokenAsUser(url.user, judge);
  }
  // Symfony's mailers and notifiers by API take the key for the user.
  if (url.password === null && url.host === "default" && /^[\w.-]{20,200}$/.test(url.user))
    best = stronger(best, tokenAsUser(url.user, judge));
  // Lettuce takes a password alone for the user.
  if (url.password === null && /^rediss?-(?:sentinel|socket)$/i.test(url.scheme) && url.user !== "")
    best = stronger(best, judge("password", decoded(url.user), "password in a Redis URL"));
  // Outline takes the options of its Redis client as base64 in place of a host.
  if (/^ioredis$/i.test(url.scheme)) best = stronger(best, judge("redis_options", url.host + url.rest, "base64"));
  // The last part of a stream's address is the key that lets one send there.
  if (/^rtmps?$/i.test(url.scheme)) best = stronger(best, streamKey(url.rest, judge));
  // conda's private channels carry the token in the path.
  const conda = url.rest.startsWith("/t/") ? /^\/t\/([\w-]{20,200})(?:\/|$)/.exec(url.rest)?.[1] : undefined;
  if (conda !== undefined && (ANACONDA.test(conda) || (/conda|quetz/i.test(url.host) && looksRandom(conda, 20))))
    best = stronger(best, tokenAsUser(conda, judge));
  const query = url.rest.indexOf("?");
  if (query >= 0) best = stronger(best, inQuery(url.rest.slice(query + 1), judge, url.scheme));
  // Apprise's and shoutrrr's addresses carry the token in the path.
  if (
    best === null &&
    /^(?:gotifys?|ntfys?|pover|pbul|join|slack|discord|tgram|telegram|msteams|matrixs?|rockets?|mmosts?|pagerduty|opsgenie|ifttt|twilio|sendgrid|mailgun|signals?|pushover|pushbullet|teams|zulip|prowl|simplepush|bark|line|dingtalk|feishu|wecombot|serverchan)$/i.test(
      url.scheme,
    )
  ) {
    const gotify = /^gotifys?$/i.test(url.scheme);
    const piece = `${url.host}${url.rest}`
      .split(/[/?#&=]/)
      .findLast((text, at) => looksRandom(text, 12) || (gotify && at > 0 && GOTIFY.test(text)));
    if (piece !== undefined) best = tokenAsUser(piece, judge);
  }
  if (hook && best === null) {
    const piece = url.rest.split(/[/?#&=]/).find((text) => looksRandom(text, 20));
    if (piece !== undefined) best = judge("webhook_secret", piece, "webhook URL with a random part");
    if (best !== null) best = { ...best, rule: "url-token", score: Math.min(best.score, 0.8) };
  }
  return best;
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

/** Connection strings that are no URLs: Go's `user:pass@tcp(host)/db`, Oracle's `user/pass@host`, `user:pass@host:port`. */
function inDsn(text: string, judge: Judge): Evidence | null {
  return inLogin(text, judge, true);
}

/** The same for a word of a command, where `name/version@place` is a package or an action and no login of Oracle's. */
export function inLogin(text: string, judge: Judge, oracleToo = false): Evidence | null {
  if (!text.includes("@") || text.includes("://") || text.length > 2000 || /^mailto:/i.test(text)) return null;
  // OpenSSL's lists of ciphers: `ALL:!ADH:!LOW@STRENGTH`.
  if (/@(?:STRENGTH|SECLEVEL\b)/.test(text)) return null;
  // Who may do something in Google's cloud and in Kubernetes.
  if (/^(?:deleted:)?(?:group|serviceAccount|system):/.test(text)) return null;
  const go =
    /^[\w.-]{1,64}:([^\s]{1,200})@(?:tcp|tcp6|unix|udp|cloudsql)?\([^\s()]{1,200}\)\/|^[\w.-]{1,64}:([^\s/@]{1,200})@\/\w/.exec(
      text,
    );
  const oracle =
    /^(?:jdbc:oracle:(?:thin|oci):)?[A-Za-z][\w$#.-]{0,64}\/("[^"]{1,100}"|[^\s@/]{1,100})@(?:\/\/)?[A-Za-z0-9(][^\s]{1,300}$/.exec(
      text,
    );
  const bare =
    /^(?:sips?:)?[\w.+-]{1,64}:([^\s@]{1,200})@(?:[A-Za-z0-9[][\w.\]-]{0,200}(?::\d{1,5})?|:\d{1,5})(?:[/?][^\s]{0,400})?$/.exec(
      text,
    );
  const part =
    go?.[1] ??
    go?.[2] ??
    (oracleToo && oracle !== null && opensOracle(text, oracle[1] as string) ? oracle[1] : undefined) ??
    (/^(?:jdbc|github|gitlab|bitbucket|gist|npm|jsr|pkg|docker|oci|workspace):/.test(text) ? undefined : bare?.[1]);
  if (part === undefined || (!oracleToo && /^(?:\d{1,5}|v?\d+(?:\.\d+)+[\w.-]*|latest|sha256)$/.test(part)))
    return null;
  // `jsmith:P@ssw0rd470`: a password with an at sign in it, and no host behind.
  if (part === bare?.[1] && part.length < 4 && !/[.:/]/.test(text.slice(text.lastIndexOf("@")))) return null;
  // `ada:Copper@5836`: no host is a number.
  if (part === bare?.[1] && /@\d{1,8}$/.test(text)) return null;
  const found = judge("password", part, "password in a connection string");
  return found === null ? null : { ...found, rule: "url-password", score: Math.max(found.score, 0.9) };
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
