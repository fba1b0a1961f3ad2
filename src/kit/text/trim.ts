/**
 * Removes the characters of a set from the end of a text. A regular expression (`/x+$/`) would take quadratic time for
 * long runs elsewhere.
 */
export function trimEndOf(text: string, set: string): string {
  let end = text.length;
  while (end > 0 && set.includes(text[end - 1] ?? "")) end--;
  return text.slice(0, end);
}

export function trimStartOf(text: string, set: string): string {
  let start = 0;
  while (start < text.length && set.includes(text[start] ?? "")) start++;
  return text.slice(start);
}
