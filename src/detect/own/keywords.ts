const WIDTH = 5;

/**
 * One pass over a lower-case text that finds which items have a keyword in it, however many items there are; items
 * without keywords are always found. Keywords are filed under their first three characters, shorter ones searched for.
 */
export function keywordPass<T extends { readonly keywords: readonly string[] }>(
  items: readonly T[],
): (lower: string) => readonly T[] {
  const owners = new Map<string, T[]>();
  for (const item of items) {
    for (const keyword of item.keywords) owners.set(keyword, [...(owners.get(keyword) ?? []), item]);
  }
  const short = [...owners.keys()].filter((keyword) => keyword.length < 3);
  const slots = new Map<number, string[]>();
  for (const keyword of owners.keys()) {
    if (keyword.length < 3) continue;
    const key = next(next(next(0, keyword, 0), keyword, 1), keyword, 2);
    slots.set(key, [...(slots.get(key) ?? []), keyword]);
  }
  const used = new Uint8Array(1 << (3 * WIDTH));
  for (const key of slots.keys()) used[key] = 1;

  return (lower) => {
    const found = new Set<T>();
    const take = (keyword: string): void => {
      for (const item of owners.get(keyword) ?? []) found.add(item);
    };
    for (const keyword of short) if (lower.includes(keyword)) take(keyword);
    let key = next(next(0, lower, 0), lower, 1);
    for (let at = 2; at < lower.length; at++) {
      key = next(key, lower, at);
      if (used[key] === 0) continue;
      for (const keyword of slots.get(key) ?? []) if (lower.startsWith(keyword, at - 2)) take(keyword);
    }
    return items.filter((item) => item.keywords.length === 0 || found.has(item));
  };
}

/** The key of the last three characters, one further. */
function next(key: number, text: string, at: number): number {
  return ((key << WIDTH) | (text.charCodeAt(at) & 31)) & 0x7fff;
}
