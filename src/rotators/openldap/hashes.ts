import { createHash, randomBytes } from "node:crypto";

/** The schemes whose values show here whether a password is theirs, each with its digest's name and length. */
const SCHEMES: { readonly [scheme: string]: readonly [algorithm: string, length: number] } = {
  ...{ SSHA: ["sha1", 20], SHA: ["sha1", 20], SMD5: ["md5", 16], MD5: ["md5", 16] },
  ...{ SSHA256: ["sha256", 32], SHA256: ["sha256", 32], SSHA512: ["sha512", 64], SHA512: ["sha512", 64] },
};

/** A value of userPassword that a password matches, in the one salted form that each slapd knows. */
export function ssha(password: string, salt = randomBytes(16)): string {
  const digest = createHash("sha1").update(password).update(salt).digest();
  return `{SSHA}${Buffer.concat([digest, salt]).toString("base64")}`;
}

/** Whether a value of userPassword is this password's; null if its form does not tell. */
export function matches(value: Buffer, password: string): boolean | null {
  const text = value.toString("utf8");
  const [, scheme, encoded = ""] = /^\{([^}]{1,20})\}(.*)$/s.exec(text) ?? [];
  if (scheme === undefined) return text === password;
  const known = SCHEMES[scheme.toUpperCase()];
  if (known === undefined) return null;
  const [algorithm, length] = known;
  const bytes = Buffer.from(encoded, "base64");
  const digest = createHash(algorithm).update(password).update(bytes.subarray(length)).digest();
  return digest.equals(bytes.subarray(0, length));
}
