/** A bar of `width` characters: how much of `total` is done. */
export function bar(done: number, total: number, width: number): string {
  const full = total <= 0 ? 0 : Math.min(width, Math.floor((done / total) * width));
  return "▰".repeat(full) + "▱".repeat(width - full);
}

/** The time left at the pace so far; empty before the first is done. */
export function timeLeft(started: number, now: number, done: number, total: number | null): string {
  if (total === null || done <= 0 || done >= total) return "";
  return `${Math.max(1, Math.ceil((((now - started) / done) * (total - done)) / 1000))} s left`;
}

export function seconds(from: number, to: number): string {
  return `${Math.max(0, Math.floor((to - from) / 1000))} s`;
}

export function countText(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
