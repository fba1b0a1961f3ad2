/**
 * A text in UTF-16, which Windows writes, as UTF-8; null for all else. It is known by the byte order mark alone (Unicode
 * Standard, chapter 23.8, "Byte Order Mark"): without one its NULs say that it is binary.
 */
export function fromUtf16(bytes: Uint8Array): Uint8Array | null {
  const form =
    bytes[0] === 0xff && bytes[1] === 0xfe ? "utf-16le" : bytes[0] === 0xfe && bytes[1] === 0xff ? "utf-16be" : null;
  // Of what is behind two NULs the mark would be UTF-32's.
  if (form === null || (bytes[2] === 0 && bytes[3] === 0)) return null;
  return Buffer.from(new TextDecoder(form).decode(bytes));
}
