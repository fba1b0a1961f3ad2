import { UnsprawlError } from "../model/error.ts";
import type { Secret } from "../model/secret.ts";

/** What a store can hold in one value. */
export type StoreLimits = {
  /** For the message: `a Key Vault secret`. */
  readonly what: string;
  /** In bytes of UTF-8. */
  readonly most: number;
  /** False where the store takes no empty value. */
  readonly empty?: boolean;
};

/** The value as the text that a store keeps. Throws `refused` for what it cannot hand back as it was. */
export function storableText(value: Secret, { what, most, empty = true }: StoreLimits): string {
  const bytes = value.expose();
  const refuse = (why: string): UnsprawlError =>
    new UnsprawlError("refused", `the value ${why}`, "keep it where it is, or put it into another store");
  if (bytes.includes(0)) throw refuse("has a NUL byte, which an environment variable cannot hold");
  if (bytes.length > most) throw refuse(`is larger than ${what} may be (${most.toLocaleString("en")} bytes)`);
  if (bytes.length === 0 && !empty) throw refuse(`is empty, which ${what} may not be`);
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw refuse(`is not UTF-8 text, which ${what} must be`);
  }
}
