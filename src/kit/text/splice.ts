export type Edit = { readonly start: number; readonly end: number; readonly text: string };

/** The text with ranges replaced. Ranges are of the given text and do not overlap; what is put in front of one comes first. */
export function splice(text: string, edits: readonly Edit[]): string {
  return edits
    .toSorted((a, b) => b.start - a.start || b.end - a.end)
    .reduce((done, { start, end, text: put }) => done.slice(0, start) + put + done.slice(end), text);
}

/** Where the line that holds this place begins. */
export function lineStart(text: string, at: number): number {
  return text.lastIndexOf("\n", at - 1) + 1;
}

/** Where the line that ends with the byte before `at` is over, its line end included. */
export function lineEnd(text: string, at: number): number {
  if (text[at - 1] === "\n") return at;
  const end = text.indexOf("\n", at);
  return end < 0 ? text.length : end + 1;
}

/** Words that YAML 1.1 readers take for something else than text. */
const NOT_TEXT = /^(y|n|yes|no|on|off|true|false|null)$/i;

/** A key as YAML: bare where no reader can mistake it. */
export function yamlKey(key: string): string {
  return /^[A-Za-z_][\w-]*$/.test(key) && !NOT_TEXT.test(key) ? key : quoted(key);
}

/** Text as a YAML value: bare where no reader can take it for a number, a time or anything else. */
export function yamlText(text: string): string {
  return /^[A-Za-z_][\w./+=-]*$/.test(text) && !NOT_TEXT.test(text) ? text : quoted(text);
}

/** In double quotes, with all but letters and digits escaped. */
function quoted(text: string): string {
  const escaped = text.replace(/["\\]|[^ -~\p{L}\p{N}]/gu, (char) => {
    if (char === '"' || char === "\\") return `\\${char}`;
    const code = char.codePointAt(0) ?? 0;
    return code > 0xffff ? `\\U${code.toString(16).padStart(8, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
  });
  return `"${escaped}"`;
}

/** The line end that a text uses. */
export function eol(text: string): string {
  return text.includes("\r\n") ? "\r\n" : "\n";
}
