import { columns } from "./width.ts";

/**
 * Lines of at most `width` columns, broken at spaces; a word that is longer stays whole. Spaces at the beginning of the
 * text are kept on its first line.
 */
export function wrapWords(text: string, width: number): string[] {
  const [, lead = "", rest = ""] = /^( *)(.*)$/s.exec(text) ?? [];
  const lines: string[] = [];
  let line = "";
  for (const word of rest.split(" ")) {
    if (line !== "" && columns(line) + 1 + columns(word) > width - (lines.length === 0 ? lead.length : 0)) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  lines.push(line);
  return [lead + (lines[0] ?? ""), ...lines.slice(1)];
}

/** A text behind `head`, wrapped, with its further lines below the first. `head` counts as `indent` columns. */
export function hanging(head: string, text: string, indent: number, width: number): string[] {
  const [first = "", ...rest] = wrapWords(text, Math.max(20, width - indent));
  return [head + first, ...rest.map((line) => " ".repeat(indent) + line)];
}

/** What lines for this stream may take: a terminal's columns; anything else is never wrapped. */
export function lineWidth(stream: { readonly isTTY?: boolean; readonly columns?: number } | null): number {
  return stream?.isTTY === true ? Math.max(40, stream.columns ?? 80) : Number.POSITIVE_INFINITY;
}
