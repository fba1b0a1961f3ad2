import { crc32 } from "node:zlib";
import { crcBase62 } from "./kit.ts";

/** What a check that a vendor built into its tokens says. */
export type ChecksumVerdict = "right" | "wrong";

const is = (right: boolean): ChecksumVerdict => (right ? "right" : "wrong");

/** GitHub, npm and NetBird end a token in six base62 characters: CRC-32 of what stands between prefix and them. */
export function crcRight(secret: string): ChecksumVerdict {
  const body = secret.slice(secret.indexOf("_") + 1);
  return is(crcBase62(body.slice(0, -6)) === body.slice(-6));
}

/** The seven base36 characters that end GitLab's routable tokens: CRC-32 of all that stands before. */
export function crcBase36(body: string): string {
  return crc32(body).toString(36).padStart(7, "0");
}

export function gitlabRight(secret: string): ChecksumVerdict {
  return is(crcBase36(secret.slice(0, -7)) === secret.slice(-7));
}

/** The eight hex digits that end Atlassian's tokens: CRC-32 of all that stands before. */
export function crcHex(body: string): string {
  return crc32(body).toString(16).padStart(8, "0");
}

export function atlassianRight(secret: string): ChecksumVerdict {
  return is(crcHex(secret.slice(0, -8)) === secret.slice(-8).toLowerCase());
}

/** Laravel Sanctum: forty random characters and their CRC-32, behind the row's number. */
export function sanctumRight(secret: string): ChecksumVerdict {
  const body = secret.slice(secret.indexOf("|") + 1);
  return is(crcHex(body.slice(-48, -8)) === body.slice(-8));
}

const BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

/** The six characters that end a bech32 text (BIP-173): a code over its head and its data. */
export function bech32Sum(head: string, data: string): string {
  const low = Array.from(Buffer.from(head.toLowerCase(), "latin1"));
  const values = [...low.map((code) => code >> 5), 0, ...low.map((code) => code & 31)];
  for (const char of data.toLowerCase()) values.push(BECH32.indexOf(char));
  const sum = polymod([...values, 0, 0, 0, 0, 0, 0]) ^ 1;
  let text = "";
  for (let at = 5; at >= 0; at--) text += BECH32.charAt((sum >> (5 * at)) & 31);
  return text;
}

export function bech32Right(secret: string): ChecksumVerdict {
  const at = secret.lastIndexOf("1");
  const data = secret.slice(at + 1).toLowerCase();
  return is(bech32Sum(secret.slice(0, at), data.slice(0, -6)) === data.slice(-6));
}

function polymod(values: readonly number[]): number {
  const generators = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
  let sum = 1;
  for (const value of values) {
    const top = sum >>> 25;
    sum = ((sum & 0x1ffffff) << 5) ^ value;
    for (let bit = 0; bit < 5; bit++) if (((top >>> bit) & 1) === 1) sum ^= generators[bit] as number;
  }
  return sum >>> 0;
}

const BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/** Bytes in base58 with the four bytes of double SHA-256 that Bitcoin appends. */
export function base58Check(payload: Buffer): string {
  let rest = BigInt(`0x${Buffer.concat([payload, doubleSha(payload)]).toString("hex")}`);
  let text = "";
  for (; rest > 0n; rest /= 58n) text = BASE58.charAt(Number(rest % 58n)) + text;
  return text;
}

export function base58Right(secret: string): ChecksumVerdict {
  let number = 0n;
  for (const char of secret) {
    const digit = BASE58.indexOf(char);
    if (digit < 0) return "wrong";
    number = number * 58n + BigInt(digit);
  }
  const hex = number.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex");
  return is(doubleSha(bytes.subarray(0, -4)).equals(bytes.subarray(-4)));
}

/** SHA-256 twice, the first four bytes, as Base58Check has it. Few values ever come to it, and every start would load it. */
export function doubleSha(bytes: Uint8Array): Buffer {
  const { createHash } = process.getBuiltinModule("node:crypto");
  const once = createHash("sha256").update(bytes).digest();
  return createHash("sha256").update(once).digest().subarray(0, 4);
}
