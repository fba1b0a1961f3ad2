import crypto, { type BinaryLike, type ScryptOptions } from "node:crypto";
import { syncBuiltinESMExports } from "node:module";

/**
 * From now on this process computes each slow hash once. The same values, salt and cost have the same one, and commands
 * that run here one after the other ask for it again: who seals a file opens it later, and a trace is compared often.
 */
export function rememberHashes(): void {
  const known = new Map<string, Uint8Array>();
  const compute = crypto.scryptSync;
  crypto.scryptSync = (password: BinaryLike, salt: BinaryLike, length: number, options?: ScryptOptions) => {
    const asked = JSON.stringify([bytesOf(password), bytesOf(salt), length, options]);
    const hash = known.get(asked) ?? compute(password, salt, length, options);
    known.set(asked, hash);
    return Buffer.from(hash);
  };
  syncBuiltinESMExports();
}

function bytesOf(input: BinaryLike): string {
  return (
    typeof input === "string" ? Buffer.from(input) : Buffer.from(input.buffer, input.byteOffset, input.byteLength)
  ).toString("base64");
}
