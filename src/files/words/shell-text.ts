import { shellWord } from "../../kit/shell.ts";

/** A word of a command line: text, places that a variable's value is filled into, and places that stay `${…}`. */
export type Word = readonly WordPart[];
export type WordPart = string | FilledPart | KeptPart;
type FilledPart = { readonly name: string; readonly value: string };
/** What Compose still fills in. `mark` stands for it in what is made; `text` is what it is now. */
export type KeptPart = { readonly mark: string; readonly text: string };

/** The text of a part with the value in its place. */
export const literal = (part: WordPart): string =>
  typeof part === "string" ? part : "name" in part ? part.value : part.text;

/** The text of a part that holds no value, as it is made again. */
export const madeText = (part: WordPart): string =>
  typeof part === "object" && "mark" in part ? part.mark : literal(part);

/** Whether today's text of such a part, and one like it, can stand between single quotes. */
export const isQuotable = ({ text }: KeptPart): boolean => !/['\p{C}]/u.test(text);

/** A word for a POSIX shell that makes the same of it, whatever the values are: `'--pass='"$NAME"`. */
export function quotedWord(word: Word): string {
  const parts = word.filter((part) => part !== "");
  if (parts.length === 0) return "''";
  return parts
    .map((part) => (typeof part === "string" ? shellWord(part) : "mark" in part ? `'${part.mark}'` : `"$${part.name}"`))
    .join("");
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
    if (typeof part === "string" || "mark" in part) {
      if (!reader.read(literal(part))) return null;
      made += madeText(part);
      continue;
    }
    const next = text[at + 1];
    const follows = next === undefined ? "" : typeof next === "string" ? next : "mark" in next ? "x" : "";
    const written = expansion(part, reader, follows);
    if (written === null) return null;
    made += written;
    reader.passWord();
  }
  return reader.isClosed() ? made : null;
}

function expansion(
  { name, value }: FilledPart,
  { place, last, isName }: Pick<ShellReader, "place" | "last" | "isName">,
  next: string,
): string | null {
  if (place === "single") return value.includes("'") ? null : `'"$${name}"'`;
  if (last === "$" || last === "\\" || isName) return null;
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
  /** `$NAME` ends here, whose name would be a longer one. */
  isName = false;
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
    this.isName = false;
    this.#isWord = true;
  }

  /** False where the text has a form that is not followed. */
  read(text: string): boolean {
    if (/`|<<|\bcase\b|\$\(\(|\$'|\$"/.test(text)) return false;
    // What would be one form with the end of the text before it.
    if (text !== "" && (this.last === "$" || this.last === "<" || (this.last === "(" && text.startsWith("("))))
      return false;
    this.isName = /\$\w+$/.test(text) || (this.isName && /^\w*$/.test(text));
    for (let at = 0; at < text.length;) {
      const end = this.#readForm(text, at);
      if (end === null) return false;
      this.last = text[end - 1] ?? "";
      this.#isWord = this.place !== "plain" || !/[\s;&|()]/.test(this.last);
      at = end;
    }
    return true;
  }

  /** Reads what begins at `at`, and gives where it ends; null for a form that is not followed. */
  #readForm(text: string, at: number): number | null {
    const char = text[at] ?? "";
    const next = text[at + 1];
    if (this.place === "single") {
      if (char === "'") this.#open.pop();
      return at + 1;
    }
    if (char === "\\") return next === undefined ? null : at + 2;
    if (char === "$" && next === "{") {
      const length = /^\$\{\w+\}/.exec(text.slice(at, at + LONGEST_NAME))?.[0].length;
      return length === undefined ? null : at + length;
    }
    if (char === "$" && next === "(") {
      this.#open.push("paren");
      return at + 2;
    }
    if (this.place === "double") {
      if (char === '"') this.#open.pop();
      return at + 1;
    }
    return this.#readPlain(char) ? at + 1 : null;
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
