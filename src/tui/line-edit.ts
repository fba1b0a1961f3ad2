/** A line of text that is being edited; `at` is the number of characters before the cursor, as people count them. */
export type Typed = { readonly text: string; readonly at: number };

const LONGEST = 300;
const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** Text as the characters that people see. */
export function characters(text: string): string[] {
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

/** The line after a key; null for a key that edits no line. */
export function edited({ text, at }: Typed, key: string): Typed | null {
  const all = characters(text);
  if (key === "left") return placed(all, at - 1);
  if (key === "right") return placed(all, at + 1);
  if (key === "home" || key === "ctrl-a") return placed(all, 0);
  if (key === "end" || key === "ctrl-e") return placed(all, all.length);
  if (key === "backspace") return at > 0 ? placed(all.toSpliced(at - 1, 1), at - 1) : { text, at };
  if (key === "ctrl-u") return placed(all.slice(at), 0);
  if (key === "ctrl-w") {
    const before = all.slice(0, at).join("").trimEnd();
    let end = before.length;
    while (end > 0 && !/\s/.test(before[end - 1] ?? "")) end--;
    const kept = characters(before.slice(0, end));
    return placed([...kept, ...all.slice(at)], kept.length);
  }
  if (key === "space") return inserted({ text, at }, " ");
  return characters(key).length === 1 ? inserted({ text, at }, key) : null;
}

/** The line with text inserted at the cursor: typed or pasted. Line ends and control characters become spaces. */
export function inserted({ text, at }: Typed, typed: string): Typed {
  const all = characters(text);
  const put = characters(typed.toWellFormed().replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, " ")).slice(0, LONGEST - all.length);
  return placed(all.toSpliced(at, 0, ...put), at + put.length);
}

function placed(all: readonly string[], at: number): Typed {
  const text = all.join("");
  return { text, at: Math.max(0, Math.min(at, characters(text).length)) };
}
