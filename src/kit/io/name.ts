import { createHash } from "node:crypto";
import { dirname, join, resolve } from "node:path";
import { UnsprawlError } from "../../model/error.ts";

/** In bytes, for variables that become files. */
const LONGEST_VARIABLE = 200;
/** In bytes. Source: limits.h, NAME_MAX. */
const LONGEST_NAME = 255;

/** Whether a variable's name is a valid file name: a shell identifier, so without `/`, dots and control characters. */
export function isFileName(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && name.length <= LONGEST_VARIABLE;
}

/** Whether a variable's name is a valid file name, with dots and dashes too, which no shell takes. */
export function isFileNameWithDots(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_.-]*$/.test(name) && name.length <= LONGEST_VARIABLE;
}

/**
 * The path of `name` directly below `dir`; `name` may be untrusted. Throws `refused` if it would lead elsewhere or is
 * not a valid file name.
 */
export function belowFolder(dir: string, name: string): string {
  const path = join(dir, name);
  const is = /^[^/\p{Cc}]+$/u.test(name) && Buffer.byteLength(name) <= LONGEST_NAME && name.isWellFormed();
  if (is && name !== "." && name !== ".." && dirname(resolve(path)) === resolve(dir)) return path;
  throw new UnsprawlError("refused", `${shownName(name)} cannot be the name of a file in ${dir}`, "rename it");
}

/** An untrusted name for a message. An odd name, such as a pasted URL, may contain a secret and is not shown. */
export function shownName(name: string): string {
  return /^[\w.-]{1,80}$/.test(name) ? name : "a name with characters other than letters, digits and _ . -";
}

/**
 * A unique name of letters, digits, `_`, `.` and `-` for an identity: its readable form, followed by a digest of the
 * whole identity.
 */
export function distinctName(called: string, identity: readonly string[], longest = 100): string {
  const shown = called
    .replace(/[^A-Za-z0-9_.-]/g, "_")
    .replace(/^[^A-Za-z0-9]+/, "")
    .slice(0, longest);
  const digest = createHash("sha256").update(JSON.stringify(identity)).digest("hex").slice(0, 16);
  return shown === "" ? digest : `${shown}-${digest}`;
}

/** Whether a name can be used unchanged beside `distinctName`s: safe in a path, and not of their form. */
export function isOwnName(name: string, longest = 100): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(name) && name.length <= longest && !/(?:^|-)[0-9a-f]{16}$/.test(name);
}
