import { shellWord } from "../../../src/kit/shell.ts";

/** A word of a command line: text, and places that a variable's value is filled into. */
export type Word = readonly WordPart[];
export type WordPart = string | { readonly name: string; readonly value: string };

/** A word for a POSIX shell that makes the same of it, whatever the values are: `'--pass='"$NAME"`. */
export function quotedWord(word: Word): string {
  const parts = word.filter((part) => part !== "");
  if (parts.length === 0) return "''";
  return parts.map((part) => (typeof part === "string" ? shellWord(part) : `"$${part.name}"`)).join("");
}

/**
 * A shell's text in which each filled-in value becomes the shell's own expansion of the variable, quoted as the place
 * needs it. Null where today's value would not be one literal piece of a word there, or the place is not understood: in
 * a here document, a comment, `$((…))`, `${…}`, backticks, a text with `case`.
 */
export function expandedText(text: Word): string | null {
  const reader = new ShellReader();
  let made = "";
  for (const [at, part] of text.entries()) {
    if (typeof part === "string") {
      if (!reader.read(part)) return null;
      made += part;
      continue;
    }
    const next = text[at + 1];
    const written = expansion(part, reader, typeof next === "string" ? next : "");
    if (written === null) return null;
    made += written;
    reader.passWord();
  }
  return reader.isClosed() ? made : null;
}

function expansion(
  { name, value }: Exclude<WordPart, string>,
  { place, last }: Pick<ShellReader, "place" | "last">,
  next: string,
): string | null {
  if (place === "single") return value.includes("'") ? null : `'"$${name}"'`;
  if (last === "$" || last === "\\") return null;
  if (place === "double") return /[$`"\\]/.test(value) ? null : /^\w/.test(next) ? `\${${name}}` : `$${name}`;
  // An assignment, where it begins a command.
  if (!/^[\w@%+=:,./-]+$/.test(value) || /^[A-Za-z_]\w*=/.test(value)) return null;
  return `"$${name}"`;
}

/** Follows the quotes of a shell's text, one piece after another. */
class ShellReader {
  /** Innermost last: quotes, and the parentheses of subshells and `$(…)`. */
  readonly #open: ("single" | "double" | "paren")[] = [];
  /** The last character; empty where it has no meaning for the next one. */
  last = "";
  #isWord = false;

  get place(): "single" | "double" | "plain" {
    const inner = this.#open.at(-1);
    return inner === "single" || inner === "double" ? inner : "plain";
  }

  isClosed(): boolean {
    return this.#open.length === 0;
  }

  /** A value stands here: whatever follows does not begin a word. */
  passWord(): void {
    this.last = "x";
    this.#isWord = true;
  }

  /** False where the text has a form that is not followed. */
  read(text: string): boolean {
    if (/`|<<|\bcase\b|\$\(\(|\$'|\$"/.test(text)) return false;
    for (let at = 0; at < text.length; at++) {
      const char = text[at] ?? "";
      if (this.place === "single") {
        if (char === "'") this.#open.pop();
      } else if (char === "\\") {
        if (at + 1 === text.length) return false;
        at++;
      } else if (char === "$" && text[at + 1] === "{") {
        const end = /^\$\{\w+\}/.exec(text.slice(at, at + LONGEST_NAME))?.[0].length ?? 0;
        if (end === 0) return false;
        at += end - 1;
      } else if (char === "$" && text[at + 1] === "(") {
        this.#open.push("paren");
        at++;
      } else if (this.place === "double") {
        if (char === '"') this.#open.pop();
      } else if (!this.#readPlain(char)) return false;
      this.last = text[at] ?? "";
      this.#isWord = this.place !== "plain" || !/[\s;&|()]/.test(this.last);
    }
    return true;
  }

  #readPlain(char: string): boolean {
    if (char === "#" && !this.#isWord) return false;
    if (char === "'") this.#open.push("single");
    if (char === '"') this.#open.push("double");
    if (char === "(") this.#open.push("paren");
    if (char === ")" && this.#open.pop() !== "paren") return false;
    return true;
  }
}

const LONGEST_NAME = 100;
