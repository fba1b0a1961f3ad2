import { crc32 } from "node:zlib";
import { KEY_CANCEL } from "../names/lexicon.ts";

/** What a rule's own check says of a value. */
export type RuleVerdict = "right" | "wrong" | "fake";

/** `CACHE_KEY`, `PARTITION_KEY`: another kind of key, whoever's name stands before it. A vendor's routing key is one. */
const OTHER = [...KEY_CANCEL].filter((word) => /^[a-z]+$/.test(word) && word !== "routing").join("|");

/** Words joined by `_` that name a vendor's key, token or secret; `vendor` is an alternation in lower case. */
export function keyNamePattern(vendor: string, heads = "key|apikey|token|secret|pat"): RegExp {
  return new RegExp(`(?:^|_)(?:${vendor})(?:_(?!(?:${OTHER})_)[a-z0-9]{1,16}){0,3}_(?:${heads})(?:_|$)`);
}

/** Looks ahead for a digit and a capital letter, so that words joined by dashes are no key. */
export const MIXED = "(?=[A-Za-z_-]{0,60}\\d)(?=[a-z0-9_-]{0,60}[A-Z])";

/** Looks ahead for a digit. */
export const DIGIT = "(?=[A-Za-z_-]{0,60}\\d)";

/** Looks ahead for a digit or a capital letter: anything but words in small letters. */
export const SOME = "(?=[a-z._-]{0,60}[A-Z0-9])";

/** Looks ahead for a digit, letters and a digit in a row, which words and dates have not. */
export const WILD = "(?=[^\\s]{0,80}\\d[A-Za-z]{1,40}\\d)";

export const UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";

/** The text behind base64 or base64url; empty when it is neither. */
export function decoded(text: string): string {
  return /^[A-Za-z0-9+/_-]{2,8192}={0,2}$/.test(text) ? Buffer.from(text, "base64").toString("utf8") : "";
}

/** The object that base64 or base64url text holds; null when it holds none. */
export function objectIn(text: string): { readonly [key: string]: unknown } | null {
  try {
    const value: unknown = JSON.parse(decoded(text));
    return value !== null && typeof value === "object" ? (value as { [key: string]: unknown }) : null;
  } catch {
    return null;
  }
}

/** The claims of a JWT; null when its middle does not decode. */
export function claimsOf(jwt: string): { readonly [key: string]: unknown } | null {
  return objectIn(jwt.split(".")[1] ?? "");
}

/** The eight hex digits that Grafana puts at the end of a token: CRC-32 of what stands before, lowest byte first. */
export function crcHex(head: string): string {
  const sum = Buffer.alloc(4);
  sum.writeUInt32LE(crc32(head));
  return sum.toString("hex");
}

/** The three spellings that a text has inside longer base64, by where it falls in the groups of three bytes. */
export function insideBase64(text: string): string {
  return [0, 1, 2]
    .map((before) => {
      const whole = Buffer.from("\0".repeat(before) + text).toString("base64url");
      // Characters that share bits with a neighbour are not the text's own.
      const from = [0, 2, 3][before] as number;
      const bits = (before + Buffer.byteLength(text)) * 8;
      return whole.slice(from, Math.floor(bits / 6));
    })
    .join("|");
}
