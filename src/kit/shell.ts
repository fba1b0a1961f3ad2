/** A word that `cmd` leaves as it is: a number, a fixed word, or text that is no part of a command. */
class Bare {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/**
 * Text that people will paste into a shell, in which every `${…}` is one word, or the rest of one, whatever is in it:
 *
 *     cmd`unsprawl plan swarm:${name} --to STORE`
 *
 * What stands at the start of a word and begins with a dash becomes `./-…`, so that no program takes it for a flag; a
 * `-- ` in front of it in the template leaves it alone. Numbers, and what is marked as `bare`, are taken over unquoted.
 */
export function cmd(parts: TemplateStringsArray, ...foreign: readonly (string | number | Bare)[]): string {
  return parts
    .map((part, index) => {
      const value = foreign[index];
      if (value === undefined) return part;
      if (value instanceof Bare) return part + value.text;
      const text = String(value);
      const flagLike =
        text.startsWith("-") && typeof value === "string" && /(?:^|\s)$/.test(part) && !part.endsWith("-- ");
      // An empty rest of a word needs no quotes; an empty word does.
      const [last, next] = [part.at(-1) ?? (index > 0 ? "x" : " "), parts[index + 1] ?? ""];
      const inWord = /\S/.test(last) || /\S/.test(next[0] ?? (index + 1 < foreign.length ? "x" : " "));
      return part + (text === "" && inWord ? "" : shellWord(flagLike ? `./${text}` : text));
    })
    .join("");
}

/** For `cmd`: our own words, and prose that stands beside a command. Never a name that somebody else chose. */
export function bare(text: string | number): Bare {
  return new Bare(String(text));
}

/**
 * Words as one line that a POSIX shell reads back as the same words. It holds nothing that a terminal would act on:
 * characters that are not shown as themselves are written by `printf`, but for newlines at a word's very end, which
 * a command's output cannot have.
 */
export function shellLine(words: readonly string[]): string {
  return words.map(shellWord).join(" ");
}

/** What every shell takes as it is; `=` in front is a command's path in zsh. */
const PLAIN = /^(?!=)[A-Za-z0-9_@%+=:,./-]+$/;
const ODD = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/** One word of such a line. */
export function shellWord(word: string): string {
  if (PLAIN.test(word)) return word;
  if (!ODD.test(word)) return `'${word.replaceAll("'", String.raw`'\''`)}'`;
  let length = word.length;
  while (word[length - 1] === "\n") length--;
  const shown = Array.from(word.slice(0, length), printed).join("");
  const end = word.slice(length);
  return `${shown === "" ? "" : `"$(printf '${shown}')"`}${end === "" ? "" : `'${end}'`}`;
}

/** A character in printf's format, where `\ddd` is a byte (POSIX, printf); a dash in front would be an option. */
function printed(char: string, index: number): string {
  if (char === "%") return "%%";
  if (!ODD.test(char) && char !== "'" && char !== "\\" && !(char === "-" && index === 0)) return char;
  return Array.from(Buffer.from(char), (byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("");
}
