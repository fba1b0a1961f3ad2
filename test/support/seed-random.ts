import crypto, { createCipheriv, createHash } from "node:crypto";
import { syncBuiltinESMExports } from "node:module";

const { randomBytes } = crypto;

/** From now on this process draws what follows from the seed. What libraries ask for with a callback stays theirs. */
export function seedRandom(seed: string): void {
  const stream = createCipheriv("aes-256-ctr", createHash("sha256").update(seed).digest(), Buffer.alloc(16));
  const bytes = (size: number): Buffer => stream.update(Buffer.alloc(size));
  const from = (low: number, high: number): number => low + (bytes(6).readUIntBE(0, 6) % (high - low));
  Object.assign(crypto, {
    randomBytes: (size: number, done?: (error: Error | null, made: Buffer) => void) =>
      done === undefined ? bytes(size) : randomBytes(size, done),
    randomInt: (low: number, high?: number) => (high === undefined ? from(0, low) : from(low, high)),
  });
  syncBuiltinESMExports();
  Math.random = () => from(0, 2 ** 32) / 2 ** 32;
}
