import { looksRandom } from "../entropy.ts";
import type { NamedLiteral } from "./assignment.ts";

/** What people call a secret in a sentence, what they put behind it, and the value; the bytes of UTF-8 are one character each. */
const STATED =
  /(?:^|[^\w/.])(?<name>pass(?:word|wd|phrase|code)?|pwd?|pw|passwort|kennwort|mot de passe|contrase\xc3\xb1a|senha|has\xc5\x82o|wachtwoord|secret(?: key)?|(?:api|access|auth)[ _-]?(?:key|token)|token)\*{0,2}["')]?(?:\s{1,2}(?:for|of)\s[\w.@-]{1,60}(?:\s[\w.@-]{1,40})?)?\s{0,3}(?:is(?: generated for [\w.@-]{1,80})?|was|are|=>|->|[:=-]|\xe2\x80\x93|\xe2\x86\x92|\s)(?:\s?[:=])?\s{0,3}\*{0,2}\s{0,2}(?<mark>["'`]?)(?<value>[^\s"'`<>{}()|,;]{6,128})\k<mark>/gi;
/** `user: x, password: y`, `ID:x PW:y`, `u: x p: y`: after a name for the account anything is its password. */
const ACCOUNT =
  /(?:^|[^\w])(?:user(?:[ _-]?name)?|login|id|account|acct|u|email|e-mail)\s{0,2}[:=]\s{0,2}["'`]?[\w.@+-]{1,64}["'`]?\s{0,3}[,;/|&\s]\s{0,3}(?:and\s)?(?:password|passwd|pass|pwd?|pw|p)\s{0,2}[:=]\s{0,2}["'`]?(?<value>[^\s"'`<>{}()|,;]{4,128})/gi;
/** What of such a line is looked for first. */
const PASSWORD_SIGN = /p(?:ass(?:word|wd)?|wd?)?\s{0,2}[:=]/i;
/** `admin / y`, `admin:y` behind words that say that it is a login. */
const LOGIN =
  /\b(?:log[ -]?in|sign in|credentials?|creds|default (?:user|account)|user(?:name)?\s?\/\s?pass(?:word)?|account|vpn|ssh|ftp|wifi)\b[^\n]{0,40}?[\s:(]["'`*]{0,2}[A-Za-z][\w.@-]{1,40}["'`*]{0,2}\s{0,2}[/:]\s{0,2}["'`*]{0,2}(?<value>[^\s"'`<>{}()|,;/:*]{6,128})/gi;

/** A header as clients and servers log it. */
const HEADER =
  /\b(?:proxy-)?authorization["']?\s{0,2}[:=]\s{0,2}["']?(?<value>(?:bearer|basic|token|apikey)\s{1,2}[\w.~+/=-]{12,2000})/gi;

/** The passwords that a line of prose says in words; a value has to look like one, but behind the name of an account. */
export function saidIn(line: string): NamedLiteral[] {
  // No value is likely without a digit.
  if (line.length > 2000 || !/\d/.test(line)) return [];
  const found: NamedLiteral[] = [];
  const add = (match: RegExpExecArray | RegExpMatchArray, name: string, isSure: boolean): void => {
    const value = (match.groups?.["value"] ?? "").replace(/[.!?:]$/, "");
    if (!(isSure ? isTyped(value) : isLikely(value))) return;
    const start = (match.index ?? 0) + match[0].lastIndexOf(value);
    if (found.some((one) => start < one.end)) return;
    found.push({ name, start, end: start + value.length, value, quoted: true });
  };
  if (PASSWORD_SIGN.test(line)) for (const match of line.matchAll(ACCOUNT)) add(match, "password", true);
  found.push(...headersIn(line));
  for (const match of line.matchAll(STATED)) {
    const noun = (match.groups?.["name"] ?? "").toLowerCase();
    const isKey = /key|token|secret/.test(noun);
    if (!isKey || looksRandom(match.groups?.["value"] ?? "", 16))
      add(match, isKey ? noun.replace(/[ -]/g, "_") : "password", false);
  }
  if (line.includes("/") || line.includes(":")) for (const match of line.matchAll(LOGIN)) add(match, "password", false);
  return found;
}

function headersIn(line: string): NamedLiteral[] {
  return [...(/authorization/i.test(line) ? line.matchAll(HEADER) : [])].flatMap(({ index, 0: whole, groups }) => {
    const value = groups?.["value"] ?? "";
    if (!looksRandom(value.slice(value.lastIndexOf(" ") + 1), 12)) return [];
    const end = index + whole.length;
    return [{ name: "authorization", start: end - value.length, end, value, quoted: true }];
  });
}

/** Programs that documents show with a login. */
const SHOWN =
  /^\s{0,40}(?:[-*]\s{1,4})?(?:[$#>%]\s|`)?(?:sudo\s)?(?=(?:curl|wget|docker|podman|mysql|mysqldump|mysqladmin|mariadb|psql|redis-cli|sshpass|mongo|mongosh|ldapsearch|ldapadd|helm|https?|sqlcmd|sqlplus|influx|cqlsh|smbclient|net\suse|rabbitmqctl|htpasswd|openssl|keytool|ansible-playbook)\s)/;

/** The command that a line of prose shows; null if it shows none. */
export function shownCommand(line: string): string | null {
  const lead = line.length < 2000 ? SHOWN.exec(line) : null;
  return lead === null ? null : line.slice(lead[0].length).trimEnd().replace(/`$/, "");
}

/** Not a number, a path, an address or a version. */
const OTHER =
  /^[\d.,:%-]+$|^v?\d{1,4}\.\d|^[./~]|\/\/|^[\w.-]+\.(?:com|org|net|io|dev|md|txt|ya?ml|json|html?|php|py|js|ts|go|java|rb|sh|conf|cfg|ini|xml)$|^[\w-]+=|^(?:sha|md|utf|base|oauth|aes|rsa|hs|http)-?\d|@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}$|^--?[a-z]|\[|\]|%[sd]|\\|\$[A-Za-z{(]|^\*+$|^x+$/i;

/** As people make a password who are asked for letters, digits and marks. */
export function isLikely(value: string): boolean {
  if (OTHER.test(value) || value.length < 6) return false;
  if (looksRandom(value, 12)) return true;
  return (
    /[A-Za-z]/.test(value) &&
    /\d/.test(value) &&
    (/[^\w.-]/.test(value) ||
      /[A-Z]/.test(value.slice(1)) ||
      /^[a-z]{4,16}\d{2,6}$/.test(value) ||
      /^[A-Z][a-z]{2,16}\d{2,6}$/.test(value))
  );
}

function isTyped(value: string): boolean {
  if (OTHER.test(value) || value.length < 4) return false;
  return isLikely(value) || (/[a-z]/i.test(value) && /[\d!@#$%^&*?]/.test(value));
}
