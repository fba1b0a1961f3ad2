import type { ShellWord } from "../../../src/kit/text/shell-words.ts";

/** A lone backtick at the end of a line continues it. */
const CONTINUED = /`\r?\n/y;
const BLANKS = /[ \t\r]+/y;
const COMMENT = /#[^\n]*/y;
const BLOCK_COMMENT = /<#[^]*?(?:#>|$)/y;
const HERE_STRING = /@(['"])[ \t]*\r?\n[^]*?(?:\n\1@|$)/y;
/** What separates commands; `&` also calls one. */
const SEPARATOR = /[\n;|&(){}]+/y;

/**
 * The commands of a PowerShell script as words, as its argument mode reads them (about_Parsing, about_Quoting_Rules): a
 * backtick escapes, quotes may open anywhere in a word, and a doubled quote is one. A word whose value depends on a
 * variable, or on the version (a double quote in it), `expands`. A variable that is set to a string is a command that sets it.
 */
export function powershellCommands(text: string): ShellWord[][] {
  const commands: ShellWord[][] = [];
  let command: ShellWord[] = [];
  const close = (): void => {
    if (command.length > 0) commands.push(...withSetting(command));
    command = [];
  };
  for (let at = 0; at < text.length;) {
    const skipped = past(CONTINUED, text, at) ?? past(BLANKS, text, at) ?? past(COMMENT, text, at);
    const end = skipped ?? past(BLOCK_COMMENT, text, at);
    if (end !== null) {
      at = end;
      continue;
    }
    const separated = past(SEPARATOR, text, at);
    if (separated !== null) {
      close();
      at = separated;
      continue;
    }
    const word = wordAt(text, at);
    command.push(word);
    at = word.end;
  }
  close();
  return commands;
}

/** `$id = docker run …`: the setting, and the command whose output it gets. */
function withSetting(words: ShellWord[]): ShellWord[][] {
  const [variable, equals, value] = words;
  const name = /^\$(?:\w+:)?(\w+)$/.exec(variable?.text ?? "")?.[1];
  if (variable === undefined || equals?.text !== "=" || name === undefined) return [words];
  if (words.length > 3 || value === undefined)
    return [words.slice(0, 2), words.slice(2)].filter((all) => all.length > 0);
  return [[{ start: variable.start, end: value.end, text: `${name}=${value.text}`, expands: value.expands }]];
}

function wordAt(text: string, start: number): ShellWord {
  const here = past(HERE_STRING, text, start);
  if (here !== null) return { start, end: here, text: text.slice(start, here), expands: true };
  let [at, value, expands] = [start, "", false];
  while (at < text.length && !/[ \t\r\n;|&(){}]/.test(text.charAt(at))) {
    const char = text.charAt(at);
    if (char === "'" || char === '"') {
      const quoted = quotedAt(text, at);
      value += quoted.value;
      expands ||= quoted.expands;
      at = quoted.end;
    } else if (char === "`") {
      if (/\r?\n/y.test(text.slice(at + 1, at + 3))) break;
      value += text.charAt(at + 1);
      at += 2;
    } else if (char === "$" && /[({]/.test(text.charAt(at + 1))) {
      const end = closing(text, at + 1);
      value += text.slice(at, end);
      [expands, at] = [true, end];
    } else {
      // A comma makes a list, and `@name` several words.
      if (char === "$" || char === "," || (char === "@" && at === start)) expands = true;
      value += char;
      at++;
    }
  }
  return { start, end: Math.max(at, start + 1), text: value, expands: expands || value.includes('"') };
}

type QuotedText = { readonly value: string; readonly expands: boolean; readonly end: number };

/** A quote that never ends reaches to the end of its line, and is not known. */
function quotedAt(text: string, open: number): QuotedText {
  const quote = text.charAt(open);
  let [value, expands] = ["", false];
  for (let at = open + 1; at < text.length;) {
    const char = text.charAt(at);
    if (char === quote && text.charAt(at + 1) === quote) {
      value += quote;
      at += 2;
    } else if (char === quote) return { value, expands, end: at + 1 };
    else if (char === "`" && quote === '"') {
      const escaped = text.charAt(at + 1);
      // Letters stand for other characters, such as `n for a line end.
      expands ||= /[a-z0]/.test(escaped);
      value += escaped;
      at += 2;
    } else {
      expands ||= char === "$" && quote === '"';
      value += char;
      at++;
    }
  }
  const line = text.indexOf("\n", open);
  const end = line < 0 ? text.length : line;
  return { value: text.slice(open + 1, end), expands: true, end };
}

function closing(text: string, open: number): number {
  const last = text.charAt(open) === "(" ? ")" : "}";
  let depth = 0;
  for (let at = open; at < text.length; at++) {
    if (text.charAt(at) === text.charAt(open)) depth++;
    if (text.charAt(at) === last && --depth === 0) return at + 1;
  }
  return text.length;
}

function past(pattern: RegExp, text: string, at: number): number | null {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : null;
}
