import { isAbsolute, posix } from "node:path";

const SOPS = "ref+sops://";

/**
 * A reference as a file of the project says it: to a store file below the project's folder by its path from there, since
 * the two are committed together.
 */
export function relativeReference(reference: string, dir: string): string {
  const [file, rest] = parts(reference);
  if (file === null || !isAbsolute(file)) return reference;
  const below = posix.relative(dir, file);
  return below === "" || below === ".." || below.startsWith("../") ? reference : SOPS + encoded(below) + rest;
}

/** The inverse: what such a reference means to a project in this folder. */
export function absoluteReference(reference: string, dir: string): string {
  const [file, rest] = parts(reference);
  return file === null || isAbsolute(file) ? reference : SOPS + encoded(posix.join(dir, file)) + rest;
}

/** The file that a reference names, absolute; null for a reference to another kind of store. */
export function sopsFileOf(reference: string): string | null {
  const [file] = parts(reference);
  return file !== null && isAbsolute(file) ? posix.normalize(file) : null;
}

/** The file of a reference to a SOPS file, and what is behind it; null for other references and broken ones. */
function parts(reference: string): readonly [string | null, string] {
  if (!reference.startsWith(SOPS)) return [null, ""];
  const [, file = "", rest = ""] = /^([^?#]*)(.*)$/s.exec(reference.slice(SOPS.length)) ?? [];
  try {
    return [file === "" ? null : decodeURIComponent(file), rest];
  } catch {
    return [null, ""];
  }
}

const encoded = (file: string): string => file.split("/").map(encodeURIComponent).join("/");
