import { isAbsolute, posix } from "node:path";
import { workTreeOf } from "../../../src/kit/io/work-tree.ts";

const SOPS = "ref+sops://";

/**
 * A reference as a file of the project says it: to a store file below the project's folder, or in the same git work tree,
 * by its path from the project, since the two are committed together.
 */
export function relativeReference(reference: string, dir: string): string {
  const [file, rest] = parts(reference);
  if (file === null || !isAbsolute(file) || !isCommittedWith(file, dir)) return reference;
  return SOPS + encoded(posix.relative(dir, file)) + rest;
}

/** Whether a file, absolute, goes along with the project in this folder. */
export function isCommittedWith(file: string, dir: string): boolean {
  const path = posix.normalize(file);
  return path.startsWith(`${dir}/`) || path.startsWith(`${workTreeOf(dir) ?? dir}/`);
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
