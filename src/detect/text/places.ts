import type { Evidence } from "../evidence.ts";
import { latin1Text, utf8Text } from "./assignment.ts";
import type { Language } from "./language.ts";

const WITHIN = 4096;

/** A shell puts a variable's value in its place, but between single quotes. */
export function isExpanded({ part, rule }: Evidence, bytes: Buffer, start: number, language: Language): boolean {
  if (/\{\$|#\{/.test(part) || /^[\w:.@/-]{0,12}\$\{[^{}]{1,100}\}$/.test(part)) return true;
  // What stands in backticks is run by a shell alone.
  const runs = part.includes("`") && /^(?:shell|make)$/.test(language);
  if ((!runs && !/\$[A-Za-z_{(]/.test(part)) || bytes[start - 1] === 39 || rule === "password-hash") return false;
  if (language === "code") return /\$\{|^\$[a-z_]\w{0,60}(?:->|\[|[:/@]|$)/.test(part);
  if (!/^(?:shell|docker|make|groovy|yaml)$/.test(language)) return false;
  // Two dollars, or a backslash before one, are a dollar: then the part does not stand there as it is.
  return latin1Text(bytes, start, Math.min(bytes.length, start + WITHIN)).includes(
    Buffer.from(part).toString("latin1"),
  );
}

/** `secretKey: password` beside `secretName:`, `key:` below `secretKeyRef:`: which entry of an object is meant. */
export function namesEntry(name: string, value: string, bytes: Buffer, at: number): boolean {
  if (!/^(?:key|secretKey|[a-z]\w{1,40}SecretKey)$/.test(name) || !/^[A-Za-z][\w.-]{1,60}$/.test(value)) return false;
  const around = latin1Text(bytes, Math.max(0, at - 300), Math.min(bytes.length, at + 200));
  return /\b(?:secretName|secretKeyRef|secretRef|[a-z]\w{1,40}SecretRef|configMapKeyRef|existingSecret|remoteRef)["']?:/.test(
    around,
  );
}

/**
 * Where a secret stands in the bytes of its value; all of the value when it shows only decoded. Of equal texts the one behind
 * its own name or flag: `--user test --password test`.
 */
export function placeOf(found: Evidence, bytes: Buffer, start: number, end: number): { start: number; end: number } {
  const text = latin1Text(bytes, start, end);
  const own = Buffer.from(found.part).toString("latin1");
  let at = text.indexOf(own);
  if (at < 0 || own === "") return { start, end };
  if (text.indexOf(own, at + 1) >= 0) at = behindName(text, own, found) ?? at;
  return { start: start + at, end: start + at + own.length };
}

function behindName(text: string, own: string, { command, via = [] }: Evidence): number | null {
  const named = /([\w.-]{2,60})[=:\s"']{0,3}$/;
  const name = named.exec(command?.before ?? "")?.[1] ?? named.exec(via.at(-1) ?? "")?.[1];
  if (name === undefined) return null;
  for (let at = text.indexOf(own), seen = 0; at >= 0 && seen < 100; at = text.indexOf(own, at + 1), seen++) {
    const before = text.slice(Math.max(0, at - 100), at).replace(/[=:\s"']{1,3}$/, "");
    if (before.endsWith(name) && !/[\w.-]/.test(before.charAt(before.length - name.length - 1))) return at;
  }
  return null;
}

/** A line as far as it matters. */
const NEAR = 200;

/** What stands on the line before a value's name, or before the value, and behind the value. */
export function lineAround(
  bytes: Buffer,
  start: number,
  end: number,
): { readonly lead: string; readonly tail: string } {
  const before = utf8Text(latin1Text(bytes, Math.max(0, start - NEAR), start));
  const lead = before.slice(before.lastIndexOf("\n") + 1).replace(/["'`]$/, "");
  const closed = bytes[end] === 34 || bytes[end] === 39 || bytes[end] === 96 ? end + 1 : end;
  const [tail = ""] = utf8Text(latin1Text(bytes, closed, Math.min(bytes.length, closed + NEAR))).split("\n", 1);
  return { lead: NAMED.exec(lead)?.[1] ?? lead, tail };
}

/** Up to the name: `- NAME=`, `"name": `. */
const NAMED = /^([^\n]{0,160}?)["']?\$?[A-Za-z_][\w.-]{0,79}["'\])]{0,3}\s{0,8}[:=]{1,2}>?\s{0,8}$/;
