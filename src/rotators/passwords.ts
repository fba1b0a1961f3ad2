import { randomBytes } from "node:crypto";
import type { RotationCredential } from "../contract/rotator.ts";
import { Secret } from "../model/secret.ts";

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const ALPHABET = `${LETTERS}0123456789`;
const BYTES = 256 - (256 % ALPHABET.length);

/**
 * A password of letters and digits: 190 bits in 32 characters. Begins with a letter, so that nothing takes it for a
 * number or an option.
 */
export function newPassword(): RotationCredential {
  return { id: null, secret: Secret.of(lettersAndDigits(32)) };
}

export function lettersAndDigits(length: number): string {
  let text = LETTERS.charAt(drawn(LETTERS.length));
  while (text.length < length) text += ALPHABET.charAt(drawn(ALPHABET.length));
  return text;
}

/** A number below `limit` (at most 62), each as likely as the others. */
function drawn(limit: number): number {
  for (;;) {
    const [byte = 255] = randomBytes(1);
    if (byte < BYTES - (BYTES % limit)) return byte % limit;
  }
}
