import { characters, type Typed } from "../line-edit.ts";
import type { Guard, StyledSpan } from "../widgets/text.ts";

/**
 * A line that is being typed, with a cursor that is seen without colours too. A value that was pasted is known as a
 * whole only, so no cursor stands in one.
 */
export function typedSpans({ text, at }: Typed, guard: Guard): StyledSpan[] {
  const shown = guard(text);
  if (shown !== text) return [{ text: shown }];
  const all = characters(text);
  return [{ text: all.slice(0, at).join("") }, { text: "▏", bold: true }, { text: all.slice(at).join("") }];
}
