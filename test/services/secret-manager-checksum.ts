/** CRC32C bit by bit (RFC 3720, appendix B.4): slow, and not the code that is tested. */
export function crc32(bytes: Uint8Array): number {
  let rest = 0xffffffff;
  for (const byte of bytes) {
    rest ^= byte;
    for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ 0x82f63b78 : rest >>> 1;
  }
  return (rest ^ 0xffffffff) >>> 0;
}
