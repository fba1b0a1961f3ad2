import { layout, type Guard, type SpanLine } from "../widgets/text.ts";

/**
 * Lines of the screens as they are read aloud: whole, without indentation, with words in place of signs. Known values
 * are out of them and nothing in them moves a terminal, as for the screens.
 */
export function spoken(lines: readonly SpanLine[], guard: Guard): string[] {
  // Not wrapped: where a line is broken is the terminal's matter, and a reader's pause.
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
      // Where the screens have a key, here a letter is typed.
      .replaceAll(/\besc(?=(?: goes)? back|, then )/g, "b"),
  );
}

/** Spans that are one sign and nothing else: they carry what the words after them leave open. */
const SIGNS: { readonly [text: string]: string } = {
  "+ ": "add ",
  "- ": "remove ",
  "~ ": "change ",
  " ✗ ": "failed: ",
  "✗ ": "failed: ",
};
