/**
 * Untrusted text (names, labels, engine messages) as a terminal may show it: control characters, escape sequences,
 * line and bidirectional controls become visible escapes, so that nothing moves the cursor, colours or reorders.
 * Called once, at the face.
 */
export function printable(text: string): string {
  return text.replace(UNSAFE, (char) => NAMED[char] ?? `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`);
}

// C0, DEL, C1, Unicode line separators, bidirectional controls, zero-width characters, lone surrogates.
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]|\p{Cs}/gu;

const NAMED: { readonly [char: string]: string } = { "\n": "\\n", "\r": "\\r", "\t": "\\t", "\u001b": "\\e" };
