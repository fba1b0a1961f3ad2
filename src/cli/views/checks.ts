import { verdict, type CheckState, type DoctorCheck } from "../../core/doctor.ts";
import { paint, type Colour } from "../../kit/paint.ts";
import { printable } from "../../kit/text/escape.ts";
import { columns } from "../../kit/text/width.ts";
import { hanging, lineWidth, wrapWords } from "../../kit/text/wrap.ts";

const MARKS: { readonly [state in CheckState]: { readonly text: string; readonly colour: Colour } } = {
  ok: { text: "✓", colour: "blue" },
  warn: { text: "!", colour: "yellow" },
  fail: { text: "✗", colour: "red" },
  unknown: { text: "?", colour: "dim" },
};

/**
 * The checks for a person: a mark, the part, the text with a hanging indent, what to do next on separate lines, and the
 * verdict last. Wrapped on a terminal only.
 */
export function checkLines(checks: readonly DoctorCheck[], stream = process.stdout): string {
  const widest = Math.max(0, ...checks.map(({ name }) => columns(printable(name))));
  const indent = widest + 5;
  const width = lineWidth(stream) - indent;
  const told = new Set<string>();
  const lines = checks.flatMap(({ name, state, text, hint, steps }) => {
    const mark = MARKS[state];
    const called = printable(name);
    const head = `${paint(mark.colour, mark.text, stream)}  ${called}${" ".repeat(widest - columns(called))}  `;
    const [first = "", ...rest] = wrapWords(printable(text), width);
    // Where nothing is wrong, what could be done is said once.
    const isRepeat = hint === null || (state === "ok" && told.has(hint));
    if (hint !== null) told.add(hint);
    const next = isRepeat ? [] : (steps ?? [hint]).flatMap((step) => hanging("→ ", printable(step), 2, width));
    return [head + first, ...[...rest, ...next].map((line) => " ".repeat(indent) + line)];
  });
  return [...lines, "", verdict(checks)].join("\n");
}
