import { looksRandom } from "../entropy.ts";
import { readName } from "../names/names.ts";
import { humanPassword } from "../names/passwordish.ts";
import type { NamedLiteral } from "./assignment.ts";

/** The password of a list of users; `user` is what stands before it. */
export type ListedPassword = NamedLiteral & { readonly user: string };

/** What a map is called whose values are passwords under the names of users. */
const USERS = /^(?:\w{0,30}_)?(?:users?|accounts|logins|passwords|credentials|admins|basic_?auth)$/i;
/** `users = {`, `"users": {`. */
const OPENS_USERS =
  /(?:^|[\s"'{,])(\w{0,30}(?:users|accounts|logins|passwords|credentials|admins|basic_?auth))["']?\s{0,4}(?:=>|[:=])\s{0,4}\{/i;
const IN_BRACES =
  /(?:^|[\s{,])["']?([A-Za-z_][\w.@-]{0,60})["']?\s{0,4}(?:=>|[:=])\s{0,4}(?:"([^"\\\n]{6,128})"|'([^'\\\n]{6,128})')/g;
const LINE =
  /^([ \t]{1,120})["']?([A-Za-z_][\w.@-]{0,60})["']?:[ \t]{1,20}(?:"([^"\n]{6,128})"|'([^'\n]{6,128})'|([^\s"'#{}[\]&*!|>]\S{5,128}))\s{0,8}(?:#[^\n]{0,200})?$/;
/** Fields of a user, of which none is a user's name. */
const FIELD =
  /^(?:id|uid|gid|name|username|user|email|mail|role|roles|group|groups|type|kind|host|url|uri|image|tag|version|path|home|shell|comment|description|hash|sha\d{0,3}|digest|database|db|schema|port|key|value|ref|source)$/i;

/** False when a line opens no map that is read, so that the lines below it need no reading. */
export function mayOpenMap(line: string): boolean {
  // A template fills most of those in that have two.
  if (!opensBehindName(line) || line.includes("{{")) return false;
  return (USERS_SIGN.test(line) && OPENS_USERS.test(line)) || (FIELD_SIGN.test(line) && OPENS_FIELD.test(line));
}

/** Whether a brace stands behind a sign, and before that a quote or what a list of users is called: most lines have none. */
function opensBehindName(line: string): boolean {
  for (let brace = line.indexOf("{"); brace >= 0; brace = line.indexOf("{", brace + 1)) {
    const sign = beforeBlanks(line, brace - 1);
    if (!":=>".includes(line.charAt(sign) || " ")) continue;
    const end = beforeBlanks(line, line[sign] === ">" ? sign - 2 : sign - 1);
    const last = line.charAt(end);
    if (last === '"' || last === "'") return true;
    if (/[hs]/i.test(last) && ENDS_USERS.test(line.slice(Math.max(0, end - 12), end + 1))) return true;
  }
  return false;
}

const ENDS_USERS = /(?:users|accounts|logins|passwords|credentials|admins|auth)$/i;

/** `at`, or where the four blanks end that may stand before it. */
function beforeBlanks(line: string, at: number): number {
  let before = at;
  while (at - before < 4 && line.charCodeAt(before) <= 32) before--;
  return before;
}

/** What of both is looked for first: a name could begin at each character. */
const USERS_SIGN = /(?:users|accounts|logins|passwords|credentials|admins|auth)["']?\s{0,4}(?:=>|[:=])\s{0,4}\{/i;
const FIELD_SIGN = /["']\s{0,4}:\s{0,4}\{/;

/** `users = { ada = "…" }`, `"passwords": {"ada": "…"}`: `text` begins with a line that may open such a map. */
export function listedInBraces(text: string, line: string): ListedPassword[] {
  const opens = OPENS_USERS.exec(line);
  if (opens === null) return [];
  const from = opens.index + opens[0].length;
  const close = text.indexOf("}", from);
  const body = text.slice(from, close < 0 ? from + MOST : Math.min(close, from + MOST));
  return [...body.matchAll(IN_BRACES)].flatMap((match) => {
    const [whole, user = "", double, single] = match;
    const end = from + match.index + whole.length - 1;
    return listed(opens[1] as string, user, double ?? single ?? "", end, true);
  });
}

const MOST = 800;

/** The same in YAML: `linesBelow` are those below one that opens a map, whose indent is `indent`. */
export function listedBelow(name: string, linesBelow: () => string, indent: number): ListedPassword[] {
  if (!USERS.test(name)) return [];
  const below = linesBelow();
  const found: ListedPassword[] = [];
  let [at, own] = [0, 0];
  for (const line of below.split("\n", 40)) {
    const [, before = "", user = "", double, single, plain] = LINE.exec(line) ?? [];
    const width = before.length;
    if (user === "" || width <= indent || (own !== 0 && width !== own)) break;
    own = width;
    const value = double ?? single ?? plain ?? "";
    const start = at + line.indexOf(value, width + user.length + 1);
    found.push(...listed(name, user, value, start + value.length, plain === undefined));
    at += line.length + 1;
  }
  return found;
}

function listed(map: string, user: string, value: string, end: number, quoted: boolean): ListedPassword[] {
  if (readName(user).family !== null || FIELD.test(user)) return [];
  const isPassword = /passwords|logins|credentials|auth/i.test(map);
  if (!humanPassword(value) && !(isPassword && looksRandom(value, 12))) return [];
  return [{ name: "password", user, value, start: end - value.length, end, quoted }];
}

/** `"db_password": {` of Terraform's outputs and CloudFormation's parameters, and the field of it that holds the value. */
const OPENS_FIELD =
  /(?:^|[\s"'{,])((?=[\w.-]{0,60}(?:pass|pwd|secret|token|key))[A-Za-z_][\w.-]{1,79})["']\s{0,4}:\s{0,4}\{/i;
const FIELD_VALUE = /["'](value|default)["']\s{0,4}:\s{0,4}"((?:[^"\\\n]|\\.){3,400})"/i;
const YAML_VALUE =
  /^[ \t]{1,120}(value|Value|default|Default):[ \t]{1,8}(?:"([^"\n]{3,400})"|'([^'\n]{3,400})'|([^\s"'#{}[\]&*!|>]\S{2,400}))\s{0,8}(?:#[^\n]{0,200})?$/;

/** What an object has as the value of its name: `text` begins with a line that may open one. */
export function valueInBraces(text: string, line: string): NamedLiteral | null {
  const opens = OPENS_FIELD.exec(line);
  if (opens === null || !isSecret(opens[1] as string)) return null;
  const from = opens.index + opens[0].length;
  const close = text.slice(from, from + MOST).search(/[{}]/);
  const match = FIELD_VALUE.exec(text.slice(from, close < 0 ? from + MOST : from + close));
  if (match === null) return null;
  const [whole, field = "", value = ""] = match;
  const end = from + match.index + whole.length - 1;
  return given(opens[1] as string, field, value, end, true);
}

export function valueBelow(name: string, linesBelow: () => string, indent: number): NamedLiteral | null {
  if (!isSecret(name)) return null;
  const below = linesBelow();
  let at = 0;
  for (const line of below.split("\n", 8)) {
    if (line.length - line.trimStart().length <= indent) return null;
    const [, field = "", double, single, plain] = YAML_VALUE.exec(line) ?? [];
    const value = double ?? single ?? plain;
    if (value !== undefined) {
      const start = at + line.lastIndexOf(value);
      return given(name, field, value, start + value.length, plain === undefined);
    }
    at += line.length + 1;
  }
  return null;
}

function isSecret(name: string): boolean {
  const { family, setting } = readName(name);
  return setting === null && (family === "password" || family === "secret" || family === "token" || family === "key");
}

/** A default is an example as often as a value: it has to look like a secret. */
function given(name: string, field: string, value: string, end: number, quoted: boolean): NamedLiteral | null {
  if (/^d/i.test(field) && !looksRandom(value, 12) && !humanPassword(value)) return null;
  return { name, value, start: end - value.length, end, quoted };
}
