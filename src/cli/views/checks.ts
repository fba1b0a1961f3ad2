import { verdict, type CheckState, type DoctorCheck } from "../../core/doctor.ts";
import { paint, type Colour } from "../../kit/paint.ts";
import { printable } from "../../kit/text/escape.ts";
import { columns } from "../../kit/text/width.ts";

const MARKS: { readonly [state in CheckState]: { readonly text: string; readonly colour: Colour } } = {
  ok: { text: "✓", colour: "blue" },
  warn: { text: "!", colour: "yellow" },
  fail: { text: "✗", colour: "red" },
  unknown: { text: "?", colour: "dim" },
};

/**
 * The checks for a person: a mark, the part, the text with a hanging indent, what to do next on lines of its own, and the
 * verdict last. Wrapped on a terminal only.
 */
export function checkLines(checks: readonly DoctorCheck[], stream = process.stdout): string {
  const widest = Math.max(0, ...checks.map(({ name }) => columns(printable(name))));
  const indent = widest + 5;
  const width = stream.isTTY ? Math.max(40, stream.columns) - indent : Number.POSITIVE_INFINITY;
  const lines = checks.flatMap(({ name, state, text, hint }) => {
    const mark = MARKS[state];
    const called = printable(name);
    const head = `${paint(mark.colour, mark.text, stream)}  ${called}${" ".repeat(widest - columns(called))}  `;
    const [first = "", ...rest] = wrap(printable(text), width);
    const next = hint === null ? [] : nextLines(printable(hint));
    return [head + first, ...[...rest, ...next].map((line) => " ".repeat(indent) + line)];
  });
  return [...lines, "", verdict(checks)].join("\n");
}

/** What to do, a step a line: a command stands alone on its line, so that it can be copied. */
function nextLines(hint: string): string[] {
  const steps: string[] = [];
  for (const part of hint.split("; ")) {
    const last = steps.at(-1);
    // A separator within a quoted name separates nothing.
    if (last !== undefined && (last.split("'").length - 1) % 2 === 1) steps[steps.length - 1] = `${last}; ${part}`;
    else steps.push(part);
  }
  return steps.map((step) => `→ ${step.replace(/^then:? (?=unsprawl |docker )/, "")}`);
}

/** Lines of at most `width` columns, broken at spaces; a word that is longer stays whole. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && columns(line) + 1 + columns(word) > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
