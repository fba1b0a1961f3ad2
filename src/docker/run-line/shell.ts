import { trimEndOf } from "../../text/trim.ts";

/**
 * Words as one line that a POSIX shell reads back as the same words. It holds nothing that a terminal would act on:
 * characters that are not shown as themselves are written by `printf`, but for newlines at a word's very end, which
 * a command's output cannot have.
 */
export function shellLine(words: readonly string[]): string {
  return words.map(quoted).join(" ");
}

/** What every shell takes as it is; `=` in front is a command's path in zsh. */
const BARE = /^(?!=)[A-Za-z0-9_@%+=:,./-]+$/;
const ODD = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

function quoted(word: string): string {
  if (BARE.test(word)) return word;
  if (!ODD.test(word)) return `'${word.replaceAll("'", String.raw`'\''`)}'`;
  const end = word.slice(trimEndOf(word, "\n").length);
  const shown = Array.from(word.slice(0, word.length - end.length), printed).join("");
  return `${shown === "" ? "" : `"$(printf '${shown}')"`}${end === "" ? "" : `'${end}'`}`;
}

/** A character in printf's format, where `\ddd` is a byte (POSIX, printf); a dash in front would be an option. */
function printed(char: string, index: number): string {
  if (char === "%") return "%%";
  if (!ODD.test(char) && char !== "'" && char !== "\\" && !(char === "-" && index === 0)) return char;
  return Array.from(Buffer.from(char), (byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("");
}
