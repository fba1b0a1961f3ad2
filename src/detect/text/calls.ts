import type { NamedLiteral } from "./assignment.ts";
import { unescaped, unescapedSingle } from "./unescape.ts";

/** A literal that stands where a known function takes a password; `callee` is the function. */
export type Argument = NamedLiteral & { readonly callee: string };

/** None of the patterns below matches a line without one of these. */
const HINTS = /PDO|mysql|login|auth|Connection|cred|Sequelize|setopt|bind\(|imap_open|oci_|odbc_|pg_p?connect/i;

/** Sources: the references of PHP (mysqli, PDO, ftp, imap, ldap, oci8, ssh2, cURL), JDBC, Python (requests, smtplib, imaplib, ftplib), Go (net/http), .NET and Spring. */
const CALLS: readonly (readonly [RegExp, string])[] = [
  [
    /(?<callee>\b(?:PDO|mysqli(?:_(?:real_)?connect)?|mysql_p?connect|getConnection|Sequelize|ftp_login|ssh2_auth_password|ldap_bind|imap_open|odbc_connect))\s?\(\s{0,4}(?:"(?:\\.|[^"\\\n]){0,200}"|'(?:\\.|[^'\\\n]){0,200}'|[\w$.>[\]:-]{1,80})\s{0,4},\s{0,4}(?:"(?:\\.|[^"\\\n]){0,200}"|'(?:\\.|[^'\\\n]){0,200}'|[\w$.>[\]:-]{1,80})\s{0,4},\s{0,4}(?<literal>"(?:\\.|[^"\\\n]){3,200}"|'(?:\\.|[^'\\\n]){3,200}')/gi,
    "password",
  ],
  [
    /(?<callee>\b(?:HTTP(?:Basic|Digest)Auth|SetBasicAuth|basic_?auth|BasicCredentials|UsernamePassword\w{5,30}|PasswordAuthentication|NetworkCredential|PasswordCredential|PSCredential|with(?:Credentials|BasicAuth)|(?<=\.)(?:login|authenticate|auth)|oci_p?connect|auth\s?=))\s?\(\s{0,4}(?:"(?:\\.|[^"\\\n]){0,200}"|'(?:\\.|[^'\\\n]){0,200}'|[\w$.>[\]:-]{1,80})\s{0,4},\s{0,4}(?<literal>"(?:\\.|[^"\\\n]){3,200}"|'(?:\\.|[^'\\\n]){3,200}')/gi,
    "password",
  ],
  [
    /(?<callee>\b(?:(?:curl_(?:easy_)?|easy_)?setopt))\s?\(\s{0,4}[^,()\n]{1,60},\s{0,4}(?:\w{1,20}[.:]{1,2})?CURLOPT_(?:PROXY)?USERPWD\s{0,4},\s{0,4}(?=["'][^"':\n]{1,80}:)(?<literal>"(?:\\.|[^"\\\n]){3,200}"|'(?:\\.|[^'\\\n]){3,200}')/gi,
    "login",
  ],
  [
    /(?<callee>\b(?:(?:curl_(?:easy_)?|easy_)?setopt))\s?\(\s{0,4}[^,()\n]{1,60},\s{0,4}(?:\w{1,20}[.:]{1,2})?CURLOPT_(?:(?:PROXY|TLSAUTH_)?PASSWORD|KEYPASSWD|XOAUTH2_BEARER)\s{0,4},\s{0,4}(?<literal>"(?:\\.|[^"\\\n]){3,200}"|'(?:\\.|[^'\\\n]){3,200}')/gi,
    "password",
  ],
];

/** The passwords that a line of code hands to functions by their place. */
export function argumentsIn(line: string): Argument[] {
  if (!hasLiteralArgument(line) || !HINTS.test(line)) return [];
  return CALLS.flatMap(([pattern, name]) =>
    [...line.matchAll(pattern)].map((match) => {
      const { callee = "", literal = "" } = match.groups ?? {};
      const end = match.index + match[0].length - 1;
      // cURL takes `user:password`.
      const raw = literal.slice(name === "login" ? literal.indexOf(":") + 1 : 1, -1);
      const value = literal.startsWith('"') ? unescaped(raw) : unescapedSingle(raw);
      return {
        name: "password",
        start: end - raw.length,
        end,
        value,
        quoted: true,
        callee: callee.replace(/\s?=$/, ""),
      };
    }),
  );
}

/** Whether a quote ends behind a comma that is behind a bracket: most lines show at once that they hand over nothing. */
function hasLiteralArgument(line: string): boolean {
  const open = line.indexOf("(");
  const comma = open < 0 ? -1 : line.indexOf(",", open);
  return comma >= 0 && (line.indexOf('"', comma) >= 0 || line.indexOf("'", comma) >= 0);
}

const DEFINED = /^\s{0,20}[#%]\s?(?:define|global)\s{1,8}([A-Za-z_]\w{1,80})\s{1,40}"((?:\\.|[^"\\\n]){1,400})"/;

/** `#define NAME "value"` of C, `%define NAME "value"` of RPM's specs. */
export function definedIn(line: string): NamedLiteral | null {
  const match = DEFINED.exec(line);
  if (match === null) return null;
  const [whole, name = "", raw = ""] = match;
  const end = whole.length - 1;
  return { name, start: end - raw.length, end, value: unescaped(raw), quoted: true };
}
