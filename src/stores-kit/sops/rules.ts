import { UnsprawlError } from "../../model/error.ts";

/** Which values of a file are encrypted (getsops/sops `shouldBeEncrypted`; at most one rule in a file). */
export type Rules = {
  readonly unencryptedSuffix: string | null;
  readonly encryptedSuffix: string | null;
  readonly unencrypted: KeyTest | null;
  readonly encrypted: KeyTest | null;
};

/** Whether a key matches a regular expression of the file. */
export type KeyTest = (key: string) => boolean;

export const DEFAULT_RULES: Rules = {
  unencryptedSuffix: "_unencrypted",
  encryptedSuffix: null,
  unencrypted: null,
  encrypted: null,
};

/** Whether the value at a path of keys is encrypted in this file. Throws what its expression throws. */
export function isEncrypted(path: readonly string[], rules: Rules): boolean {
  const any = (test: KeyTest): boolean => path.some(test);
  const { unencryptedSuffix, encryptedSuffix, unencrypted, encrypted } = rules;
  if (encryptedSuffix) return any((key) => key.endsWith(encryptedSuffix));
  if (encrypted) return any(encrypted);
  if (unencrypted) return !any(unencrypted);
  return !unencryptedSuffix || !any((key) => key.endsWith(unencryptedSuffix));
}

/** Throws `refused` for a name whose value the rules of a file leave in plain text. `is`: what it does there, in words. */
export function mustEncrypt(
  file: string,
  path: readonly string[],
  { rules, metadata }: { readonly rules: Rules; readonly metadata: { readonly [key: string]: unknown } },
  is: "is" | "would stay",
): void {
  if (isEncrypted(path, rules)) return;
  const said = CRYPT_RULES.filter((name) => typeof metadata[name] === "string" && metadata[name] !== "");
  const rule = said.map((name) => `${name}: ${String(metadata[name])}`).join(", ");
  throw new UnsprawlError(
    "refused",
    `${file}: ${path.join("/")} ${is} in plain text, by the file's ${rule || "unencrypted_suffix: _unencrypted"}`,
    "rename the variable, or use a file without such a rule",
  );
}

/** At most one of these in a file; without one, sops's own default. */
export const CRYPT_RULES = [
  ...["unencrypted_suffix", "encrypted_suffix", "unencrypted_regex", "encrypted_regex"],
  ...["unencrypted_comment_regex", "encrypted_comment_regex"],
] as const;

/** Steps of the expressions of one file: a second or two. */
const MOST_STEPS = 30_000_000;

/**
 * A regular expression of a file, read as sops, which is Go's, reads it: by RE2, whose time does not explode with the
 * length of a key. The file is others': throws `refused` for an expression that RE2 does not take, and its test for more
 * keys than are worth it. The library is loaded on first use.
 */
export async function keyTest(source: string): Promise<KeyTest> {
  const { RE2JS } = await import("re2js");
  const compiled = ((): InstanceType<typeof RE2JS> => {
    try {
      return RE2JS.compile(source);
    } catch {
      throw unsupported("has a regular expression that Go does not know");
    }
  })();
  const size = compiled.programSize();
  const known = new Map<string, boolean>();
  let steps = 0;
  return (key) => {
    const before = known.get(key);
    if (before !== undefined) return before;
    if ((steps += size * (key.length + 1)) > MOST_STEPS) throw unsupported("has too much to match for its expression");
    const found = compiled.matcher(key).find();
    known.set(key, found);
    return found;
  };
}

function unsupported(what: string): UnsprawlError {
  return new UnsprawlError(
    "refused",
    `the SOPS file ${what}`,
    "edit such a file with sops set, or put the values into another file",
  );
}
