import { damagedArchive } from "./limits.ts";

const SUM = 148;
const SPACES = 8 * 32;

/** Throws `malformed` unless the block's checksum is correct, which identifies a header. */
export function checkHeader(head: Buffer): void {
  let sum = SPACES;
  for (let at = 0; at < 512; at++) if (at < SUM || at >= SUM + 8) sum += head[at] as number;
  const said = octal(head, SUM, 8);
  if (said === sum) return;
  // Some old programs summed signed bytes.
  let signed = sum;
  for (let at = 0; at < 512; at++) if ((at < SUM || at >= SUM + 8) && (head[at] as number) > 127) signed -= 256;
  if (said !== signed) throw damagedArchive("is no tar archive, or is damaged: a header's sum is wrong");
}

export function isZero(head: Buffer): boolean {
  for (let at = 0; at < head.length; at++) if (head[at] !== 0) return false;
  return true;
}

/** A number in octal digits or GNU's base 256. Throws `malformed` if it is negative or impossibly large. */
export function numberAt(head: Buffer, at: number, length: number, what: string): number {
  const first = head[at] as number;
  let value = 0;
  if ((first & 0x80) === 0) value = octal(head, at, length) ?? -1;
  else if ((first & 0x40) !== 0) value = -1;
  else {
    value = first & 0x3f;
    for (let index = at + 1; index < at + length; index++) value = value * 256 + (head[index] as number);
  }
  if (value < 0 || value > Number.MAX_SAFE_INTEGER) throw damagedArchive(`has a file of impossible ${what}`);
  return value;
}

/** Null if it is not a number; an empty field is 0. */
function octal(head: Buffer, at: number, length: number): number | null {
  let value = 0;
  let digits = false;
  for (let index = at; index < at + length; index++) {
    const byte = head[index] as number;
    if (byte >= 48 && byte <= 55) {
      value = value * 8 + byte - 48;
      digits = true;
    } else if (byte === 0 || byte === 32) {
      if (digits) break;
    } else return null;
  }
  return value;
}

/** The text up to a NUL. */
export function textAt(bytes: Buffer, at: number, length: number): string {
  const end = bytes.indexOf(0, at);
  return bytes.toString("utf8", at, end < 0 || end > at + length ? at + length : end);
}

const KEPT = /^(?:path|linkpath|size|GNU\.sparse\.(?:name|major|map))$/;

/**
 * The PAX records (`LENGTH KEY=VALUE\n`) for names and sizes. Source: POSIX.1-2017, pax, "pax Extended Header". Throws
 * `malformed` for anything else.
 */
export function paxRecords(bytes: Buffer): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(32, at);
    const digits = space < 0 || space - at > 8 ? "" : bytes.toString("latin1", at, space);
    const end = at + Number(digits);
    const equals = bytes.indexOf(61, space);
    const fits = /^[1-9]\d*$/.test(digits) && end <= bytes.length && equals > space && equals < end;
    if (!fits || bytes[end - 1] !== 10) throw damagedArchive("has a damaged PAX header");
    const key = bytes.toString("utf8", space + 1, equals);
    const value = bytes.toString("utf8", equals + 1, end - 1);
    // An empty value deletes the record. Go's reader rejects a NUL, which would hide what follows it.
    if (value.includes("\0") && KEPT.test(key)) throw damagedArchive("has a name with a NUL in it");
    if (value === "") found.delete(key);
    else if (KEPT.test(key)) found.set(key, value);
    at = end;
  }
  return found;
}
