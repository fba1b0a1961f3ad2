import { characters } from "../line-edit.ts";
import type { Prompt } from "../prompt.ts";
import { wrapped, type Guard, type Line } from "../widgets/text.ts";

/** The line that is being typed, why it will not do, and what it would lead to. */
export function promptLines({ label, text, at, error, about }: Prompt, guard: Guard): Line[] {
  // A value that was pasted is known as a whole only: the cursor must not stand in it.
  const shown = guard(text);
  const all = characters(text);
  return [
    wrapped(
      3,
      { text: ` ${label} `, color: "yellow", bold: true },
      shown === text ? all.slice(0, at).join("") : shown,
      { text: shown === text ? (all[at] ?? " ") : "", inverse: true },
      shown === text ? all.slice(at + 1).join("") : "",
    ),
    ...(error === null ? [] : [wrapped(3, { text: " ✗ ", color: "red", bold: true }, error)]),
    ...about(text.trim()).map((one) => wrapped(5, `   ${one}`)),
  ];
}
