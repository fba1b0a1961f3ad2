import crypto, { createCipheriv, createHash } from "node:crypto";
import { syncBuiltinESMExports } from "node:module";
import { expect } from "vitest";
import { SEED } from "./support/deep.ts";

// What these tests draw is the same for a day, as all that is drawn (test/support/deep.ts): a value that a test fails for
// comes again. Each file has its own, whatever ran before it in the process.
if (SEED !== null) seedRandom(`${SEED} ${expect.getState().testPath?.replace(import.meta.dirname, "")}`);

function seedRandom(seed: string): void {
  const stream = createCipheriv("aes-256-ctr", createHash("sha256").update(seed).digest(), Buffer.alloc(16));
  const bytes = (size: number): Buffer => stream.update(Buffer.alloc(size));
  const from = (low: number, high: number): number => low + (bytes(6).readUIntBE(0, 6) % (high - low));
  Object.assign(crypto, {
    randomBytes: bytes,
    randomInt: (low: number, high?: number) => (high === undefined ? from(0, low) : from(low, high)),
  });
  syncBuiltinESMExports();
  Math.random = () => from(0, 2 ** 32) / 2 ** 32;
}
