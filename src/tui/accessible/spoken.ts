import { layout, type Guard, type SpanLine } from "../widgets/text.ts";

/**
 * Lines of the screens as they are read aloud: whole, without indentation, with words instead of signs. As on the
 * screens, they contain no known value and nothing that controls a terminal.
 */
export function spoken(lines: readonly SpanLine[], guard: Guard): string[] {
  // Not wrapped: breaking lines is up to the terminal, and a break is a pause for the reader.
  const whole = lines.map(({ spans }) => ({ spans }));
  return layout(whole, Number.MAX_SAFE_INTEGER, guard).map(({ spans }) =>
    spans
      .map(({ text }) => SIGNS[text] ?? text)
      .join("")
      .trim()
      .replace(/^[■▲●·✓✗↶▸!=] (?=[a-z])/u, (glyph) => (glyph === "! " ? "attention: " : ""))
      .replaceAll(/[▰▱]{1,80} |▸ /gu, "")
      .replaceAll(/•+/gu, "[hidden]")
      .replaceAll(" → ", " to ")
      // Where the screens have a key, a letter is typed here.
      .replaceAll(/\besc(?=(?: goes)? back|, then )/g, "b"),
  );
}

/** Spans of a single sign: they carry what the words after them leave open. */
const SIGNS: { readonly [text: string]: string } = {
  "+ ": "add ",
  "- ": "remove ",
  "~ ": "change ",
  " ✗ ": "failed: ",
  "✗ ": "failed: ",
};
