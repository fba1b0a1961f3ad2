/** `1 3-5`, `1,3` or `all` as places in a list of `count`, from 0; null for anything else. */
export function numbers(text: string, count: number): readonly number[] | null {
  if (text.trim().toLowerCase() === "all") return Array.from({ length: count }, (_, at) => at);
  const found = new Set<number>();
  const parts = text.split(/[\s,]+/).filter(Boolean);
  for (const part of parts) {
    const [, first, last = first] = /^(\d{1,9})(?:-(\d{1,9}))?$/.exec(part) ?? [];
    const [from, to] = [Number(first), Number(last)];
    if (!(from >= 1 && to >= from && to <= count)) return null;
    for (let at = from; at <= to; at++) found.add(at - 1);
  }
  return found.size > 0 ? [...found] : null;
}
