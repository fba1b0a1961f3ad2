import type { CheckState, DoctorCheck } from "../../../core/doctor.ts";
import type { StateMark } from "../../theme.ts";
import { wrapped, type SpanLine } from "../../widgets/text.ts";

/** Checks as `unsprawl doctor` makes them, each with what to do about it. */
export function checkLines(checks: readonly DoctorCheck[]): SpanLine[] {
  return checks.flatMap(({ state, text, hint, steps }) => {
    const { glyph, word, style } = STATES[state];
    return [
      wrapped(11, { text: ` ${glyph} ${word.padEnd(8)}`, ...style }, text),
      ...(steps ?? (hint === null ? [] : [hint])).map((next) =>
        wrapped(19, { text: "           next: ", bold: true }, next),
      ),
    ];
  });
}

const STATES: { readonly [state in CheckState]: StateMark } = {
  ok: { glyph: "✓", word: "ok", style: { color: "blue" } },
  warn: { glyph: "!", word: "warning", style: { color: "yellow" } },
  fail: { glyph: "✗", word: "failed", style: { color: "red", bold: true } },
  unknown: { glyph: "?", word: "unknown", style: { dimColor: true } },
};
