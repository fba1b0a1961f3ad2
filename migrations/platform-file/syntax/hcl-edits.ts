import { lineEnd, lineStart, type Edit } from "../../../src/kit/text/splice.ts";
import type { Part } from "./part.ts";

/** Takes the entry with this value out of an HCL block or map: its lines, if nothing else is on them. */
export function removedEntry(text: string, map: Part, value: Part): Edit {
  const entry = map.kind === "map" ? map.entries.find((one) => one.value === value) : undefined;
  const start = entry?.start ?? value.start;
  const line = { start: lineStart(text, start), end: lineEnd(text, value.end) };
  const after = text.slice(value.end, line.end);
  const rest = after.trim().replace(/^,/, "").trimStart();
  if (indentBefore(text, start) !== null && (rest === "" || rest.startsWith("#") || rest.startsWith("//")))
    return { ...line, text: "" };
  const comma = /^[ \t]*,[ \t]*/.exec(after)?.[0].length ?? 0;
  return { start, end: value.end + comma, text: "" };
}

/** The white space before this place, if nothing else is before it in its line; otherwise null. */
export function indentBefore(text: string, at: number): string | null {
  const before = text.slice(lineStart(text, at), at);
  return before.trim() === "" ? before : null;
}
