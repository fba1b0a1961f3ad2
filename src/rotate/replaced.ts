import type { RotationCredential } from "../contract/rotator.ts";
import { UnsprawlError } from "../model/error.ts";
import type { RotatedEntry } from "../model/plan.ts";
import { isPlain, Secret } from "../model/secret.ts";

/** Whether a value is the secret, or holds it, as a URL holds a password. A plain word is only a secret by itself. */
export function holdsSecret(value: Secret, part: Secret): boolean {
  if (value.equals(part)) return true;
  return !isPlain(part) && formsOf(part).some((form) => value.expose().includes(form));
}

/** The value with the new secret in the old one's place: percent-encoded in a URL, and as it is in any other text. */
export function withSecret(value: Secret, old: Secret, next: Secret): Secret {
  if (value.equals(old)) return next;
  const text = value.exposeText();
  const own = isUrl(value) ? encodeURIComponent(next.exposeText()) : next.exposeText();
  return Secret.of(withForms(text, formsOf(old), own));
}

/** An entry's value after the rotation, by what the entry is to the secret. */
export function changedValue(
  { role }: Pick<RotatedEntry, "role">,
  value: Secret,
  { old, next, separator }: { readonly old: Secret; readonly next: RotationCredential; readonly separator: string },
): Secret {
  if (role === "pair") return next.id === null ? value : Secret.of(next.id);
  return role === "previous" ? withEarlier(value, old, separator) : withSecret(value, old, next.secret);
}

/** A list of earlier values with one more, the newest first; as it is if it has that already. */
function withEarlier(list: Secret, old: Secret, separator: string): Secret {
  const [text, earlier] = [list.exposeText(), old.exposeText()];
  const all = text.split(separator).filter((one) => one.trim() !== "");
  return all.some((one) => one.trim() === earlier) ? list : Secret.of([earlier, ...all].join(separator));
}

/**
 * What a person gives, without the newline that an editor or `echo` puts at its end; with it where the earlier value ends in
 * one, as a key in PEM does.
 */
export function givenValue(given: Secret, old: Secret): Secret {
  const [bytes, was] = [given.expose(), old.expose()];
  if (was.at(-1) === NEWLINE || bytes.at(-1) !== NEWLINE) return given;
  return Secret.of(bytes.subarray(0, bytes.at(-2) === RETURN ? -2 : -1));
}

const [NEWLINE, RETURN] = [10, 13];

/** Throws `refused` for a value that a person gives, and that would not arrive as it is meant. */
export function mustFit(given: Secret, old: Secret, values: readonly Secret[]): void {
  if (given.length === 0)
    throw new UnsprawlError("refused", "the given value is empty", "--value-from FILE, or - for stdin");
  if (given.equals(old))
    throw new UnsprawlError("refused", "the given value is the one that it has", "--value-from FILE gives a new one");
  if (UNQUOTED.test(given.exposeText()) || values.every((one) => one.equals(old) || isUrl(one))) return;
  throw new UnsprawlError(
    "refused",
    "the given value would have to be quoted in a text that holds it",
    "--value-from takes letters, digits and -._~ there",
  );
}

const UNQUOTED = /^[\w.~-]*$/;

const isUrl = (value: Secret): boolean => /^[a-z][a-z\d+.-]*:\/\//i.test(value.exposeText());

/** In one pass, the longest form first: what was put in is not looked at again. */
function withForms(text: string, [form, ...shorter]: readonly string[], own: string): string {
  if (form === undefined) return text;
  return text
    .split(form)
    .map((rest) => withForms(rest, shorter, own))
    .join(own);
}

/** As it is, and percent-encoded as in a URL (RFC 3986, section 2.1). */
function formsOf(part: Secret): readonly string[] {
  const text = part.exposeText();
  return [...new Set([text, encodeURIComponent(text), encodeURI(text)])].sort((a, b) => b.length - a.length);
}
