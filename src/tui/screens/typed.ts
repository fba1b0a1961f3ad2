import { characters, type Typed } from "../line-edit.ts";
import type { Guard, StyledSpan } from "../widgets/text.ts";

/**
 * A line being typed, with a cursor that is visible without colours too. A pasted value is recognised only as a whole,
 * so no cursor is shown in one.
 */
export function typedSpans({ text, at }: Typed, guard: Guard): StyledSpan[] {
  const shown = guard(text);
  if (shown !== text) return [{ text: shown }];
  const all = characters(text);
  return [{ text: all.slice(0, at).join("") }, { text: "▏", bold: true }, { text: all.slice(at).join("") }];
}
