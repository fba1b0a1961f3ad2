import { looksRandom } from "../entropy.ts";
import type { Evidence, Judge } from "../evidence.ts";
import { readName } from "../names/names.ts";
import { humanPassword } from "../names/passwordish.ts";

/** What sets a header or a variable in the settings of web servers: `proxy_set_header Authorization "Basic …";`. */
const SETS =
  /^\s{0,40}(?:[^"'{}#\n]{1,80}\{\s{1,4})?(?:(?:proxy|grpc)_set_header|add_header|header_up|request_header|(?:fastcgi|uwsgi|scgi)_param|set|setenv|Request(?:Header)\s{1,4}(?:set|add|append)|Header\s{1,4}(?:always\s{1,4})?(?:set|add)|http-request\s{1,4}(?:set|add)-header|SetEnv|php_(?:admin_)?value|env)\s{1,8}["']?\$?([A-Za-z][\w.-]{1,60})["']?\s{1,8}(?:"([^"\n]{3,400})"|'([^'\n]{3,400})'|([^\s"';]{3,400}))/i;

/**
 * Lines of switches, routers and firewalls: `enable password 7 …`, `username x secret 9 …`, `snmp-server community … RO`.
 * Sources: Cisco IOS, Juniper Junos and Fortinet's FortiOS command references.
 */
const NETWORK =
  /^\s{0,8}(?:enable|username\s\S{1,64}(?:\sprivilege\s\d{1,2})?|snmp-server|(?:tacacs|radius)-server(?:\shost\s\S{1,80})?|crypto\sisakmp|neighbor\s\S{1,80}|ip\sospf|ppp\s(?:chap|pap)|wpa-psk|key|pre-shared-key|set(?:\s[\w.-]{1,40}){0,7}|standby\s\d{1,4})[\s-](?:secret|passw(?:or)?d|passphrase|pwd|key|string|authentication-key|community|psk|psksecret|ascii(?:-text)?|pre-shared-key\sascii-text|plain-text-password-value)\s{1,4}(?:(?:\d|ENC|encrypted|ascii)\s{1,4})?"?([^\s"';{}]{4,200})"?(?:\s|;|$)/;

/** The same behind the algorithm that the key is for, and what Junos hides so that it can be read again. */
const KEYED =
  /\b(?:(?:message-digest-key|authentication-key)\s\d{1,5}\s(?:md5|sha\d{0,3}|hmac-[\w-]{3,12})|key-string|snmp-server\suser\s[^\n]{1,80}\sauth\s(?:md5|sha(?:-?\d{3})?)|r[ow]community6?)\s{1,4}(?:\d\s)?"?(?!public\b)([^\s"';{}]{4,200})|"(\$9\$[^"$\s]{6,200})"/;

