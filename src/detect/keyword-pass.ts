const NONE: readonly never[] = [];
const WIDTH = 5;

/**
 * Builds a pass over lower-case text that gives the items with a keyword in it: first those whose keyword is shorter
 * than three characters, then the others in the order in which their keywords stand. Every keyword is filed under its
 * first three characters, so that a text costs one table look-up a character, however many items there are.
 */
export function keywordPass<T extends { readonly keywords: readonly string[] }>(
  items: readonly T[],
): (lower: string) => readonly T[] {
  const short: KeywordOwners<T>[] = [];
  const slots: KeywordOwners<T>[][] = [[]];
  /** Of three characters the slot; 0 is the empty one. */
  const slotOf = new Uint16Array(1 << (3 * WIDTH));
  for (const item of items) {
    for (const keyword of item.keywords) {
      if (keyword.length < 3) {
        fileUnder(short, keyword, item);
        continue;
      }
      const key = next(next(next(0, keyword, 0), keyword, 1), keyword, 2);
      if (slotOf[key] === 0) slotOf[key] = slots.push([]) - 1;
      fileUnder(slots[slotOf[key] as number] as KeywordOwners<T>[], keyword, item);
    }
  }
  return (lower) => {
    let found: T[] | null = null;
    const take = ({ owners }: KeywordOwners<T>): void => {
      found ??= [];
      for (const owner of owners) if (!found.includes(owner)) found.push(owner);
    };
    for (const entry of short) if (lower.includes(entry.keyword)) take(entry);
    let key = next(next(0, lower, 0), lower, 1);
    for (let at = 2; at < lower.length; at++) {
      key = next(key, lower, at);
      const slot = slotOf[key] as number;
      if (slot === 0) continue;
      for (const entry of slots[slot] as KeywordOwners<T>[]) if (lower.startsWith(entry.keyword, at - 2)) take(entry);
    }
    return found ?? NONE;
  };
}

type KeywordOwners<T> = { readonly keyword: string; readonly owners: T[] };

function fileUnder<T>(entries: KeywordOwners<T>[], keyword: string, owner: T): void {
  const entry = entries.find((other) => other.keyword === keyword);
  if (entry === undefined) entries.push({ keyword, owners: [owner] });
  else entry.owners.push(owner);
}

/** The key of the last three characters, one further. */
function next(key: number, text: string, at: number): number {
  return ((key << WIDTH) | (text.charCodeAt(at) & 31)) & 0x7fff;
}
