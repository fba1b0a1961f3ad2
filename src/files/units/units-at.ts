import { existsSync, readdirSync, realpathSync, statSync, type Dirent } from "node:fs";
import { basename, dirname, join } from "node:path";
import { bare, cmd } from "../../kit/shell.ts";
import { UnsprawlError } from "../../model/error.ts";
import { isQuadlet, isUnitName, UNIT_KINDS } from "./unit-kinds.ts";

/**
 * The units in a folder, or the one that a file (its main file or a drop-in) belongs to; by the main file. Quadlet
 * containers are found in subfolders too, as podman finds them. Throws `absent` or `usage`.
 */
export function unitsAt(path: string): readonly string[] {
  // A link that leads to itself exists, and has no target.
  const stat = existsSync(path) ? statSync(path) : undefined;
  if (stat === undefined)
    throw new UnsprawlError("absent", `there is no ${path}`, "unsprawl scan systemd:FILE_OR_FOLDER");
  if (stat.isDirectory() && ownName(basename(path)) === null) return [...new Set(unitsIn(path))].sort();
  const at = stat.isDirectory() || !path.endsWith(".conf") ? path : dirname(path);
  if (ownName(basename(at)) !== null) return [at.replace(/\.d$/, "")];
  throw new UnsprawlError(
    "usage",
    `${path} is not a unit`,
    cmd`known: ${bare(UNIT_KINDS.map((kind) => `.${kind}`).join(" "))}`,
  );
}

/** The unit that a file or a folder of drop-ins belongs to. */
function ownName(name: string): string | null {
  const unit = name.replace(/\.d$/, "");
  return isUnitName(unit) ? unit : null;
}

/** How deep folders of Quadlet files may lie below each other. */
const DEEPEST = 6;

function unitsIn(folder: string, depth = 0, seen = new Set<string>()): string[] {
  seen.add(realpathSync(folder));
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry): string[] => {
    const path = join(folder, entry.name);
    const unit = ownName(entry.name);
    if (unit !== null) return depth === 0 || isQuadlet(unit) ? [join(folder, unit)] : [];
    if (depth === DEEPEST || entry.name === "node_modules" || /^\.git$|\.d$/.test(entry.name)) return [];
    return leadsBelow(folder, path, entry) && !seen.has(realpathSync(path)) ? unitsIn(path, depth + 1, seen) : [];
  });
}

/** A folder, or a link to one that its owner may write to: another user's link would choose what is read. */
function leadsBelow(folder: string, path: string, entry: Dirent): boolean {
  if (entry.isDirectory()) return isReadable(path);
  if (!entry.isSymbolicLink() || !existsSync(path)) return false;
  const target = statSync(path);
  return target.isDirectory() && target.uid === statSync(folder).uid && isReadable(path);
}

function isReadable(folder: string): boolean {
  try {
    readdirSync(folder);
    return true;
  } catch {
    return false;
  }
}
