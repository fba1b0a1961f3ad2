import { readName } from "../names/names.ts";
import type { Assigned } from "./assigned.ts";

/**
 * True for words that people read: a label, a message, a sentence. A passphrase is words too, so words alone are not
 * enough: they name a secret, end like a sentence, contain a placeholder, or continue after the value.
 */
export function isProse({ name, value, quoted, tail, path }: Assigned): boolean {
  const text = quoted ? value : /^\s\S/.test(tail) && /\.ya?ml$/i.test(path) ? value + rest(tail) : value;
  // Other scripts: a label in a table of words, unless a file of variables holds it.
  if (/^[\P{ASCII}\s.,:!?()'’-]+$/u.test(text) && /\p{L}/u.test(text)) return !/(?:^|\/)\.env/.test(path);
  const words = text.split(/\s+/).filter((word) => word !== "");
  if (words.length < 2) return false;
  if (/%(?:\d\$)?[sd@]|\{\w{0,30}\}|<\/?[a-z]{1,10}\s?\/?>|:[a-z]{3,20}(?:\s|$)/.test(text) && words.length > 2)
    return true;
  const plain = words.filter((word) => /^[("'«„“‘¿¡]?[\p{L}][\p{L}'’/-]*[)"'»“”’]?[.,:;!?…]*$/u.test(word)).length;
  if (plain < words.length * 0.7) return false;
  // `neptune bridge banana sparrow!` is a passphrase; a sentence begins with a capital.
  if (words.length > 3 && /[.:?…]$|^\p{Lu}.*!$/u.test(text)) return true;
  if (/\p{L}/u.test(text) && /[^\x00-\x7f]/.test(text)) return true;
  if (words.some((word) => namesSecret(word))) return true;
  // `Minimum length`, `Show again`: a label begins with a capital and continues in small letters.
  return words.length < 6 && /^\p{Lu}\p{Ll}+(?:\s\p{Ll}+)+$/u.test(text) && readName(name).family !== "phrase";
}

/** The rest of a plain YAML scalar, up to a comment. */
function rest(tail: string): string {
  const comment = tail.search(/\s#/);
  return (comment < 0 ? tail : tail.slice(0, comment)).trimEnd();
}

function namesSecret(word: string): boolean {
  const bare = word.replace(/[^\p{L}-]/gu, "");
  const { family } = readName(bare);
  // `pepper` and `salt` are words of passphrases too.
  return bare.length > 3 && family !== null && !/^(?:pepper|salt|seed|cookie)/i.test(bare);
}
