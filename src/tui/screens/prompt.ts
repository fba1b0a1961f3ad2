import type { Prompt } from "../prompt.ts";
import { wrapped, type Guard, type SpanLine } from "../widgets/text.ts";
import { typedSpans } from "./typed.ts";

/** The line being typed, why it is not valid, and what it would do. */
export function promptLines({ label, text, at, error, about }: Prompt, guard: Guard): SpanLine[] {
  return [
    wrapped(3, { text: ` ${label} `, color: "yellow", bold: true }, ...typedSpans({ text, at }, guard)),
    ...(error === null ? [] : [wrapped(3, { text: " ✗ ", color: "red", bold: true }, error)]),
    ...about(text.trim()).map((one) => wrapped(5, `   ${one}`)),
  ];
}
