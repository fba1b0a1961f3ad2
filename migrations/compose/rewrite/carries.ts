import type { Secret } from "../../../src/model/secret.ts";

/** The range of the secret within a value; null if it is the whole value or visible only after decoding. */
export type SecretSpan = { readonly start: number; readonly length: number } | null;

/** A test whether another text contains this secret, or is a part of it that is too long for a coincidence. */
export function secretTest(value: Secret, span: SecretSpan): (text: string) => boolean {
  return (text) => {
    const whole = value.exposeText();
    const secret = span === null ? whole : whole.slice(span.start, span.start + span.length);
    if (text === "" || secret === "") return false;
    return (
      text === secret || (secret.length >= 5 && text.includes(secret)) || (text.length >= 5 && secret.includes(text))
    );
  };
}
