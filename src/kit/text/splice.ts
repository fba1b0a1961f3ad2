export type Edit = { readonly start: number; readonly end: number; readonly text: string };

/** Replaces ranges of a text, which must not overlap. Insertions at the start of a range come before it. */
export function splice(text: string, edits: readonly Edit[]): string {
  return inOrder(edits)
    .toReversed()
    .reduce((done, { start, end, text: put }) => done.slice(0, start) + put + done.slice(end), text);
}

/** Edits in the order in which their texts will stand. */
function inOrder(edits: readonly Edit[]): readonly Edit[] {
  return edits.toSorted((a, b) => b.start - a.start || b.end - a.end).toReversed();
}

/** The offset at which the line of this offset begins. */
export function lineStart(text: string, at: number): number {
  return text.lastIndexOf("\n", at - 1) + 1;
}

/** The offset after the line that contains the character before `at`, including its line end. */
export function lineEnd(text: string, at: number): number {
  if (text[at - 1] === "\n") return at;
  const end = text.indexOf("\n", at);
  return end < 0 ? text.length : end + 1;
}

/** Words that YAML 1.1 parsers do not read as text. */
const NOT_TEXT = /^(y|n|yes|no|on|off|true|false|null)$/i;

/** A YAML key, quoted unless every parser reads it as this text. */
export function yamlKey(key: string): string {
  return /^[A-Za-z_][\w-]*$/.test(key) && !NOT_TEXT.test(key) ? key : quoted(key);
}

/** A YAML value, quoted unless every parser reads it as this text rather than a number, a time or anything else. */
export function yamlText(text: string): string {
  return /^[A-Za-z_][\w./+=-]*$/.test(text) && !NOT_TEXT.test(text) ? text : quoted(text);
}

/** Double-quoted, with everything except ASCII, letters and digits escaped. */
function quoted(text: string): string {
  const escaped = text.replace(/["\\]|[^ -~\p{L}\p{N}]/gu, (char) => {
    if (char === '"' || char === "\\") return `\\${char}`;
    const code = char.codePointAt(0) ?? 0;
    return code > 0xffff ? `\\U${code.toString(16).padStart(8, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
  });
  return `"${escaped}"`;
}

/** The line ending that a text uses. */
export function lineEnding(text: string): string {
  return text.includes("\r\n") ? "\r\n" : "\n";
}
