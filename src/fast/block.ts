/** Files are passed to the threads in blocks of this size. */
export const BLOCK = 2 * 1024 * 1024;
const MOST = 16;

/** Blocks that have been classified. An image of gigabytes passes through a few: new ones cost time to clear and to free. */
const free: ArrayBuffer[] = [];

/** A block of whatever content. */
export function takeBlock(): Buffer<ArrayBuffer> {
  const bytes = free.pop();
  return bytes === undefined ? Buffer.allocUnsafeSlow(BLOCK) : Buffer.from(bytes);
}

/** A block that nobody reads any more; anything else is not kept. */
export function giveBackBlock(bytes: ArrayBuffer): void {
  if (bytes.byteLength === BLOCK && free.length < MOST) free.push(bytes);
}
