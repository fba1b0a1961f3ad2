import { shellLine } from "../../src/kit/shell.ts";
import type { ScriptKind } from "./syntax/shell-run.ts";

/**
 * A word with `OLD=…` after some characters of its text, written with `NAME=VALUE` in its place: in the same quotes,
 * and with the text before it unchanged. Null if it is written in a way that is not supported.
 */
export function rewrittenWord(
  raw: string,
  { skip, old }: { readonly skip: number; readonly old: string },
  name: string,
  value: string,
  kind: ScriptKind,
): string | null {
  let [at, passed, quote, from] = [0, 0, "", -1];
  for (; at < raw.length && passed <= skip + old.length; at++) {
    const char = raw.charAt(at);
    if (char === quote) quote = "";
    else if (quote === "" && (char === '"' || char === "'")) quote = char;
    else {
      if (passed === skip) from = at;
      passed++;
    }
  }
  if (from < 0 || raw.slice(from, at) !== `${old}=`) return null;
  const own = quote === "" && /^["']/.test(raw.slice(at)) ? raw.charAt(at) : quote;
  if (quote === "" && own === "") return `${raw.slice(0, from)}${name}=${bare(value, kind)}`;
  const inner = inQuotes(value, own, kind);
  if (inner === null) return null;
  return `${raw.slice(0, from)}${name}=${quote === "" ? own : ""}${inner}${own}`;
}

/** Quotes words for a line of this kind. */
export function shellWords(words: readonly string[], kind: ScriptKind): string {
  return words.map((word) => bare(word, kind)).join(" ");
}

function bare(text: string, kind: ScriptKind): string {
  if (kind === "shell") return shellLine([text]);
  // make leaves quotes to the shell, and fills in what follows a dollar sign even there.
  if (kind === "make") return shellLine([text]).replaceAll("$", "$$$$");
  if (kind === "powershell") return /^[\w./:=+-]+$/.test(text) ? text : `'${text.replaceAll("'", "''")}'`;
  return text !== "" && /^[^\s"';]*$/.test(text) ? escaped(text) : `"${escaped(text).replaceAll('"', String.raw`\"`)}"`;
}

/** For a unit: systemd.service(5) expands `$` and `%` even inside quotes. */
const escaped = (text: string): string =>
  text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll("$", "$$$$").replaceAll("%", "%%");

function inQuotes(text: string, quote: string, kind: ScriptKind): string | null {
  if (kind === "unit") return escaped(text).replaceAll(quote, `\\${quote}`);
  if (kind === "powershell")
    return quote === "'" ? text.replaceAll("'", "''") : text.replaceAll(/["$`]/g, (char) => `\`${char}`);
  if (kind === "make" && text.includes("$")) return null;
  if (quote === '"') return text.replaceAll(/[\\"$`]/g, String.raw`\$&`);
  return text.includes("'") ? null : text;
}
