/** Stands for each character that a template engine replaces. From the private use area: no file contains it. */
export const FILLER = "\uE0B3";

/** Braces further apart than this do not belong together. */
const LONGEST = 2_000;

/**
 * The text with `{{ x }}`, `{% if x %}` and `{# … #}` of Jinja2, Helm and Go masked, of the same length and with the same
 * lines, so that a parser can read it. A line of nothing but markup becomes blank. GitHub's `${{ … }}` stays: to everything
 * but GitHub it is text.
 */
export function withoutTemplates(text: string): string {
  const pieces: string[] = [];
  let done = 0;
  for (const { start, end } of markupIn(text)) {
    const filler = text.startsWith("{{", start) ? FILLER : " ";
    pieces.push(text.slice(done, start), text.slice(start, end).replace(/[^\r\n]/g, filler));
    done = end;
  }
  if (done === 0) return text;
  return (pieces.join("") + text.slice(done)).replace(ALONE, (line) => line.replace(/[^\r\n]/g, " "));
}

/** Helm's `{{- if … }}` and `{{- include … }}` alone on a line yield lines, not a value. */
const ALONE = new RegExp(`^[ \\t]*${FILLER}+[ \\t]*$`, "gm");

function markupIn(text: string): { readonly start: number; readonly end: number }[] {
  const found: { readonly start: number; readonly end: number }[] = [];
  // Where each kind is next closed: found once, however often it is opened before.
  const closed = new Map<string, number>();
  let done = 0;
  for (const { index: start, 1: kind = "" } of text.matchAll(/(?<!\$)\{([{%#])/g)) {
    if (start < done) continue;
    const closing = kind === "{" ? "}}" : `${kind}}`;
    let close = closed.get(kind) ?? 0;
    if (close < start + 2) close = text.indexOf(closing, start + 2);
    closed.set(kind, close < 0 ? Infinity : close);
    if (close < 0 || close > start + LONGEST) continue;
    done = close + 2;
    found.push({ start, end: done });
  }
  return found;
}
