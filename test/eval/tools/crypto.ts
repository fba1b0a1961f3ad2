import {
  createECDH,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  checkPrimeSync,
  type KeyObject,
} from "node:crypto";
import { crc32 } from "node:zlib";
import type { Random } from "./random.ts";

const BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** The body of a GitHub or npm token: 30 characters and their CRC32 in base62, six digits wide. */
export function checked(random: Random): string {
  const body = random.of("n", 30);
  let sum = crc32(body);
  let digits = "";
  for (let at = 0; at < 6; at++) {
    digits = (BASE62[sum % 62] ?? "") + digits;
    sum = Math.floor(sum / 62);
  }
  return body + digits;
}

/** Grafana's: the little-endian CRC32 of what stands before the last underscore, in hex. */
export function grafana(random: Random): string {
  const key = `glsa_${random.of("n", 32)}`;
  const sum = Buffer.alloc(4);
  sum.writeUInt32LE(crc32(key));
  return `${key}_${sum.toString("hex")}`;
}

/** A macaroon as PyPI makes it: location, identifier, one caveat, signature. */
export function pypi(random: Random): string {
  const packet = (kind: number, data: Buffer): Buffer => Buffer.concat([Buffer.from([kind, data.length]), data]);
  const user = `[3, "${random.uuid()}"]`;
  const parts = [
    Buffer.from([2]),
    packet(1, Buffer.from("pypi.org")),
    packet(2, Buffer.from(random.uuid())),
    Buffer.from([0]),
    packet(2, Buffer.from(user)),
    Buffer.from([0, 0]),
    packet(6, random.bytes(32)),
  ];
  return `pypi-${Buffer.concat(parts).toString("base64url")}`;
}

/** A signed JWT with claims of a service or a person. */
export function jwt(
  random: Random,
  claims: object = { sub: random.uuid(), iat: 1_719_000_000, exp: 2_034_000_000 },
): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const body = `${part({ alg: "HS256", typ: "JWT" })}.${part(claims)}`;
  return `${body}.${createHmac("sha256", random.bytes(32)).update(body).digest("base64url")}`;
}

/** An age identity: bech32 of 32 bytes under age's own prefix. */
export function ageKey(random: Random, prefix = "age-secret-key-"): string {
  const alphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
  const bits = [...random.bytes(32)].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  const data = (bits.padEnd(260, "0").match(/.{5}/g) ?? []).map((five) => Number.parseInt(five, 2));
  const expanded = [
    ...[...Buffer.from(prefix)].map((code) => code >> 5),
    0,
    ...[...Buffer.from(prefix)].map((code) => code & 31),
  ];
  const sum = polymod([...expanded, ...data, 0, 0, 0, 0, 0, 0]) ^ 1;
  const check = [0, 1, 2, 3, 4, 5].map((at) => (sum >>> (5 * (5 - at))) & 31);
  const text = `${prefix}1${[...data, ...check].map((five) => alphabet[five]).join("")}`;
  return prefix === "age" ? text : text.toUpperCase();
}

function polymod(values: readonly number[]): number {
  let sum = 1;
  for (const value of values) {
    const top = sum >>> 25;
    sum = ((sum & 0x1ffffff) << 5) ^ value;
    for (const [at, term] of [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3].entries())
      if ((top >>> at) & 1) sum ^= term;
  }
  return sum >>> 0;
}

export function ed25519(random: Random): KeyObject {
  const key = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), random.bytes(32)]);
  return createPrivateKey({ key, format: "der", type: "pkcs8" });
}

export function p256(random: Random): KeyObject {
  const pair = createECDH("prime256v1");
  const secret = Buffer.concat([Buffer.from([1]), random.bytes(31)]);
  pair.setPrivateKey(secret);
  const point = pair.getPublicKey();
  const jwk = {
    kty: "EC",
    crv: "P-256",
    d: secret.toString("base64url"),
    x: point.subarray(1, 33).toString("base64url"),
    y: point.subarray(33).toString("base64url"),
  };
  return createPrivateKey({ key: jwk, format: "jwk" });
}

const made = new WeakMap<Random, KeyObject>();

/** One RSA key of 2048 bits for each stream: primes cost time, and one key serves every wrapping. */
export function rsa(random: Random): KeyObject {
  const known = made.get(random);
  if (known) return known;
  const [p, q] = [prime(random), prime(random)];
  const [n, e, phi] = [p * q, 65_537n, (p - 1n) * (q - 1n)];
  const d = inverse(e, phi);
  const number = (value: bigint): string => {
    const digits = value.toString(16);
    return Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, "hex").toString("base64url");
  };
  const parts = { n, e, d, p, q, dp: d % (p - 1n), dq: d % (q - 1n), qi: inverse(q, p) };
  const jwk = Object.fromEntries(Object.entries(parts).map(([name, value]) => [name, number(value)]));
  const key = createPrivateKey({ key: { kty: "RSA", ...jwk }, format: "jwk" });
  made.set(random, key);
  return key;
}

function prime(random: Random): bigint {
  for (;;) {
    const bytes = random.bytes(128);
    bytes[0] = (bytes[0] ?? 0) | 0xc0;
    bytes[127] = (bytes[127] ?? 0) | 1;
    const candidate = BigInt(`0x${bytes.toString("hex")}`);
    if (candidate % 65_537n !== 1n && checkPrimeSync(candidate, { checks: 4 })) return candidate;
  }
}

function inverse(of: bigint, modulus: bigint): bigint {
  let [old, now, oldBy, by] = [of, modulus, 1n, 0n];
  while (now !== 0n) {
    const times = old / now;
    [old, now] = [now, old - times * now];
    [oldBy, by] = [by, oldBy - times * by];
  }
  return ((oldBy % modulus) + modulus) % modulus;
}

/** The 32 bytes of an Ed25519 public key. */
export function rawPublic(key: KeyObject): Buffer {
  const jwk = createPublicKey(key).export({ format: "jwk" });
  return Buffer.from(jwk.x ?? "", "base64url");
}

export function digest(
  random: Random,
  kind: "md5" | "sha1" | "sha256" | "sha512",
  as: "hex" | "base64" = "hex",
): string {
  return createHash(kind).update(random.bytes(24)).digest(as);
}
