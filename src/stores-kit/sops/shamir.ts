import { randomBytes } from "node:crypto";

/**
 * Shamir's secret sharing as sops has it (getsops/sops shamir/shamir.go, from HashiCorp Vault): each byte is shared by a polynomial
 * over GF(2^8); a share is the polynomials' values at one x, and x itself as the last byte. Any `threshold` shares make the secret,
 * fewer say nothing about it.
 */
export function splitKey(secret: Buffer, parts: number, threshold: number): readonly Buffer[] {
  const shares = Array.from({ length: parts }, (_, at) => Buffer.alloc(secret.length + 1, at + 1));
  for (const [place, byte] of secret.entries()) {
    const coefficients = [byte, ...randomBytes(threshold - 1)];
    for (const [at, share] of shares.entries())
      share[place] = coefficients.reduceRight((sum, one) => multiply(sum, at + 1) ^ one, 0);
  }
  return shares;
}

/** The inverse. Wrong or too few shares make another secret: only the file's MAC tells. Null for shares that cannot be combined. */
export function combineShares(shares: readonly Buffer[]): Buffer | null {
  const length = (shares[0]?.length ?? 0) - 1;
  const xs = shares.map((share) => share[length] ?? 0);
  const fit = shares.every((share) => share.length === length + 1) && new Set(xs).size === xs.length && !xs.includes(0);
  if (length < 1 || !fit) return null;
  // Lagrange's interpolation at 0.
  const weights = xs.map((x, at) =>
    xs.reduce((product, other, index) => (index === at ? product : multiply(product, divide(other, x ^ other))), 1),
  );
  return Buffer.from(
    Array.from({ length }, (_, place) =>
      shares.reduce((sum, share, at) => sum ^ multiply(weights[at] ?? 0, share[place] ?? 0), 0),
    ),
  );
}

/** In AES's field (x^8 + x^4 + x^3 + x + 1), without a branch on secret bits. */
function multiply(a: number, b: number): number {
  let product = 0;
  for (let bit = 7; bit >= 0; bit--)
    product = (-((b >> bit) & 1) & a) ^ (-(product >> 7) & 0x1b) ^ ((product << 1) & 0xff);
  return product;
}

/** By a^254, the inverse of a. */
function divide(a: number, b: number): number {
  let inverse = 1;
  for (let bit = 7; bit >= 0; bit--) {
    inverse = multiply(inverse, inverse);
    if ((254 >> bit) & 1) inverse = multiply(inverse, b);
  }
  return multiply(a, inverse);
}
