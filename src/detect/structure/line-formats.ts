import { looksRandom } from "../entropy.ts";
import type { Evidence, Judge } from "../evidence.ts";
import { readName } from "../names/names.ts";
import { humanPassword } from "../names/passwordish.ts";

/**
 * A settings file that puts a space between name and value: Redis' `requirepass X`, msmtp's `password X`, BIND's `secret "X";`.
 * Two words of prose look the same, so that the second must look like a password.
 */
const SPACED = /^\s{0,40}([A-Za-z][\w.-]{1,60})\s{1,12}["']?([^\s"';#$%{}<>]{3,200})["']?;?\s{0,4}$/;

/** Redis Sentinel's `sentinel auth-pass NAME PASSWORD`, and PgBouncer's list of users: `"name" "password"`. */
const USERS =
  /^\s{0,40}(?:sentinel\s{1,4}(?:auth-pass\s{1,4}\S{1,100}|sentinel-pass)\s{1,4}([^\s"'$]{3,200})|"[\w.@-]{1,64}"\s{1,8}"([^"$]{8,200})")\s{0,4}$/;

/** A password that stands behind its name and a space, or in a list of users. */
export function spaced(line: string, judge: Judge): Evidence | null {
  const users = line.includes("l-pass") || line.includes("auth-pass") || line.includes('" "') ? USERS.exec(line) : null;
  const listed = users?.[1] ?? (looksRandom(users?.[2] ?? "", 12) ? users?.[2] : undefined);
  if (listed !== undefined) return judge("password", listed, "line of a settings file");
  const match = SPACED.exec(line);
  if (match === null) return null;
  const [, name = "", value = ""] = match;
  const { family } = readName(name);
  // `rootpw --lock`
  if (/^--[a-z]/.test(value)) return null;
  const sure =
    /^(?:requirepass|masterauth|primaryauth|bindpw|rootpw|rootbindpw|dnpass|remote_password|AuthLDAPBindPassword)$/i.test(
      name,
    );
  if (family === null || !(sure || looksRandom(value, 12) || (family === "password" && isTyped(name, value))))
    return null;
  return judge(name, value, "line of a settings file");
}

/** As people make passwords; behind a name of several words, such as `BindPassword`, a digit is enough. */
function isTyped(name: string, value: string): boolean {
  return (
    humanPassword(value) || (/[A-Za-z_.-]pass(?:word|phrase|wd)$/i.test(name) && /^[a-z]{5,30}\d{1,6}$/.test(value))
  );
}

/** `stats auth USER:PASSWORD` and `user NAME insecure-password PASSWORD`. Source: HAProxy's configuration manual. */
const HAPROXY = /\b(?:stats\sauth\s{1,8}["']?[\w.@-]{1,64}:|insecure-password\s{1,8}["']?)(?!%\[)([^\s"'\\$]{3,200})/;

/** `.netrc`, `.pgpass`, HAProxy's users and npm's `//registry/:_authToken=…`. */
export function byFormat(line: string, judge: Judge): Evidence | null {
  const netrc =
    /\b(?:machine\s\S{1,200}|default)\s{1,20}login\s{1,20}\S{1,200}\s{1,20}password\s{1,20}([^\s"']{1,400})/.exec(line);
  if (netrc !== null && !/^(?:%s|\$|")/.test(netrc[1] as string))
    return judge("netrc_password", netrc[1] as string, "netrc");
  if (line.includes("LoginModule")) {
    const login = /\buser_[\w.-]{1,64}\s?=\s?\\?["']([^"'\\]{1,200})\\?["']/.exec(line);
    if (login !== null) return judge("password", login[1] as string, "login module");
  }
  const haproxy = line.includes("auth") || line.includes("insecure") ? HAPROXY.exec(line) : null;
  if (haproxy !== null) return judge("password", haproxy[1] as string, "line of a settings file");
  const pgpass = /^[\w.*-]{1,200}:(?:\d{1,5}|\*):[\w*.-]{1,64}:[\w*.@-]{1,64}:([^\s:]{1,200})$/.exec(line.trim());
  // `mon:03:00-mon:04:00` is a maintenance window.
  if (pgpass !== null && (pgpass[1] as string).length > 2)
    return judge("pgpass_password", pgpass[1] as string, "pgpass line");
  const npm = /\/\/[\w.-]{1,200}[\w./-]{0,200}:(_authToken|_password|_auth)\s?[=\s]\s?["']?([^\s"'<>;)]{1,2000})/.exec(
    line,
  );
  // `_authToken=$(cat /run/secrets/npm)`: what a command prints is not known.
  if (npm !== null && !/^(?:\$\(|`)/.test(npm[2] as string))
    return judge(npm[1] === "_password" ? "password" : "npm_token", unquote(npm[2] as string), "npm settings");
  return null;
}

/** Without the quotes around it, if there are two of a kind; `"a" "b"` is no quoted text. */
export function unquote(text: string): string {
  const first = text.charAt(0);
  const quoted =
    text.length > 1 &&
    (first === '"' || first === "'") &&
    text.endsWith(first) &&
    !/^\s/.test(text.slice(text.indexOf(first, 1) + 1));
  return quoted ? text.slice(1, -1) : text;
}
