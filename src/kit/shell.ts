/** Text that `cmd` inserts unquoted. */
class Bare {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/**
 * A template tag for text that people paste into a shell. Each `${…}` is quoted as one word, or as part of one:
 *
 *     cmd`unsprawl plan swarm:${name} --to STORE`
 *
 * A value that begins a word with a dash becomes `./-…`, so that it is not taken for a flag, unless the template has
 * `-- ` before it. Numbers and `bare` values are inserted unquoted.
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
      // An empty part of a word needs no quotes; an empty word does.
      const [last, next] = [part.at(-1) ?? (index > 0 ? "x" : " "), parts[index + 1] ?? ""];
      const inWord = /\S/.test(last) || /\S/.test(next[0] ?? (index + 1 < foreign.length ? "x" : " "));
      return part + (text === "" && inWord ? "" : shellWord(flagLike ? `./${text}` : text));
    })
    .join("");
}

/** Marks text for `cmd` as our own words or prose. Never use it for a name that someone else chose. */
export function bare(text: string | number): Bare {
  return new Bare(String(text));
}

/**
 * Joins words to one line that a POSIX shell splits into the same words. It contains nothing that a terminal would
 * or a pipeline's log would interpret: unprintable characters are written with `printf`, except for trailing newlines of
 * a word, which command substitution would strip.
 */
export function shellLine(words: readonly string[]): string {
  return words.map(shellWord).join(" ");
}

/** Safe unquoted in every shell; a leading `=` is special in zsh, and `::` begins a command to some pipelines. */
const PLAIN = /^(?!=|::)[A-Za-z0-9_@%+=:,./-]+$/;
const ODD = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;
/** Begins a command to some pipelines even between quotes; `printable` would change it, and the word with it. */
const COMMAND = /##\w{0,40}\[/;

/** One quoted word. */
export function shellWord(word: string): string {
  if (PLAIN.test(word)) return word;
  if (!ODD.test(word) && !COMMAND.test(word)) return `'${word.replaceAll("'", String.raw`'\''`)}'`;
  let length = word.length;
  while (word[length - 1] === "\n") length--;
  const shown = Array.from(word.slice(0, length), printed).join("");
  const end = word.slice(length);
  return `${shown === "" ? "" : `"$(printf '${shown}')"`}${end === "" ? "" : `'${end}'`}`;
}

/**
 * A character in printf's format, with bytes as `\ddd` (POSIX, printf). A leading dash is escaped, since it would start
 * an option.
 */
function printed(char: string, index: number): string {
  if (char === "%") return "%%";
  if (!ODD.test(char) && !"'\\#".includes(char) && !(char === "-" && index === 0)) return char;
  return Array.from(Buffer.from(char), (byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("");
}
