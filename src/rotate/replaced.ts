import { isPlain, Secret } from "../model/secret.ts";

/** Whether a value is the secret, or holds it, as a URL holds a password. A plain word is only a secret by itself. */
export function holdsSecret(value: Secret, part: Secret): boolean {
  if (value.equals(part)) return true;
  return !isPlain(part) && formsOf(part).some((form) => value.expose().includes(form));
}

/** The value with the new secret in the old one's place, encoded as that was; what a rotator makes needs no encoding. */
export function withSecret(value: Secret, old: Secret, next: Secret): Secret {
  if (value.equals(old)) return next;
  const text = value.exposeText();
  const changed = formsOf(old).reduce((all, form) => all.replaceAll(form, () => next.exposeText()), text);
  return Secret.of(changed);
}

/** As it is, and percent-encoded as in a URL (RFC 3986, section 2.1). */
function formsOf(part: Secret): readonly string[] {
  const text = part.exposeText();
  return [...new Set([text, encodeURIComponent(text), encodeURI(text)])].sort((a, b) => b.length - a.length);
}
