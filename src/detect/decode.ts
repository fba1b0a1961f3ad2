import { gunzipSync } from "node:zlib";

const LARGEST = 1_048_576;

/** What is under one layer of encoding, with the layer's name; null when the text is not encoded text. */
export function peel(text: string): { readonly layer: string; readonly inner: string } | null {
  if (text.length < 12 || text.length > LARGEST) return null;
  const data = /^data:[\w/+.-]{0,80};base64,/.exec(text);
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
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return gzip(Buffer.from(body, "base64"));
  if (!isText(bytes)) return null;
  const whole = body.length <= 96 ? bytes : Buffer.from(body, "base64");
  return isText(whole) ? { layer: "base64", inner: whole.toString("utf8") } : null;
}

const BASE64 = /^(?:[A-Za-z0-9+/]+|[A-Za-z0-9_-]+)={0,2}$/;

function hex(text: string): { layer: string; inner: string } | null {
  if (text.length % 2 !== 0 || text.length < 24 || !/^(?:[0-9a-f]+|[0-9A-F]+)$/.test(text)) return null;
  const bytes = Buffer.from(text, "hex");
  return isText(bytes) ? { layer: "hex", inner: bytes.toString("utf8") } : null;
}

function gzip(bytes: Buffer): { layer: string; inner: string } | null {
  try {
    const out = gunzipSync(bytes, { maxOutputLength: LARGEST });
    return isText(out) ? { layer: "base64 → gzip", inner: out.toString("utf8") } : null;
  } catch {
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
