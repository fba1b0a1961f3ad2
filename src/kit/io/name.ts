import { createHash } from "node:crypto";
import { dirname, join, resolve } from "node:path";
import { UnsprawlError } from "../../model/error.ts";

/** Bytes in the name of a variable that becomes a file. */
const LONGEST_VARIABLE = 200;
/** Bytes in a file's name. Source: limits.h, NAME_MAX. */
const LONGEST_NAME = 255;

/** Whether a variable's name may become a file's: as a shell takes it, so without `/`, dots and control characters. */
export function isFileName(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && name.length <= LONGEST_VARIABLE;
}

/**
 * The path of `name` directly below `dir`, whoever chose the name. Throws `refused` for one that would lead elsewhere or
 * that no file can have.
 */
export function belowFolder(dir: string, name: string): string {
  const path = join(dir, name);
  const is = /^[^/\p{Cc}]+$/u.test(name) && Buffer.byteLength(name) <= LONGEST_NAME && name.isWellFormed();
  if (is && name !== "." && name !== ".." && dirname(resolve(path)) === resolve(dir)) return path;
  throw new UnsprawlError("refused", `${shownName(name)} cannot be the name of a file in ${dir}`, "rename it");
}

/** A foreign name for a message. What else stands where a name belongs, such as a pasted URL, may hold a secret. */
export function shownName(name: string): string {
  return /^[\w.-]{1,80}$/.test(name) ? name : "a name with other characters than letters, digits and _ . -";
}

/**
 * A name of letters, digits, `_`, `.` and `-` for one identity: what it is called, as far as that can be shown, and a digest
 * of the whole identity. Two identities never share one, whatever their names.
 */
export function distinctName(called: string, identity: readonly string[], longest = 100): string {
  const shown = called
    .replace(/[^A-Za-z0-9_.-]/g, "_")
    .replace(/^[^A-Za-z0-9]+/, "")
    .slice(0, longest);
  const digest = createHash("sha256").update(JSON.stringify(identity)).digest("hex").slice(0, 16);
  return shown === "" ? digest : `${shown}-${digest}`;
}

/** Whether a name can stand for itself where others are `distinctName`s: safe in a path, and none of those. */
export function isOwnName(name: string, longest = 100): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(name) && name.length <= longest && !/(?:^|-)[0-9a-f]{16}$/.test(name);
}
