/**
 * Makes untrusted text (names, labels, engine messages) safe for a terminal: control characters, escape sequences, line
 * and bidirectional controls, and characters that nobody sees become visible escapes; so does what begins a command to the
 * pipeline that shows the log.
 * Called once, at the face.
 */
export function printable(text: string): string {
  return text.replace(UNSAFE, (char) => NAMED[char] ?? `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`);
}

/**
 * JSON that is safe for a terminal and parses to the same value: what `printable` escapes becomes `\uXXXX`. Use it for
 * all JSON that people may see.
 */
export function jsonText(value: unknown, indent?: number): string {
  // Newlines occur only between members; inside strings JSON escapes them.
  return JSON.stringify(value, null, indent).replace(UNSAFE, (char) => (char === "\n" ? char : unicode(char)));
}

/** Text without the characters that nobody sees, for comparing names only: what is shown keeps them, escaped. */
export function withoutInvisible(text: string): string {
  return INVISIBLE.test(text) ? text.replace(ALL_INVISIBLE, "") : text;
}

const INVISIBLE = /\p{Default_Ignorable_Code_Point}/u;
const ALL_INVISIBLE = new RegExp(INVISIBLE, "gu");

function unicode(text: string): string {
  return text.replace(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

// C0, DEL, C1, Unicode line separators, bidirectional controls, characters without a glyph (Unicode's
// Default_Ignorable_Code_Point, and interlinear annotations), lone surrogates. Then commands that pipelines take from
// what a job prints: `##vso[` (Azure), `##teamcity[` and `##[` (GitHub) anywhere, `::name` first on a line.
const UNSAFE =
  /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069\ufff9-\ufffb\p{Default_Ignorable_Code_Point}]|\p{Cs}|#(?=#\w{0,40}\[)|:(?=:[a-z-]{1,40}(?: |::))(?<=^\s*:)/gu;

const NAMED: { readonly [char: string]: string } = { "\n": "\\n", "\r": "\\r", "\t": "\\t", "\u001b": "\\e" };

/** Escapes text, already printable, for an HTML element or a quoted attribute. */
export function inHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

/** Escapes JSON for a script element in HTML: nothing in it can end the element or begin a comment. */
export function jsonInHtml(json: string): string {
  return json.replace(/[<>&\u2028\u2029]/g, unicode);
}
