export type ScrollMove = "up" | "down" | "pageUp" | "pageDown" | "top" | "bottom";

/** The position after a move, from 0 to `last`. */
export function scrolled(at: number, move: ScrollMove, page: number, last: number): number {
  const to = { up: at - 1, down: at + 1, pageUp: at - page, pageDown: at + page, top: 0, bottom: last }[move];
  return Math.max(0, Math.min(to, last));
}
