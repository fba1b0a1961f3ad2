/**
 * A text without the characters of a set at its end. A regular expression for that (`/x+$/`) takes the square of the
 * length where the run of them is not at the end.
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
