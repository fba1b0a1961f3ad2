import { existsSync } from "node:fs";
import { dirname, isAbsolute, join, relative } from "node:path";
import type { Finding } from "../../model/finding.ts";
import type { Location } from "../../model/location.ts";
import { serviceRefOf } from "../../model/service-ref.ts";

/** A file on disk that holds a finding, and the line where that is known. */
export type FilePlace = {
  /** Below the root with forward slashes; absolute when it is elsewhere. */
  readonly file: string;
  readonly line: number | null;
};

/** The checkout's root, by which CI systems name files: the nearest folder upwards that is Git's, else the folder itself. */
export function checkoutRoot(cwd: string): string {
  for (let dir = cwd; ; dir = dirname(dir)) {
    if (existsSync(join(dir, ".git"))) return dir;
    if (dirname(dir) === dir) return cwd;
  }
}

/** The file that holds a finding; null for what is in none here, such as a container's variable. */
export function fileOf({ location }: Finding, root: string): FilePlace | null {
  const { host, subject } = location;
  const here = host === undefined && (subject === "file" || subject === "service");
  const found = here ? (named(location) ?? ownFile(location)) : null;
  if (found === null) return null;
  const inside = relative(root, found.file);
  const below = inside !== "" && !isAbsolute(inside) && inside !== ".." && !inside.startsWith("../");
  return { file: below ? inside : found.file, line: found.line };
}

/** What stands for a subject that is no file where a format demands one: `container/api`, `container/HOST/api`. */
export function subjectPath({ location }: Finding): string {
  const { host, subject, subjectName } = location;
  const names = host === undefined ? [subjectName] : [host, subjectName];
  return [subject, ...names.map((name) => encodeURIComponent(name.toWellFormed()))].join("/");
}

/** Sources say a place in a file as `/abs/file:LINE what`. */
function named({ path }: Location): FilePlace | null {
  const [, file, line] = /^(\/[^:]{1,4096}):(\d{1,9})(?: |$)/.exec(path) ?? [];
  return file === undefined ? null : { file, line: Number(line) };
}

/** A subject that is a file, or stands in one: `/abs/compose.yaml#api`. A whole text says its lines as `line LINE`. */
function ownFile({ subject, subjectId, path }: Location): FilePlace | null {
  if (!isAbsolute(subjectId)) return null;
  const line = /^line (\d{1,9})$/.exec(path)?.[1];
  const file = serviceRefOf({ subject, subjectId })?.file ?? subjectId;
  return { file, line: line === undefined ? null : Number(line) };
}
