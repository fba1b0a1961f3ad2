/**
 * Untrusted text (names, labels, engine messages) as a terminal may show it: control characters, escape sequences,
 * line and bidirectional controls become visible escapes, so that nothing moves the cursor, colours or reorders.
 * Called once, at the face.
 */
export function printable(text: string): string {
  return text.replace(UNSAFE, (char) => NAMED[char] ?? `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`);
}

/**
 * JSON as a terminal may show it, which reads back as the same: what `printable` escapes stands as `\uXXXX`. For every JSON
 * that people may see.
 */
export function jsonText(value: unknown, indent?: number): string {
  // A line's end stands between members only; in texts JSON escapes it itself.
  return JSON.stringify(value, null, indent).replace(UNSAFE, (char) => (char === "\n" ? char : unicode(char)));
}

function unicode(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

// C0, DEL, C1, Unicode line separators, bidirectional controls, zero-width characters, lone surrogates.
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]|\p{Cs}/gu;

const NAMED: { readonly [char: string]: string } = { "\n": "\\n", "\r": "\\r", "\t": "\\t", "\u001b": "\\e" };

/** Text, printable already, as it stands in HTML: in an element or in an attribute with quotes. */
export function inHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

/** JSON as it may stand in a script element of HTML: nothing in it can end the element or begin a comment. */
export function jsonInHtml(json: string): string {
  return json.replace(/[<>&\u2028\u2029]/g, unicode);
}
