/** The visible part of a long list: never more than `height`, with `at` in it. */
export function windowAround(
  count: number,
  at: number,
  height: number,
): { readonly from: number; readonly to: number } {
  const from = Math.max(0, Math.min(at - Math.floor(height / 2), count - height));
  return { from, to: Math.min(count, from + height) };
}

/** The visible part of a long text that is scrolled by `by`; `by` past the end shows the last page. */
export function windowFrom<T>(
  rows: readonly T[],
  by: number,
  height: number,
): { readonly rows: readonly T[]; readonly below: number; readonly last: number } {
  const last = Math.max(0, rows.length - height);
  const from = Math.max(0, Math.min(by, last));
  return { rows: rows.slice(from, from + height), below: last - from, last };
}
