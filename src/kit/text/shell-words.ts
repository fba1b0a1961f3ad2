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
  let [at, expands, value] = [start, false, ""];
  const over = (limit: number, quoted: boolean): { readonly end: number; readonly inner: number } => {
    const end = endOfQuoted(text, at, limit, quoted);
    if (end !== null) return { end, inner: end - 1 };
    if (found.cut++ >= MOST) return { end: limit, inner: limit };
    if (depth === 0 && limit === to) found.open.push(at);
    const cut = lineEnd(text, at, limit);
    expands = true;
    return { end: cut, inner: cut };
  };
  const output = (limit: number, quoted: boolean): void => {
    const from = at;
    const plain = /^\$(?![({])(?:\w+|[@*#?$!-])?/.exec(text.slice(at, Math.min(limit, at + 256)))?.[0];
    // A dollar before nothing is one: `pass$`; before a quote it is bash's, and a backslash may join lines.
    if (plain === "$" && !(quoted ? /\\/ : /["'\\]/).test(text.charAt(at + 1))) {
      value += plain;
      at++;
      return;
    }
    const { end, inner } = plain === undefined ? over(limit, quoted) : { end: at + plain.length, inner: at };
    // Except arithmetic.
    if (/^\$\((?!\()/.test(text.slice(at, at + 3)) && depth < DEEPEST)
      for (const one of commandsIn(text, from + 2, inner, depth + 1, found)) commands.push(one);
    value += text.slice(from, end);
    expands = true;
    at = end;
  };
  while (at < to && !/[ \t\r\n;&|()<>]/.test(text.charAt(at))) {
    const char = text.charAt(at);
    if (char === "'" || (char === "$" && text.charAt(at + 1) === "'")) {
      if (char === "$") expands = true; // bash's own escapes
      const open = text.indexOf("'", at) + 1;
      const { end, inner } = over(to, false);
      value += text.slice(open, inner);
      at = end;
    } else if (char === '"') {
      const { end, inner } = over(to, false);
      at++;
      while (at < inner) {
        const escaped = /^\\(?:\r?\n|[\\"$`])/.exec(text.slice(at, at + 3))?.[0];
        if (escaped !== undefined) {
          value += escaped.endsWith("\n") ? "" : escaped.slice(1);
          at += escaped.length;
        } else if (/[$`]/.test(text.charAt(at))) output(inner, true);
        else value += text.charAt(at++);
      }
      at = end;
    } else if (char === "\\") {
      const [escaped = "\\"] = /^\\(?:\r?\n|[^])?/.exec(text.slice(at, at + 3)) ?? [];
      value += escaped.endsWith("\n") ? "" : escaped.slice(1);
      at += escaped.length;
    } else if (char === "$" || char === "`") output(to, false);
    else {
      if (/[*?[]/.test(char) || (char === "~" && /(^|[=:])$/.test(value))) expands = true;
      // bash expands `{a,b}` and `{1..3}` to several words.
      if (char === "{" && /^\{[^{}\s]*(?:,|\.\.)/.test(text.slice(at, Math.min(to, at + 256)))) expands = true;
      value += char;
      at++;
    }
  }
  // A lone operator that belongs to no word counts as a word, so that parsing continues.
  return { start, end: Math.max(at, start + 1), text: value, expands };
}
