/** The line starts of the most recent text, since callers ask for several places in one file. */
let last: { readonly text: string; readonly starts: readonly number[] } = { text: "", starts: [0] };

/** The line number of an offset in a text, from 1. */
export function lineOf(text: string, at: number): number {
  if (last.text !== text) last = { text, starts: startsOf(text) };
  const { starts } = last;
  let [low, high] = [0, starts.length];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((starts[middle] ?? 0) <= at) low = middle;
    else high = middle;
  }
  return low + 1;
}

function startsOf(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}
