import { FAMILY } from "../names/lexicon.ts";
import { readName } from "../names/names.ts";
import { splitWords } from "../names/words.ts";
import { humanPassword } from "../names/passwordish.ts";
import { looksRandom } from "../entropy.ts";
import type { Assigned } from "./plausible.ts";

/** What code calls a field, a flag or an option by, and the words that such constants begin with: `PREF_PASSCODE`, `mkSSHPassword`. */
const OF_FIELDS =
  /^(?:k?(?:PREF|PREFS|PREFERENCE|EXTRA|ARG|BUNDLE|INTENT|COLUMN|COL|FIELD|ATTR|ATTRIBUTE|LABEL|PARAM|TAG|FLAG)_|(?:mk|attr|field|param|flag|column|label|pref|extra)[A-Z])/;

/**
 * Constants of code that say by which name something is kept, titles of keys, and labels of cases: whatever letters they
 * are made of, they are no values.
 */
export function isAttribute({ name, value, kind, lead }: Assigned): boolean {
  // `OpenStack-Ansible-SSH-Signing-Key`
  if (/^[A-Z][A-Za-z]{1,20}(?:-[A-Z][A-Za-z]{1,20}){2,6}-Key$/.test(value)) return true;
  if (kind !== "code") return false;
  const isTyped = humanPassword(value);
  const label = /(?:^|[\s;{])case\s{1,4}([\w.]{1,80}:?)/.exec(lead)?.[1];
  // `case "prod": password = "…"` gives one.
  if (label !== undefined && (label === `${name}:` || (!isTyped && !looksRandom(value, 12)))) return true;
  // `CSRF_SESSION_KEY = "_csrftoken"`, and what a vendor's keys begin with.
  if (/^_[a-z]{2,20}(?:_[a-z]{2,20}){0,4}$|^[sprk]k_(?:test|live)_$/.test(value)) return true;
  // `s3ForcePathStyleKey = "s3ForcePathStyle"`
  if (/^[A-Za-z]\w{1,60}$/.test(value) && name.length < 80 && /(?:[a-z]Key|_key|_KEY)$/.test(name))
    if (bare(name) === `${bare(value)}key`) return true;
  if (!OF_FIELDS.test(name) || !/^[A-Za-z][\w.-]{0,60}$/.test(value)) return false;
  // A variable that is called so may hold what people make up, a constant in capitals hardly.
  return !(looksRandom(value, 12) && /\d\D*\d/.test(value)) && !(isTyped && /^[a-z]/.test(name));
}

function bare(text: string): string {
  return text.toLowerCase().replace(/[_-]/g, "");
}

/** Files of vectors that tests of cryptography compare with: everybody's. */
const VECTORS = /(?:^|[/_.-])(?:(?:nist)?kats?|wycheproof|acvp|cavp|test[-_]?vectors?|vectors)(?:[/_.-]|$)/i;

export function isVector(below: string): boolean {
  return VECTORS.test(below);
}

/** `DMARC_POLICY_ALLOW`; in code also `appIDKey = "app-id"`: a constant, or one that repeats what it is called. */
export function isSymbol({ value, kind, name }: Assigned): boolean {
  if (/^[A-Z]{2,20}(?:_[A-Z]{1,20}){2,8}$/.test(value)) return true;
  // `auth = "AWS_SIGV4"`: a kind.
  if (/^auth$/i.test(name) && /^[A-Z][A-Z0-9]{1,20}(?:_[A-Z0-9]{1,20}){1,4}$/.test(value)) return true;
  if (/^[A-Z]{2,20}_[A-Z]{1,20}$/.test(value)) return /^(?:tokens|secretKey)$/i.test(name);
  // `AUTH_PASSWORD = "auth.password"`
  if (kind === "code" && /[a-z]\.[a-z]/.test(value) && splitWords(value).join() === splitWords(name).join())
    return true;
  // `FieldPkcs12Password = "pkcs12_password"`, `JWTAuthKey = "JWTAuth"`: nothing but words of the name.
  if (kind === "code" && repeatsWords(name, value)) return true;
  if (kind !== "code" || !/^\.?[A-Za-z]{2,20}(?:[-_./ ][A-Za-z]{1,20}){0,6}$/.test(value)) return false;
  const { family } = readName(name);
  if (family === "password" || family === null) return false;
  const called = new Set(splitWords(name).filter((word) => word.length > 1 && !FAMILY.has(word) && word !== "key"));
  return splitWords(value).some((word) => called.has(word));
}

/** Whether two words or more, and no others than the name's, are the value. */
function repeatsWords(name: string, value: string): boolean {
  if (value.length > 60 || !/^[A-Za-z][A-Za-z0-9]*(?:[-_.][A-Za-z0-9]+)*$/.test(value)) return false;
  const words = splitWords(value);
  const own = new Set(splitWords(name));
  return words.length > 1 && words.every((word) => own.has(word));
}
