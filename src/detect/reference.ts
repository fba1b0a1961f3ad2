import { PATH, REFERENCE, REFERENCE_TOOLS, VARIABLE } from "./patterns.ts";
import { cleared, type Cleared } from "./cleared.ts";

/** Points to where the secret is instead of holding it. */
export function reference(text: string): Cleared | null {
  const first = text.charCodeAt(0);
  if (first === 47 || first === 46 || first === 126 || text.includes("\\") || text.includes(".")) {
    if (text.length < 600 && !text.includes("://") && PATH.test(text))
      return cleared("reference", "is a path to a file");
  }
  if ((first === 36 || first === 96 || first === 123) && CUT.test(text)) return cleared("reference", elsewhere(text));
  if (text.length < 2100 && ((isMark(first) && VARIABLE.test(text)) || REFERENCE.test(text) || inUnknownStore(text)))
    return cleared("reference", elsewhere(text));
  return null;
}

/** The tool that alone writes such references; null if the text is not one, or several tools write it. */
export function toolOf(text: string): string | null {
  return REFERENCE_TOOLS.find(({ pattern }) => pattern.test(text))?.tool ?? null;
}

function elsewhere(text: string): string {
  const tool = toolOf(text);
  return `refers to a value stored elsewhere${tool === null ? "" : ` (${tool})`}`;
}

/** One of the characters with which the variables begin: `$`, `%`, `_`, `@`. */
function isMark(code: number): boolean {
  return code === 36 || code === 37 || code === 95 || code === 64;
}

/** The beginning of a command in `$(…)` or backticks, of which a space cut the rest off: `password=$(cat /run/secrets/db)`; a variable in brackets; an expression of Terraform's, of which its own quotes cut the rest off: `"${var.on ? "`. */
const CUT =
  /^\$\([^)]{0,400}$|^\$\{\w{1,100}:?\?[^}]{0,100}$|^\$\{[a-z][\w-]{0,60}[.[][^}]{0,300}$|^\$\{\w{1,100}:?[-=]\$[({][^{}]{0,200}$|^`[a-z][a-z_./-]{1,60}$|^\$?\{\{[^}]{0,200}$|^\$[A-Za-z_]\w{0,99}[\])}]{1,3}$/;

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
