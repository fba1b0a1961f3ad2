import { watched, type Watch } from "./watch.ts";

/**
 * Called for each keyword in the text: the watch and the position of its first byte, in order of its rarest characters.
 */
export type OnKeyword = (watch: Watch, at: number) => void;

/** Three characters of five bits each: letters whatever their case, and other characters with them. */
const SIZE = 1 << 15;
/** The watches by the slot of their rarest characters; slot 0 is the empty one. Made for the first text. */
let filed: { readonly slots: readonly (readonly Watch[])[]; readonly slotOf: Uint16Array } | null = null;

/** One pass over the bytes, one look into a table a byte, however many rules there are. */
export function findKeywords(bytes: Uint8Array, told: OnKeyword): void {
  const { slots, slotOf } = (filed ??= file(watched()));
  const length = bytes.length;
  let key = (((bytes[0] as number) & 31) << 5) | ((bytes[1] as number) & 31);
  for (let at = 2; at < length; at++) {
    key = ((key << 5) | ((bytes[at] as number) & 31)) & 0x7fff;
    const slot = slotOf[key] as number;
    if (slot === 0) continue;
    const list = slots[slot] as readonly Watch[];
    for (let index = 0; index < list.length; index++) {
      const watch = list[index] as Watch;
      const start = at - 2 - watch.rare;
      if (start >= 0 && stands(bytes, start, watch)) told(watch, start);
    }
  }
}

function file(watches: readonly Watch[]): NonNullable<typeof filed> {
  const slots: Watch[][] = [[]];
  const slotOf = new Uint16Array(SIZE);
  for (const watch of watches) {
    const [a = 0, b = 0, c = 0] = watch.bytes.subarray(watch.rare, watch.rare + 3);
    const key = ((a & 31) << 10) | ((b & 31) << 5) | (c & 31);
    if (slotOf[key] === 0) slotOf[key] = slots.push([]) - 1;
    slots[slotOf[key] as number]?.push(watch);
  }
  return { slots, slotOf };
}

function stands(bytes: Uint8Array, start: number, { bytes: wanted, exact, starts }: Watch): boolean {
  if (start + wanted.length > bytes.length) return false;
  for (let at = 0; at < wanted.length; at++) {
    const byte = bytes[start + at] as number;
    if (byte !== wanted[at] && (exact || byte < 65 || byte > 90 || byte + 32 !== wanted[at])) return false;
  }
  return (
    !starts || ((start === 0 || !isWord(bytes[start - 1] as number)) && isLong(bytes, start + wanted.length, start))
  );
}

/** No token of a watch that `starts` is shorter: in source maps and names of functions prefixes stand by the thousand. */
export const SHORTEST = 12;
/** What no such token has among its first characters. */
export const APART = " \t\r\n\"'`,;()<>{}\\";
const apart = new Uint8Array(256);
for (const byte of Buffer.from(APART)) apart[byte] = 1;

function isLong(bytes: Uint8Array, from: number, start: number): boolean {
  const end = start + SHORTEST;
  if (end > bytes.length) return false;
  for (let at = from; at < end; at++) if (apart[bytes[at] as number] === 1) return false;
  return true;
}

/** Letters, digits, `_` and `-`: before a vendor's prefix they make it a part of something else. */
function isWord(byte: number): boolean {
  return (
    (byte >= 97 && byte <= 122) ||
    (byte >= 48 && byte <= 57) ||
    (byte >= 65 && byte <= 90) ||
    byte === 95 ||
    byte === 45
  );
}
