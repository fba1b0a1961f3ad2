import type { Secret } from "../../../src/model/secret.ts";

/** Where the secret stands inside a value; null when it is the whole of it, or only shows once the value is decoded. */
export type SecretSpan = { readonly start: number; readonly length: number } | null;

/** Whether another text holds this secret, or is a part of it that is long enough to be no coincidence. */
export function carrier(value: Secret, span: SecretSpan): (text: string) => boolean {
  return (text) => {
    const whole = value.exposeText();
    const secret = span === null ? whole : whole.slice(span.start, span.start + span.length);
    if (text === "" || secret === "") return false;
    return (
      text === secret || (secret.length >= 5 && text.includes(secret)) || (text.length >= 5 && secret.includes(text))
    );
  };
}
