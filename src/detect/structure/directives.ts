import { looksRandom } from "../entropy.ts";
import type { Evidence, Judge } from "../evidence.ts";
import { readName } from "../names/names.ts";
import { humanPassword } from "../names/passwordish.ts";

/** What sets a header or a variable in the settings of web servers: `proxy_set_header Authorization "Basic …";`. */
const SETS =
  /^\s{0,40}(?:(?:proxy|grpc)_set_header|add_header|(?:fastcgi|uwsgi|scgi)_param|set|setenv|Request(?:Header)\s{1,4}(?:set|add|append)|Header\s{1,4}(?:always\s{1,4})?(?:set|add)|http-request\s{1,4}(?:set|add)-header|SetEnv|php_(?:admin_)?value|env)\s{1,8}["']?\$?([A-Za-z][\w.-]{1,60})["']?\s{1,8}(?:"([^"\n]{3,400})"|'([^'\n]{3,400})'|([^\s"';]{3,400}))/i;

/**
 * Lines of switches, routers and firewalls: `enable password 7 …`, `username x secret 9 …`, `snmp-server community … RO`.
 * Sources: Cisco IOS, Juniper Junos and Fortinet's FortiOS command references.
 */
const NETWORK =
  /^\s{0,8}(?:enable|username\s\S{1,64}(?:\sprivilege\s\d{1,2})?|snmp-server|(?:tacacs|radius)-server(?:\shost\s\S{1,80})?|crypto\sisakmp|neighbor\s\S{1,80}|ip\sospf|ppp\s(?:chap|pap)|wpa-psk|key|pre-shared-key|set(?:\s[\w-]{1,40}){0,5}|standby\s\d{1,4})[\s-](?:secret|password|key|string|authentication-key|community|psk|psksecret|ascii(?:-text)?|pre-shared-key\sascii-text)\s{1,4}(?:(?:\d|ENC|encrypted|ascii)\s{1,4})?"?([^\s"';{}]{4,200})"?(?:\s|$)/;

/** `user NAME on >PASSWORD …`: a rule of Redis' access lists. */
const REDIS_USER = /^\s{0,8}user\s{1,4}[\w.-]{1,64}\s[^>\n]{0,200}>([^\s"'$<>&]{3,200})(?:\s|$)/;

/** A secret in a line that begins with words of its program: the directives of web servers, and of network devices. */
export function byDirective(line: string, judge: Judge): Evidence | null {
  const set = line.includes(" ") || line.includes("\t") ? SETS.exec(line) : null;
  if (set !== null) return ofSetter(set[1] as string, set[2] ?? set[3] ?? set[4] ?? "", judge);
  const network = NETWORK.exec(line)?.[1];
  if (network !== undefined && !/^(?:level|any|default|policy|encryption|generate|chain)$/.test(network))
    return judge("password", network, "line of a network device");
  const user = line.includes(">") ? REDIS_USER.exec(line)?.[1] : undefined;
  return user === undefined ? null : judge("password", user, "rule of a Redis user");
}

function ofSetter(name: string, value: string, judge: Judge): Evidence | null {
  const { family } = readName(name);
  if (family === null || /^\$|\$\{|\$[a-z]\w{2}/.test(value)) return null;
  const isLikely = family === "password" ? humanPassword(value) || looksRandom(value, 8) : true;
  return isLikely ? judge(name, value, "line of a settings file") : null;
}
