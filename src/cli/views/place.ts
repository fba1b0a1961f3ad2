import { existsSync } from "node:fs";
import { dirname, isAbsolute, join, relative } from "node:path";
import type { Finding } from "../../model/finding.ts";
import { earlierPlace } from "../../model/earlier-place.ts";
import type { Location } from "../../model/location.ts";
import type { Place } from "../../model/place.ts";
import { serviceRefOf } from "../../model/service-ref.ts";

/** A file on disk that holds a finding, and the line if known. */
export type FilePlace = {
  /** Below the root with forward slashes; absolute if it is elsewhere. */
  readonly file: string;
  readonly line: number | null;
};

/**
 * The checkout's root, relative to which CI systems name files: the nearest Git folder upwards, else the folder itself.
 */
export function checkoutRoot(cwd: string): string {
  for (let dir = cwd; ; dir = dirname(dir)) {
    if (existsSync(join(dir, ".git"))) return dir;
    if (dirname(dir) === dir) return cwd;
  }
}

/** The file that holds a finding; null if it is in none here, such as a container's variable. */
export function fileOf({ location }: Finding, root: string): FilePlace | null {
  const { host, subject } = location;
  const here = host === undefined && (subject === "file" || subject === "service");
  const found = here ? (named(location) ?? ownFile(location)) : null;
  if (found === null) return null;
  const inside = relative(root, found.file);
  const below = inside !== "" && !isAbsolute(inside) && inside !== ".." && !inside.startsWith("../");
  return { file: below ? inside : found.file, line: found.line };
}

/** Stands for a subject that is not a file where a format requires one: `container/api`, `container/HOST/api`. */
export function subjectPath({ location }: Finding): string {
  const { host, subject, subjectName } = location;
  const names = host === undefined ? [subjectName] : [host, subjectName];
  return [subject, ...names.map((name) => encodeURIComponent(name.toWellFormed()))].join("/");
}

/** A line of a file that the location names. */
function named(location: Location): FilePlace | null {
  const place = placeOf(location);
  if (place?.kind === "field" && place.file !== undefined && isAbsolute(place.file))
    return { file: place.file, line: place.fileLine ?? null };
  return place?.kind === "line" && isAbsolute(place.file) ? { file: place.file, line: place.line } : null;
}

/** A subject that is a file, or is in one: `/abs/compose.yaml#api`. */
function ownFile(location: Location): FilePlace | null {
  const { subject, subjectId } = location;
  if (!isAbsolute(subjectId)) return null;
  const place = placeOf(location);
  const own = place?.kind === "text" && place.file === null ? place.line : null;
  const line = place?.kind === "field" ? (place.fileLine ?? null) : own;
  return { file: serviceRefOf({ subject, subjectId })?.file ?? subjectId, line };
}

const placeOf = ({ place, path }: Location): Place | null => place ?? earlierPlace(path);
