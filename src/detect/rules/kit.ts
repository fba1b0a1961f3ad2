import { crc32 } from "node:zlib";

const DIGITS = "0123456789";
const LOWER = "abcdefghijklmnopqrstuvwxyz";
const UPPER = LOWER.toUpperCase();
const BASE62 = DIGITS + UPPER + LOWER;

/** Makes up tokens from a seed, so that no whole token ever stands in the source. Equal seeds give equal texts. */
export type Kit = {
  /** Hex digits, lower case. */
  hex(length: number): string;
  digits(length: number): string;
  lower(length: number): string;
  upper(length: number): string;
  /** Lower-case letters and digits. */
  alnum(length: number): string;
  base62(length: number): string;
  /** Letters, digits, `-` and `_`; begins and ends with a letter or digit. */
  urlsafe(length: number): string;
  /** Standard base64 of this many random bytes, padded. */
  base64(bytes: number): string;
  /** Characters of the RFC 4648 base32 alphabet. */
  base32(length: number): string;
  /** Characters of any alphabet. */
  of(alphabet: string, length: number): string;
  uuid(): string;
  /** A token that ends in the base62 CRC-32 that GitHub and npm append. */
  withCrc(prefix: string): string;
  /** A signed JWT with these claims. */
  jwt(claims?: { readonly [key: string]: string | number }): string;
  /** A PEM block of this label around random bytes. */
  pem(label: string): string;
  /** What a person would type: a word, digits and a mark. */
  password(): string;
  pick<T>(from: readonly T[]): T;
};

/** A kit whose texts depend on `seed` alone. */
export function kit(seed: number): Kit {
  const next = mulberry32(seed);
  const below = (limit: number): number => Math.floor(next() * limit);
  const of = (alphabet: string, length: number): string => {
    let text = "";
    for (let at = 0; at < length; at++) text += alphabet.charAt(below(alphabet.length));
    return text;
  };
  const bytes = (length: number): Buffer => Buffer.from(Array.from({ length }, () => below(256)));
  const pick = <T>(from: readonly T[]): T => from[below(from.length)] as T;
  const part = (claims: object): string => Buffer.from(JSON.stringify(claims)).toString("base64url");

  return {
    of,
    hex: (length) => of("0123456789abcdef", length),
    digits: (length) => of(DIGITS, length),
    lower: (length) => of(LOWER, length),
    upper: (length) => of(UPPER, length),
    alnum: (length) => of(DIGITS + LOWER, length),
    base62: (length) => of(BASE62, length),
    urlsafe: (length) =>
      length < 2 ? of(BASE62, length) : of(BASE62, 1) + of(`${BASE62}-_`, length - 2) + of(BASE62, 1),
    base64: (length) => bytes(length).toString("base64"),
    base32: (length) => of(`${UPPER}234567`, length),
    uuid: () =>
      [of("0123456789abcdef", 8), of("0123456789abcdef", 4), `4${of("0123456789abcdef", 3)}`]
        .concat([`a${of("0123456789abcdef", 3)}`, of("0123456789abcdef", 12)])
        .join("-"),
    withCrc: (prefix) => {
      const body = of(BASE62, 30);
      return prefix + body + crcBase62(body);
    },
    jwt: (claims = { sub: of(DIGITS, 8), iat: 1_700_000_000 }) =>
      [part({ alg: "HS256", typ: "JWT" }), part(claims), bytes(32).toString("base64url")].join("."),
    pem: (label) => {
      const lines = bytes(420)
        .toString("base64")
        .match(/.{1,64}/g) as string[];
      return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
    },
    password: () => pick(["Summer", "dragon", "Winter", "monkey", "Kestrel"]) + of(DIGITS, 4) + pick(["!", "$", "#"]),
    pick,
  };
}

/** The six base62 characters that GitHub and npm put at the end of a token: CRC-32 of what stands before. */
export function crcBase62(body: string): string {
  let rest = crc32(body);
  let text = "";
  for (let at = 0; at < 6; at++) {
    text = BASE62.charAt(rest % 62) + text;
    rest = Math.floor(rest / 62);
  }
  return text;
}

function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
