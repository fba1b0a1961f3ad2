import stringWidth from "string-width";

/** How many columns of a terminal text takes; wide characters, emoji among them, take two. */
export function columns(text: string): number {
  return isNarrow(text) ? text.length : stringWidth(text);
}

/** True for text of which each UTF-16 unit is one character and takes one column, whatever is next to it. */
export function isNarrow(text: string): boolean {
  return NARROW.test(text);
}

/**
 * Letters, lines and glyphs, our own among them, that take one column each whatever is next to them. They are recognised
 * here because the library's first look at anything beyond ASCII builds a table of all emoji, which takes longer than
 * the rest of a small command.
 */
const NARROW =
  /^[\u0020-\u007e\u00a1-\u00ac\u00ae-\u02ff\u2010-\u2027\u2030-\u205e\u2190-\u22ff\u2500-\u25fc\u270c-\u2727]*$/;
