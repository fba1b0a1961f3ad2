import { isNameLike, Secret } from "../../../src/model/secret.ts";

/** The range of the secret within a value; null if it is the whole value or visible only after decoding. */
export type SecretSpan = { readonly start: number; readonly length: number } | null;

/** A moved secret, as other texts of a project's files are compared with it. */
export type CarriedSecret = {
  /** Whether a text contains it, or is a part of it that is too long for a coincidence. */
  readonly carries: (text: string) => boolean;
  /** Whether a text that carries it may be a name too: a word, or a mere part, as the user `admin` is of `admin-1234`. */
  readonly mayBeName: (text: string) => boolean;
  readonly span: SecretSpan;
};

export function carriedSecret(value: Secret, span: SecretSpan): CarriedSecret {
  const carries = secretTest(value, span);
  const mayBeName = (text: string): boolean =>
    isNameLike(Secret.of(text)) || !text.includes(partOf(value.exposeText(), span));
  return { carries, mayBeName, span };
}

/** A test whether another text contains this secret, or is a part of it that is too long for a coincidence. */
export function secretTest(value: Secret, span: SecretSpan): (text: string) => boolean {
  return (text) => {
    const secret = partOf(value.exposeText(), span);
    return text !== "" && [secret, ...usersIn(secret)].some((one) => isCarriedBy(one, text));
  };
}

const isCarriedBy = (secret: string, text: string): boolean =>
  text === secret || (secret.length >= 5 && text.includes(secret)) || (text.length >= 5 && secret.includes(text));

/** The users of a file of several: elsewhere they stand behind commas, or each in a variable. */
function usersIn(secret: string): readonly string[] {
  const lines = secret.split("\n");
  return lines.length > 1 && lines.every((line) => /^[^\s,:]+(?::[^\s,:]+){1,2}$/.test(line)) ? lines : [];
}

const partOf = (whole: string, span: SecretSpan): string =>
  span === null ? whole : whole.slice(span.start, span.start + span.length);
