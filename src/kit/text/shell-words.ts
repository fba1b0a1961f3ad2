import { afterHereDocument, endOfQuoted, lineEnd } from "./shell-skip.ts";

/** A word of a command with its range in the text, in UTF-16 units, including quotes. */
export type ShellWord = {
  readonly start: number;
  readonly end: number;
  /** The word as the command receives it; the source text if it `expands`. */
  readonly text: string;
  /**
   * Whether it contains a variable, a command's output, a pattern or `~`, so that its value is known only at run time.
   */
  readonly expands: boolean;
};

/** A range of a text, in UTF-16 units. */
export type TextRange = { readonly start: number; readonly end: number };

/**
 * The simple commands of a POSIX shell script as words, in the order in which they end, including those in `$(…)`.
 * Redirections are omitted; ranges of here-document bodies are added to `bodies`. Never fails: an unclosed quote or
 * substitution ends with its line, and its offset is added to `open`.
 *
 * Why not tree-sitter-bash 0.25 (web-tree-sitter): of 500 random command lines it reads 289 as `sh` does, this parser all.
 * It loses words after a redirection, splits words at a line continuation, and fails on two here-documents of one command.
 * It takes 35 to 50 ms to load and three times as long to parse, and its package (20 MB) has an install script.
 */
export function shellCommands(text: string, bodies: TextRange[] = [], open: number[] = []): ShellWord[][] {
  return commandsIn(text, 0, text.length, 0, { commands: [], bodies, open, cut: 0 });
}

/** The maximum nesting of commands; deeper ones are only part of a word. */
const DEEPEST = 8;

/** The maximum number of unclosed quotes that end with their line, since each costs a scan of the rest of the text. */
const MOST = 8;

/** Results shared by a text and its nested commands. */
type ShellParse = {
  readonly commands: ShellWord[][];
  readonly bodies: TextRange[];
  readonly open: number[];
  cut: number;
};

