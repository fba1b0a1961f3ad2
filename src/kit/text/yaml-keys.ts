/** The members of yaml's nodes that the search needs. */
type YamlPart = {
  readonly items?: readonly unknown[];
  readonly key?: unknown;
  readonly value?: unknown;
  readonly range?: readonly number[] | null;
};

/**
 * The offset of the first key that repeats one in the same map; null if all are unique. yaml's own `uniqueKeys`
 * compares each key with all earlier ones, which is too slow for 20,000 keys.
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

/** The value of a scalar; undefined for other nodes, which are never equal. */
function scalarIn(node: unknown): unknown {
  return typeof node === "object" && node !== null && "value" in node && !("items" in node) ? node.value : undefined;
}