/** `key …` of a server that is named above. */
const SERVER_KEY = /^\s{1,4}key\s(?:\d\s)?([^\s"';{}]{6,200})\s{0,4}$/;

/** `user NAME on >PASSWORD …`: a rule of Redis' access lists. */
const REDIS_USER = /^\s{0,8}user\s{1,4}[\w.-]{1,64}\s[^>\n]{0,200}>([^\s"'$<>&]{3,200})(?:\s|$)/;

/** What nginx compares with a parameter or header. */
const COMPARES = /\bif\s?\(\s?\$(?:arg|http|cookie)_(\w{2,60})\s?!?[=~]\*?\s?["']?([^\s"')$]{8,200})["']?\s?\)/;

/**
 * Passwords that stand behind words of their program. Sources: HAProxy's configuration manual (`tcp-check send`), nginx'
 * secure_link and redis2 modules, Asterisk's `register`.
 */
const BEHIND: readonly (readonly [sign: string, name: string, pattern: RegExp])[] = [
  ["AUTH", "password", /\bsend\s{1,4}["']?AUTH\\?\s([^\s\\"'$]{3,200})/],
  ["Authorization:", "basic_auth", /Authorization:\\?\s{1,2}Basic\\?\s{1,2}([A-Za-z0-9+/]{8,400}={0,2})/],
  ["secure_link_md5", "secret", /secure_link_md5\s{1,4}["'][^"'\n]{0,200}[\s}]([^\s"'$}]{4,200})["'];/],
  ["redis2_query", "password", /redis2_query\s{1,4}auth\s{1,4}["']?([^\s"'$;]{3,200})/],
  ["smtp_sasl_password_maps", "password", /=\s{0,4}static:[\w.@+-]{1,64}:([^\s:}$]{3,200})/],
  ["register", "password", /^register\s?=>\s?[\w.+-]{1,64}(?:@[\w.-]{1,80})?:([^\s:$]{3,200})(?::[\w.-]{1,64})?@/],
  ["dns", "token", /^\s{0,40}dns\s{1,4}[a-z]\w{1,30}\s{1,4}(?=\S{0,60}\d)([A-Za-z0-9_-]{24,200})\s{0,4}$/],
];

/** What sets a variable of an environment: as a file of variables does. */
const VARIABLES = /^\s{0,40}(?:SetEnv|(?:fastcgi|uwsgi|scgi)_param)\s/;

/** What such lines begin with: most lines are looked at no further. */
const FIRST =
  /^\s{0,40}(?:ip|ntp|standby|key|key-string|message-digest-key|authentication-key|snmp-server|r[ow]community6?|option|tcp-check|http-check|secure_link_md5|redis2_query|smtp_sasl_password_maps|register|dns|if)[\s(]/;

/** A secret in a line that begins with words of its program: the directives of web servers, and of network devices. */
export function byDirective(line: string, judge: Judge): Evidence | null {
  const hasSpace = line.includes(" ") || line.includes("\t");
  if (!hasSpace) return null;
  const network = NETWORK.exec(line)?.[1];
  if (network !== undefined) return judge("password", network, "line of a network device");
  const set = SETS.exec(line);
  if (set !== null) {
    const value = set[2] ?? set[3] ?? set[4] ?? "";
    if (VARIABLES.test(line) && !/^\$[a-z]/.test(value))
      return judge(set[1] as string, value, "line of a settings file");
    return ofSetter(set[1] as string, value, judge);
  }
  const user = line.includes(">") ? REDIS_USER.exec(line)?.[1] : undefined;
  if (user !== undefined) return judge("password", user, "rule of a Redis user");
  return FIRST.test(line) || line.includes('"$9$') ? (keyOfDevice(line, judge) ?? behindWords(line, judge)) : null;
}

function keyOfDevice(line: string, judge: Judge): Evidence | null {
  const keyed = KEYED.exec(line);
  if (keyed !== null) return judge("password", keyed[1] ?? keyed[2] ?? "", "line of a network device");
  const key = SERVER_KEY.exec(line)?.[1] ?? "";
  return humanPassword(key) || looksRandom(key, 12) ? judge("password", key, "line of a network device") : null;
}

function behindWords(line: string, judge: Judge): Evidence | null {
  for (const [sign, name, pattern] of BEHIND) {
    const value = line.includes(sign) ? pattern.exec(line)?.[1] : undefined;
    if (value !== undefined) return judge(name, value, "line of a settings file");
  }
  const [, name = "", value = ""] = (line.includes("$") ? COMPARES.exec(line) : null) ?? [];
  return looksRandom(value, 12) ? judge(name, value, "line of a settings file") : null;
}

function ofSetter(name: string, value: string, judge: Judge): Evidence | null {
  const { family } = readName(name);
  if (family === null || /^\$|\$\{|\$[a-z]\w{2}|^%\[/.test(value)) return null;
  const isLikely = family === "password" ? humanPassword(value) || looksRandom(value, 8) : true;
  return isLikely ? judge(name, value, "line of a settings file") : null;
}
