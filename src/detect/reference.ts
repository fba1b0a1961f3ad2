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
