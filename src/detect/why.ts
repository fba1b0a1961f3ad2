import type { Evidence } from "./evidence.ts";
import { ruleById } from "./rules/index.ts";

/** Where it is, how it is encoded, and that it was checked, say nothing of what it is. */
const SAYS_NOT_WHAT =
  /^(?:in a label|checksum valid|format verified|looks random|a value in plain text|(?:base64|base64url|hex|gzip|zlib|url)(?: → \w{3,9}){0,4}|doubtful: .{1,200})$/;

/** So many characters in a row quote a secret; of a long one more, since few are shared by chance in any text. */
const [PIECE, LONG_PIECE, LONG] = [4, 8, 64];
const BY_NAME = ["classified by its name", "kept out of sight", "found by shape"];
const OF_ADDRESS = ["the password of an address", "kept out of sight", "found by shape"];
const BY_SHAPE = ["found by shape", "kept out of sight", "classified by its name"];

/**
 * The lines that share no piece with the secret, but for its public prefix; a plain line in their place when none is left.
 */
export function quotesNothing(
  why: readonly string[],
  { rule, part }: Pick<Evidence, "rule" | "part">,
): readonly string[] {
  const known = ruleById(rule);
  const prefix = known?.prefixes.find((start) => part.startsWith(start)) ?? "";
  const banners = part.startsWith("-----");
  const secret = banners ? part.replace(/-----[A-Z0-9 ]{5,60}-----/g, "") : part.slice(prefix.length);
  // An address has a place for a password and no name; of its parameters the name says what they are.
  const unnamed = rule === "url-password" && !why.some((line) => line.endsWith("URL parameter"));
  const kept = why.filter((line) => !shares(line, secret) && !(unnamed && line.startsWith("name says ")));
  if (kept.some((line) => !SAYS_NOT_WHAT.test(line))) return kept;
  // The description of a form may have a mark of it, which stands in each secret of the kind: `apr1`.
  const form = `has the form of: ${rule.replaceAll("-", " ")}`;
  const byName = known === null || known.pattern === null;
  const instead = rule === "url-password" ? OF_ADDRESS : byName ? BY_NAME : [form, ...BY_SHAPE];
  const line = instead.find((text) => !shares(text, secret));
  return line === undefined ? kept : [line, ...kept];
}

/** True when so many characters of `line` in a row stand in the secret, or all of a shorter secret in `line`; case is ignored. */
function shares(line: string, part: string): boolean {
  const text = line.toLowerCase();
  const secret = part.slice(0, 4096).toLowerCase();
  const piece = secret.length < LONG ? PIECE : LONG_PIECE;
  if (secret.length < PIECE) return secret.length > 0 && text.includes(secret);
  for (let at = 0; at + piece <= text.length; at++) {
    if (secret.includes(text.slice(at, at + piece))) return true;
  }
  return false;
}
