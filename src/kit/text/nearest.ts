/** The known word nearest to a mistyped one, with at most two letters or a third of it wrong, or null. */
export function nearestWord(word: string, known: readonly string[]): string | null {
  const ranked = known
    .map((one) => ({ one, far: distance(word.toLowerCase(), one.toLowerCase()) }))
    .sort((a, b) => a.far - b.far);
  const best = ranked[0];
  return best && best.far <= Math.max(word.length > 3 ? 2 : 1, Math.floor(word.length / 3)) ? best.one : null;
}

/**
 * The name that a person may have meant: the same but for case, one that has the word as a part (`shop-web-1` for `web`), or
 * the nearest one, as a whole, without Compose's number or in one of its parts; null for none.
 */
export function nearestName(word: string, names: readonly string[]): string | null {
  const typed = word.toLowerCase();
  const exact = names.find((name) => name.toLowerCase() === typed);
  if (exact !== undefined || typed === "") return exact ?? null;
  const whose = new Map<string, string>();
  for (const name of names.slice(0, MOST_NAMES))
    for (const one of [name, name.replace(/[-_]\d+$/, ""), ...name.split(/[-_./]/)])
      if (/\D/.test(one) && !whose.has(one.toLowerCase())) whose.set(one.toLowerCase(), name);
  const longer = [...whose.keys()].filter((one) => one.length >= LEAST_LETTERS);
  const near = whose.has(typed) ? typed : nearestWord(typed, longer);
  return near === null ? null : (whose.get(near) ?? null);
}

/** A shorter part is near to everything. */
const LEAST_LETTERS = 3;

/** More are not compared letter by letter. */
const MOST_NAMES = 1000;

/** Levenshtein distance, keeping two rows. */
function distance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = (above[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(swap, (above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    above = row;
  }
  return above[b.length] ?? 0;
}
