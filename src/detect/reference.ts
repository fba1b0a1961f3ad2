import { cleared, type Cleared } from "./cleared.ts";
import { dismissedAs, hasForm } from "./dismissals/values.ts";
import { readName } from "./names/names.ts";
import { REFERENCE, REFERENCE_TOOLS } from "./patterns.ts";

const NO_NAME = readName("");
const NONE: ReadonlySet<string> = new Set();

/** Points to where the secret is instead of holding it. */
export function reference(text: string, off: ReadonlySet<string> = NONE): Cleared | null {
  if (text.length >= 2100) return null;
  return (
    pathIn(text, off) ??
    toldBy(text) ??
    (hasForm("reference", text) ? dismissedAs("reference", text, NO_NAME, off) : null)
  );
}

function pathIn(text: string, off: ReadonlySet<string>): Cleared | null {
  const mayBe = /[/.~\\]/.test(text) && text.length < 600 && !text.includes("://");
  return mayBe && hasForm("path", text) ? dismissedAs("path", text, NO_NAME, off) : null;
}

/** What tools write, whose names say more than the form does. */
function toldBy(text: string): Cleared | null {
  if (!REFERENCE.test(text) && !inUnknownStore(text)) return null;
  const tool = toolOf(text);
  return cleared("reference", `refers to a value stored elsewhere${tool === null ? "" : ` (${tool})`}`);
}

/**
 * A text without the references that are parts of it, as vals reads them: each up to a space or a quote, or to a `+` that ends it. What is
 * left may be a secret. Null if it is not a text around references.
 */
export function withoutReferences(text: string): string | null {
  if (!text.includes("ref+") || (BEGINS.test(text) && !ENDED.test(text))) return null;
  const left = text.replace(EXPRESSION, (one) => (toolOf(one) === VALS ? FILLED : one));
  return left === text || left === FILLED ? null : left;
}

/** What stands for a reference that was left out. */
export const FILLED = "${REFERENCE}";
const [BEGINS, ENDED] = [/^(?:secret)?ref\+/, /:\/\/[^\s+]{1,1000}\+/];
const VALS = "vals";
const EXPRESSION = /(?:secret)?ref\+[a-z0-9]{2,40}:\/\/[^\s+"']{0,1000}[^\s+"',]\+?/g;

/** What stands right behind a reference without a separator, as in `ref+vault://secret/db#/password+hunter2`; null for nothing. */
export function gluedTo(around: string): string | null {
  const rest = around.startsWith(FILLED) ? around.replaceAll(FILLED, "") : "";
  return /^[^\s:@/?&,;|=.-]/.test(rest) ? rest : null;
}

/** The variable and the default of `${VARIABLE:-default}`, the text of `ref+echo://text`; `${redis-password}` is a setting of Spring's, since a shell's are in capitals. */
export function fallbackOf(text: string): { readonly of: string; readonly value: string } | null {
  // For `echo` vals gives what stands there, the value itself; a scheme that it does not have points to nothing.
  const [begin] = BEGINS.test(text) && toolOf(text) !== VALS ? (/^[a-z0-9+]{1,40}:\/\//.exec(text) ?? []) : [];
  if (begin !== undefined) return { of: "", value: text.slice(begin.length) };
  const match = text.startsWith("${")
    ? /^\$\{(?:(\w{1,100}):[-=]|([A-Z_]\w{0,99})[-=])([^{}]{1,1000})\}$/.exec(text)
    : null;
  return match && { of: match[1] ?? match[2] ?? "", value: match[3] as string };
}

/** The tool that alone writes such references; null if the text is not one, or several tools write it. */
export function toolOf(text: string): string | null {
  return REFERENCE_TOOLS.find(({ pattern }) => pattern.test(text))?.tool ?? null;
}

/** Schemes behind which the value itself stands, and names of accounts: `admin:…` is a login. */
const NO_STORE =
  /^(?:base64|b64|hex|plain|raw|text|string|basic|bearer|token|apikey|key|md5|sha\d{0,3}|bcrypt|scrypt|crypt|argon2\w{0,2}|pbkdf2\w{0,10}|noop|secret-token|user|username|admin|administrator|root|guest|test|demo|postgres|mysql|elastic|sa|system|mongo|rabbitmq|operator|service|svc|api|app|deploy|ci|bot|ftp|web|default|redis|scram|x|http|https|urn|data|mailto|tel|tcp|udp|hg|git|ssh)$/;
const STORED =
  /^([a-z][a-z0-9+-]{1,24}):(?!\/\/)(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|([a-z][a-z0-9]{0,30}(?:[-_.][a-z0-9]{1,30}){0,6}(?:\/[A-Za-z][\w.-]{0,60}){0,8}(?:#[A-Za-z][\w.-]{0,60})?))$/;
/** The name of a secret in a store: recognised by its words, or because it is in a folder. */
const CALLED =
  /(?:^|[-_./#])(?:pass(?:word|wd|phrase)?|pwd|secret|token|key|credentials?|creds?|auth|dsn)s?(?:$|[-_./#])/;

/** `bitwarden-cli:db-password`, `hush:prod/db`, `item:UUID`: a scheme that nobody listed, then the name of an entry. */
function inUnknownStore(text: string): boolean {
  if (!text.includes(":")) return false;
  // The version of a secret that Cloud Run takes.
  if (text.endsWith(":latest") && /^[a-z][a-z0-9_-]{1,80}:latest$/i.test(text)) return true;
  const [whole, scheme = "", entry] = STORED.exec(text) ?? [];
  if (whole === undefined || NO_STORE.test(scheme)) return false;
  if (entry === undefined) return true;
  return entry.includes("/") || (/[-_.]/.test(entry) && CALLED.test(entry));
}
