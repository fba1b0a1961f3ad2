/** What a walk needs to know of a node of the yaml library. */
type YamlPart = {
  readonly items?: readonly unknown[];
  readonly key?: unknown;
  readonly value?: unknown;
  readonly range?: readonly number[] | null;
};

/**
 * Where the first key stands that its map has already; null when each is there once. The library's own `uniqueKeys` compares
 * every key of a map with all that come before it, which 20,000 of them are too many for.
 */
export function repeatedKey(node: unknown): number | null {
  if (typeof node !== "object" || node === null) return null;
  const keys = new Set<unknown>();
  for (const item of (node as YamlPart).items ?? []) {
    const { key, value } = item as YamlPart;
    if (key === undefined) {
      const found = repeatedKey(item);
      if (found !== null) return found;
      continue;
    }
    const own = scalarIn(key);
    if (own !== undefined && keys.has(own)) return (key as YamlPart).range?.[0] ?? 0;
    keys.add(own);
    const found = repeatedKey(key) ?? repeatedKey(value);
    if (found !== null) return found;
  }
  return null;
}

/** The value of a scalar; undefined for every other node, which is like no other one. */
function scalarIn(node: unknown): unknown {
  return typeof node === "object" && node !== null && "value" in node && !("items" in node) ? node.value : undefined;
}
