import { gunzipSync, inflateSync } from "node:zlib";
import { leaveOut } from "../unread.ts";

const LARGEST = 1_048_576;
/** What people pack is a tenth of itself; what is less than a hundredth is made to take long. */
const [LEAST_UNPACKED, RATIO] = [16_384, 100];

/** What is under one layer of encoding, with the layer's name; null when the text is not encoded text. */
export function peel(text: string): { readonly layer: string; readonly inner: string } | null {
  if (text.length < 12 || text.length > LARGEST) return null;
  const data = /^data:[\w/+.;=-]{0,120};base64,/.exec(text);
  if (data !== null) return base64(text.slice(data[0].length));
  const escaped = /^base64:/.exec(text);
  if (escaped !== null) return base64(text.slice(7));
  return hex(text) ?? base64(text) ?? percent(text);
}

/** Base64 (standard or URL-safe, maybe gzipped) counts only when what comes out is text. */
function base64(text: string): { layer: string; inner: string } | null {
  const body = text.includes("\n") || text.includes(" ") ? text.replace(/\s+/g, "") : text;
  if (body.length < 12 || body.length % 4 === 1 || !BASE64.test(body)) return null;
  const bytes = Buffer.from(body.slice(0, 96), "base64");
  if (isPacked(bytes)) return unpacked(Buffer.from(body, "base64"), "base64");
  if (!isText(bytes) && !isDocument(bytes)) return null;
  const whole = body.length <= 96 ? bytes : Buffer.from(body, "base64");
  return isText(whole) || isDocument(whole) ? { layer: "base64", inner: utf8(whole) } : null;
}

const BASE64 = /^(?:[A-Za-z0-9+/]+|[A-Za-z0-9_-]+)={0,2}$/;

/** Pairs of hexadecimal digits, as they are, behind `0x`, or each behind `\x`. */
function hex(text: string): { layer: string; inner: string } | null {
  const body = text.startsWith("0x")
    ? text.slice(2)
    : text.startsWith("\\x") && /^(?:\\x[0-9A-Fa-f]{2}){1,262144}$/.test(text)
      ? text.replaceAll("\\x", "")
      : text;
  if (body.length % 2 !== 0 || body.length < 24 || !/^(?:[0-9a-f]+|[0-9A-F]+)$/.test(body)) return null;
  const bytes = Buffer.from(body, "hex");
  if (isPacked(bytes)) return unpacked(bytes, "hex");
  return isText(bytes) || isDocument(bytes) ? { layer: "hex", inner: utf8(bytes) } : null;
}

/** The first bytes of gzip or of zlib. */
function isPacked(bytes: Buffer): boolean {
  return (bytes[0] === 0x1f && bytes[1] === 0x8b) || isZlib(bytes);
}

function isZlib(bytes: Buffer): boolean {
  return bytes[0] === 0x78 && (bytes[1] === 0x01 || bytes[1] === 0x5e || bytes[1] === 0x9c || bytes[1] === 0xda);
}

function unpacked(bytes: Buffer, under: string): { layer: string; inner: string } | null {
  const zlib = isZlib(bytes);
  try {
    const maxOutputLength = Math.min(LARGEST, Math.max(LEAST_UNPACKED, bytes.length * RATIO));
    const out = (zlib ? inflateSync : gunzipSync)(bytes, { maxOutputLength });
    return isText(out) ? { layer: `${under} → ${zlib ? "zlib" : "gzip"}`, inner: out.toString("utf8") } : null;
  } catch (error) {
    if ((error as { code?: string }).code === "ERR_BUFFER_TOO_LARGE") leaveOut("packed");
    return null;
  }
}

function percent(text: string): { layer: string; inner: string } | null {
  if (!/%[0-9A-Fa-f]{2}/.test(text) || /\s/.test(text)) return null;
  try {
    const inner = decodeURIComponent(text);
    return inner === text ? null : { layer: "URL encoding", inner };
  } catch {
    return null;
  }
}

/** Printable ASCII, tabs and line ends; a few bytes above ASCII pass as letters of other languages. */
function isText(bytes: Buffer): boolean {
  let other = 0;
  for (const byte of bytes) {
    if (byte >= 0x20 && byte < 0x7f) continue;
    if (byte === 0x0a || byte === 0x0d || byte === 0x09) continue;
    if (byte < 0x80) return false;
    other++;
  }
  return bytes.length >= 6 && other * 20 <= bytes.length;
}

/** JSON with letters of other languages, or with a byte order mark: its first byte, and that it is UTF-8, tell. */
function isDocument(bytes: Buffer): boolean {
  const marked = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  const first = bytes[marked ? 3 : 0];
  if ((first !== 0x7b && first !== 0x5b) || bytes.length < 12) return false;
  if (bytes.some((byte) => byte < 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09)) return false;
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}

/** Without a byte order mark. */
function utf8(bytes: Buffer): string {
  return new TextDecoder().decode(bytes);
}
