import { wrapped, type Guard, type SpanLine } from "../widgets/text.ts";
import { typedSpans } from "./typed.ts";
import type { Prompt } from "../state-parts.ts";

/** The line being typed, why it is not valid, and what it would do. */
export function promptLines({ label, text, at, error, about, offers = [] }: Prompt, guard: Guard): SpanLine[] {
  return [
    wrapped(3, { text: ` ${label} `, color: "yellow", bold: true }, ...typedSpans({ text, at }, guard)),
    ...(error === null ? [] : [wrapped(3, { text: " ✗ ", color: "red", bold: true }, error)]),
    ...(offers.length > 0
      ? [wrapped(3, `   ${offersText(offers)}`)]
      : about(text.trim()).map((one) => wrapped(5, `   ${one}`))),
  ];
}

/** More names than these say nothing: another letter is quicker. */
const MOST = 12;

function offersText(offers: readonly string[]): string {
  const more = offers.length > MOST ? `  and ${offers.length - MOST} more` : "";
  return `${offers.slice(0, MOST).join("  ")}${more}`;
}
