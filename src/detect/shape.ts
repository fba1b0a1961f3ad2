import { cleared, type Cleared } from "./cleared.ts";
import { dismissedAs, hasForm } from "./dismissals/values.ts";
import { FAMILY } from "./names/lexicon.ts";
import { readName, type NameInfo } from "./names/names.ts";

const NO_NAME = readName("");

/** Empty, or a word that stands for nothing. */
export function emptiness(text: string, off: ReadonlySet<string>): Cleared | null {
  if (text === "") return cleared("empty", "is empty");
  return text.length < 32 && hasForm("empty", text) ? dismissedAs("empty", text, NO_NAME, off) : null;
}

/** Encrypted already. */
export function ciphertext(text: string, off: ReadonlySet<string>): Cleared | null {
  return text.length >= 4 && hasForm("ciphertext", text) ? dismissedAs("ciphertext", text, NO_NAME, off) : null;
}

/** Stands where a template wants the reader to put a value, or is printed in manuals. */
export function placeholder(text: string, name: NameInfo, off: ReadonlySet<string>): Cleared | null {
  if (text.length > 200) return null;
  const marked = dismissedAs("marked", text, name, off);
  if (marked !== null || opensAccounts(text, name)) return marked;
  // Laravel's `APP_KEY=base64:REPLACE_ME`.
  const bare = text.includes(":") ? text.replace(/^(?:base64|hex|plain|raw):/, "") : text;
  return (
    (hasForm("placeholder", bare) ? dismissedAs("placeholder", bare, name, off) : null) ??
    dismissedAs("example", text, name, off)
  );
}

/**
 * `yourStrong(!)Password` is SQL Server's own example, and many a server's password; `example` and `Your_password123` of
 * manuals likewise: in a password's place they open the account.
 */
function opensAccounts(text: string, { family }: NameInfo): boolean {
  return (
    family === "password" &&
    /^your.{0,40}[!@#$%^&*()\d]|^(?:example|sample|dummy|fake)\d{0,6}!?$|^change(?:this|it)!?$/i.test(text)
  );
}

/** Plain by shape: numbers, versions, hosts, digests, ids; how much that clears depends on what the name promises. */
export function plain(text: string, name: NameInfo, off: ReadonlySet<string>): Cleared | null {
  return dismissedAs("plain", text, name, off);
}

/** Values of a name that says secret, which name the secret rather than hold it: `regcred`, `api-tls-secret`. */
export function namesSecret(text: string, name: NameInfo): boolean {
  if (
    /(?:^|_)(?:pull|tls|existing|k8s|kube|kubernetes|ref)(?:_|$)/.test(name.key) &&
    /^[a-z0-9]+(?:[-.][a-z0-9]+)*$/.test(text) &&
    text.length < 64
  )
    return !/\d{4}/.test(text);
  // An annotation of Kubernetes, `prometheus.io/basic-auth-secret`, names the object.
  if (/_io_(?:[a-z]{1,20}_){1,4}secret$/.test(name.key) && /^[a-z]{2,20}(?:-[a-z]{2,20}){1,5}$/.test(text)) return true;
  return (
    text.length < 80 &&
    /^(?:[a-z0-9]{1,30}[-_.]){1,6}(?:tls|cert|creds|credentials|regcred|pull-secret)$|^regcred$/.test(text)
  );
}

/** `a_b, c_d`: a list of names. */
export function listsNames(text: string): boolean {
  return (
    /^[a-z][a-z0-9]{0,30}(?:[_-][a-z0-9]{1,30}){0,6}(?:[ ,;]{1,2}[a-z][a-z0-9]{0,30}(?:[_-][a-z0-9]{1,30}){0,6}){1,40}$/.test(
      text,
    ) &&
    /[,;]/.test(text) &&
    (/[_-]/.test(text) || text.split(/[ ,;]{1,2}/).some((word) => FAMILY.has(word)))
  );
}
