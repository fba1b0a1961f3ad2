import { Literals } from "../kit/text/literals.ts";

const NONE: readonly never[] = [];

/**
 * Builds a pass over lower-case text that gives the items with a keyword in it: first those whose keyword is shorter
 * than three characters, then the others in the order in which their keywords stand.
 */
export function keywordPass<T extends { readonly keywords: readonly string[] }>(
  items: readonly T[],
): (lower: string) => readonly T[] {
  const owners = new Map<string, T[]>();
  for (const item of items)
    for (const keyword of item.keywords) {
      const list = owners.get(keyword);
      if (list === undefined) owners.set(keyword, [item]);
      else list.push(item);
    }
  const short = [...owners].filter(([keyword]) => keyword.length < 3);
  const literals = new Literals<readonly T[]>(5);
  for (const [keyword, list] of owners) if (keyword.length >= 3) literals.add(keyword, list);
  return (lower) => {
    let found: T[] | null = null;
    const take = (list: readonly T[]): void => {
      found ??= [];
      for (const owner of list) if (!found.includes(owner)) found.push(owner);
    };
    for (const [keyword, list] of short) if (lower.includes(keyword)) take(list);
    literals.search(lower, take);
    return found ?? NONE;
  };
}
