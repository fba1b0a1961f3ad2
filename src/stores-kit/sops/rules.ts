import { UnsprawlError } from "../../model/error.ts";

/** Which values of a file are encrypted (getsops/sops `shouldBeEncrypted`; at most one rule in a file). */
export type Rules = {
  readonly unencryptedSuffix: string | null;
  readonly encryptedSuffix: string | null;
  readonly unencryptedRegex: string | null;
  readonly encryptedRegex: string | null;
};

export const DEFAULT_RULES: Rules = {
  unencryptedSuffix: "_unencrypted",
  encryptedSuffix: null,
  unencryptedRegex: null,
  encryptedRegex: null,
};

/**
 * Whether the value at a path of keys is encrypted in this file. Throws `refused` for a regular expression that Go
 * reads in another way than JavaScript: a guess could write a secret in plain text.
 */
export function isEncrypted(path: readonly string[], rules: Rules): boolean {
  const any = (test: (key: string) => boolean): boolean => path.some(test);
  const { unencryptedSuffix, encryptedSuffix, unencryptedRegex, encryptedRegex } = rules;
  if (encryptedSuffix) return any((key) => key.endsWith(encryptedSuffix));
  if (encryptedRegex) return any(matcher(encryptedRegex));
  if (unencryptedRegex) return !any(matcher(unencryptedRegex));
  return !unencryptedSuffix || !any((key) => key.endsWith(unencryptedSuffix));
}

function matcher(source: string): (key: string) => boolean {
  const insensitive = source.startsWith("(?i)");
  let expression: RegExp;
  try {
    // With "u", what JavaScript does not know (\A, \z, [[:alpha:]]) is an error and not another meaning.
    expression = new RegExp(insensitive ? source.slice(4) : source, insensitive ? "iu" : "u");
  } catch {
    throw new UnsprawlError(
      "refused",
      "the SOPS file has a kind of regular expression that unsprawl does not support",
      "edit such a file with sops set, or put the values into another file",
    );
  }
  return (key) => expression.test(key);
}