function commandsIn(text: string, from: number, to: number, depth: number, found: ShellParse): ShellWord[][] {
  const commands: ShellWord[][] = [];
  const bodies: { readonly end: string; readonly tabs: boolean }[] = [];
  let command: ShellWord[] = [];
  let redirected: "file" | "body" | "tabbed body" | null = null;
  let at = from;
  const close = (): void => {
    if (command.length > 0) commands.push(command);
    command = [];
    redirected = null;
  };
  while (at < to) {
    const rest = text.slice(at, Math.min(to, at + 4));
    if (/^[ \t\r]/.test(rest)) at++;
    else if (/^\\\r?\n/.test(rest)) at = text.indexOf("\n", at) + 1;
    else if (rest.startsWith("#")) at = lineEnd(text, at, to);
    else if (rest.startsWith("`#") && past(NO_OUTPUT, text, at) <= to && past(NO_OUTPUT, text, at) > at)
      at = past(NO_OUTPUT, text, at);
    else if (rest.startsWith("\n")) {
      close();
      at++;
      for (const body of bodies.splice(0)) {
        const end = afterHereDocument(text, at, to, body);
        found.bodies.push({ start: at, end });
        at = end;
      }
    } else if (/^(?:\d*[<>]|&>)(?!\()/.test(rest)) {
      const [operator = ""] = /^(?:&>>?|\d*(?:<<-|<<<|<<|>>|<&|>&|>\||<>|[<>]))/.exec(rest) ?? [];
      const body = operator.endsWith("<<") && !operator.endsWith("<<<");
      redirected = operator.endsWith("<<-") ? "tabbed body" : body ? "body" : "file";
      at += Math.max(1, operator.length);
    } else if (/^[;&|()]/.test(rest)) {
      close();
      at++;
    } else {
      const word = readWord(text, at, to, depth, commands, found);
      if (redirected === "body" || redirected === "tabbed body")
        bodies.push({ end: word.text, tabs: redirected !== "body" });
      else if (redirected === null) command.push(word);
      redirected = null;
      at = word.end;
    }
  }
  close();
  return commands;
}

/** A word of nothing but the output of a comment is no word; linuxserver.io writes `#optional` behind flags. */
const NO_OUTPUT = /`#[^`\\\n]*`(?=[\s;&|()<>\\]|$)/y;

function past(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}

function readWord(
  text: string,
  start: number,
  to: number,
  depth: number,
  commands: ShellWord[][],
  found: ShellParse,
): ShellWord {
  return new WordReader(text, start, to, depth, commands, found).read();
}

/** Reads one word; the commands whose output is part of it are added to the others. */
class WordReader {
  readonly #text: string;
  readonly #start: number;
  readonly #to: number;
  readonly #depth: number;
  readonly #commands: ShellWord[][];
  readonly #found: ShellParse;
  #at: number;
  #expands = false;
  #value = "";

  constructor(text: string, start: number, to: number, depth: number, commands: ShellWord[][], found: ShellParse) {
    this.#text = text;
    this.#start = start;
    this.#at = start;
    this.#to = to;
    this.#depth = depth;
    this.#commands = commands;
    this.#found = found;
  }

  read(): ShellWord {
    while (this.#at < this.#to && !/[ \t\r\n;&|()<>]/.test(this.#char())) {
      const char = this.#char();
      if (char === "'" || (char === "$" && this.#text.charAt(this.#at + 1) === "'")) this.#single(char === "$");
      else if (char === '"') this.#double();
      else if (char === "\\") this.#escape(/^\\(?:\r?\n|[^])?/.exec(this.#text.slice(this.#at, this.#at + 3))?.[0]);
      else if (char === "$" || char === "`") this.#output(this.#to, false);
      else this.#plain(char);
    }
    // A lone operator that belongs to no word counts as a word, so that parsing continues.
    const end = Math.max(this.#at, this.#start + 1);
    return { start: this.#start, end, text: this.#value, expands: this.#expands };
  }

  #char(): string {
    return this.#text.charAt(this.#at);
  }

  #single(isBash: boolean): void {
    if (isBash) this.#expands = true; // bash's own escapes
    const open = this.#text.indexOf("'", this.#at) + 1;
    const { end, inner } = this.#over(this.#to, false);
    this.#value += this.#text.slice(open, inner);
    this.#at = end;
  }

  #double(): void {
    const { end, inner } = this.#over(this.#to, false);
    this.#at++;
    while (this.#at < inner) {
      const escaped = /^\\(?:\r?\n|[\\"$`])/.exec(this.#text.slice(this.#at, this.#at + 3))?.[0];
      if (escaped !== undefined) this.#escape(escaped);
      else if (/[$`]/.test(this.#char())) this.#output(inner, true);
      else this.#value += this.#text.charAt(this.#at++);
    }
    this.#at = end;
  }

  #escape(escaped = "\\"): void {
    this.#value += escaped.endsWith("\n") ? "" : escaped.slice(1);
    this.#at += escaped.length;
  }

  #plain(char: string): void {
    if (/[*?[]/.test(char) || (char === "~" && /(^|[=:])$/.test(this.#value))) this.#expands = true;
    const behind = char === "{" ? this.#text.slice(this.#at, Math.min(this.#to, this.#at + 256)) : "";
    // bash expands `{a,b}` and `{1..3}` to several words.
    if (/^\{[^{}\s]*(?:,|\.\.)/.test(behind)) this.#expands = true;
    this.#value += char;
    this.#at++;
  }

  /** What a variable or a command puts in its place. */
  #output(limit: number, quoted: boolean): void {
    const from = this.#at;
    const plain = /^\$(?![({])(?:\w+|[@*#?$!-])?/.exec(this.#text.slice(from, Math.min(limit, from + 256)))?.[0];
    // A dollar before nothing is one: `pass$`; before a quote it is bash's, and a backslash may join lines.
    if (plain === "$" && !(quoted ? /\\/ : /["'\\]/).test(this.#text.charAt(from + 1))) {
      this.#value += plain;
      this.#at++;
      return;
    }
    const { end, inner } = plain === undefined ? this.#over(limit, quoted) : { end: from + plain.length, inner: from };
    // Except arithmetic.
    if (/^\$\((?!\()/.test(this.#text.slice(from, from + 3)) && this.#depth < DEEPEST)
      for (const one of commandsIn(this.#text, from + 2, inner, this.#depth + 1, this.#found)) this.#commands.push(one);
    this.#value += this.#text.slice(from, end);
    this.#expands = true;
    this.#at = end;
  }

  /** Where the quotes or brackets that open here end, and where what is in them does. */
  #over(limit: number, quoted: boolean): { readonly end: number; readonly inner: number } {
    const end = endOfQuoted(this.#text, this.#at, limit, quoted);
    if (end !== null) return { end, inner: end - 1 };
    if (this.#found.cut++ >= MOST) return { end: limit, inner: limit };
    if (this.#depth === 0 && limit === this.#to) this.#found.open.push(this.#at);
    const cut = lineEnd(this.#text, this.#at, limit);
    this.#expands = true;
    return { end: cut, inner: cut };
  }
}
