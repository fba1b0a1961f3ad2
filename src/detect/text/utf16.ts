/**
 * A text in UTF-16, which Windows writes, as UTF-8; null for all else. It is known by its byte order mark (Unicode Standard,
 * chapter 23.8, "Byte Order Mark"), or without one by NULs in every second byte and nowhere else, between the characters of
 * a text: other NULs say that it is binary.
 */
export function fromUtf16(bytes: Uint8Array): Uint8Array | null {
  const form =
    bytes[0] === 0xff && bytes[1] === 0xfe
      ? "utf-16le"
      : bytes[0] === 0xfe && bytes[1] === 0xff
        ? "utf-16be"
        : unmarked(bytes);
  // Of what is behind two NULs the mark would be UTF-32's.
  if (form === null || (bytes[2] === 0 && bytes[3] === 0)) return null;
  return Buffer.from(new TextDecoder(form).decode(bytes));
}

/** So many bytes are looked at, and so many there must be. */
const HEAD = 1024;
const LEAST = 16;

function unmarked(bytes: Uint8Array): "utf-16le" | "utf-16be" | null {
  const little = bytes[1] === 0;
  // Most files are out here: their first two bytes are characters both, or NULs.
  if (little === (bytes[0] === 0) || bytes.length < LEAST) return null;
  const [low, high] = little ? [0, 1] : [1, 0];
  let plain = 0;
  const pairs = Math.min(HEAD, bytes.length) >> 1;
  for (let at = 0; at < pairs * 2; at += 2) {
    const [char = 0, page = 0] = [bytes[at + low], bytes[at + high]];
    if (page !== 0) continue;
    if (char < 0x20 ? char !== 0x09 && char !== 0x0a && char !== 0x0d : char === 0x7f) return null;
    plain++;
  }
  // Letters of other languages are few among the names, signs and line ends of settings.
  return plain * 4 >= pairs * 3 ? (little ? "utf-16le" : "utf-16be") : null;
}
