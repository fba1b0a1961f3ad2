import type { ShellWord } from "./shell-words.ts";

/**
 * The commands of a systemd unit's `Exec…=` lines by their words (systemd.service(5), COMMAND LINES; systemd.syntax(7)):
 * a line goes on behind a backslash, comments in between are skipped, and a `;` on its own begins another command.
 */
export function unitCommands(text: string): ShellWord[][] {
  const commands: ShellWord[][] = [];
  for (const found of text.matchAll(/^[ \t]*Exec[A-Za-z]*[ \t]*=/gm)) {
    let command: ShellWord[] = [];
    let at = found.index + found[0].length;
    for (;;) {
      at += /^(?:[ \t\r]|\\\r?\n(?:[ \t]*[#;].*\n)*)*/.exec(text.slice(at))?.[0].length ?? 0;
      if (at >= text.length || text.charAt(at) === "\n") break;
      const word = readWord(text, at, command.length === 0);
      at = word.end;
      if (word.text === ";" && word.quoting === "none") {
        if (command.length > 0) commands.push(command);
        command = [];
      } else command.push(word);
    }
    if (command.length > 0) commands.push(command);
  }
  return commands;
}

const ESCAPES: { readonly [char: string]: string } = { n: "\n", t: "\t", r: "\r", s: " ", a: "\u0007", b: "\b" };

function readWord(text: string, start: number, program: boolean): ShellWord {
  const kinds = new Set<"none" | "single" | "double">();
  // `-`, `@` and the like before the program say how it is run.
  let at = start + (program ? (/^[-@:+!|]*/.exec(text.slice(start, start + 8))?.[0].length ?? 0) : 0);
  let [value, quote, expands] = ["", "", false];
  while (at < text.length) {
    const char = text.charAt(at);
    const two = text.slice(at, at + 2);
    if (/^\\\r?\n/.test(text.slice(at, at + 3))) {
      if (quote === "") break;
      value += " ";
      at = text.indexOf("\n", at) + 1;
    } else if (char === "\n" || (quote === "" && /[ \t\r]/.test(char))) break;
    else if (quote === "" ? char === '"' || char === "'" : char === quote) {
      kinds.add(char === "'" ? "single" : "double");
      quote = quote === "" ? char : "";
      at++;
    } else {
      if (quote === "") kinds.add("none");
      const code = /^\\(?:x([0-9a-fA-F]{2})|([0-7]{3}))/.exec(text.slice(at, at + 4));
      if (code !== null) {
        value += String.fromCharCode(code[1] === undefined ? parseInt(code[2] ?? "", 8) : parseInt(code[1], 16));
        at += code[0].length;
      } else if (char === "\\") {
        value += ESCAPES[two.charAt(1)] ?? two.charAt(1);
        at += 2;
      } else if (two === "$$" || two === "%%") {
        value += char;
        at += 2;
      } else {
        // `$NAME` in single quotes too: quotes only keep blanks together here.
        if (/^(?:\$[\w{]|%\w)/.test(two)) expands = true;
        value += char;
        at++;
      }
    }
  }
  const [kind = "none"] = kinds;
  return { start, end: Math.max(at, start + 1), text: value, quoting: kinds.size > 1 ? "mixed" : kind, expands };
}
