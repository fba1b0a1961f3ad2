import { lstatSync, readdirSync, readFileSync, realpathSync, type Stats } from "node:fs";
import { basename, dirname, isAbsolute, join } from "node:path";
import { isShared, isUnknown } from "./owner.ts";

/**
 * Why one of these files could be modified by someone other than root, directly or through a parent folder; null if
 * none can. Links are followed, and each step counts. Describes the first problem.
 */
export function foreignFile(files: readonly string[]): string | null {
  return firstFault(files);
}

/** The same for folders that root reads or makes: one that is not there yet must be root's to make. */
export function foreignFolder(folders: readonly string[]): string | null {
  return firstFault(folders.map(thereOrAbove));
}

function firstFault(files: readonly string[]): string | null {
  const seen = new Set<string>();
  for (const file of files) {
    const fault = faultOfPath(file, seen);
    if (fault !== null) return fault;
  }
  return null;
}

/**
 * The same for everything that root would run at a container start: node, the resolver and everything it may import. A resolver
 * that is a word and no path is a part of the executable before it.
 */
export function foreignProgram(node: string, resolver: string): string | null {
  if (!isAbsolute(resolver)) return foreignFile([node]);
  const seen = new Set<string>();
  for (const file of [node, resolver]) {
    const fault = faultOfPath(file, seen);
    if (fault !== null) return fault;
  }
  const folders = [dirname(resolver), ...modulesAbove(dirname(realOf(resolver)))];
  for (const folder of folders) {
    const fault = faultOfPath(folder, seen) ?? faultBelow(realOf(folder), seen);
    if (fault !== null) return fault;
  }
  return null;
}

/** Where Node looks for libraries: `node_modules` in each parent folder. */
function modulesAbove(folder: string): string[] {
  const found: string[] = [];
  for (let at = folder; ; at = dirname(at)) {
    const modules = join(at, "node_modules");
    if (basename(at) !== "node_modules" && lstatSync(modules, { throwIfNoEntry: false })) found.push(modules);
    if (at === dirname(at)) return found;
  }
}

/** The path itself, or the first folder above it that is there. */
function thereOrAbove(path: string): string {
  let at = path;
  while (statOf(at) === undefined && at !== dirname(at)) at = dirname(at);
  return at;
}

function statOf(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined; // a file is in the place of a folder
  }
}

function faultOfPath(path: string, seen: Set<string>, isAbove = false): string | null {
  for (let at = path; ; at = dirname(at)) {
    if (seen.has(at)) break;
    seen.add(at);
    const found = statOf(at);
    if (!found) return `${at} does not exist`;
    const fault = faultOf(at, found, isAbove || at !== path);
    if (fault !== null) return fault;
    if (found.isSymbolicLink()) {
      const there = faultOfPath(realOf(at), seen, isAbove || at !== path);
      if (there !== null) return there;
    }
    if (at === dirname(at)) break;
  }
  return null;
}

/**
 * Checks what Node can import from a folder of libraries. Names with a leading dot are not packages (Node's ES modules,
 * "Resolution algorithm", PACKAGE_RESOLVE), and tools keep temporary files there.
 */
function faultBelow(folder: string, seen: Set<string>): string | null {
  const names = readdirSync(folder).filter((name) => basename(folder) !== "node_modules" || !name.startsWith("."));
  for (const name of names) {
    const path = join(folder, name);
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (!found) continue; // gone since it was listed, so nobody runs it
    const fault = found.isSymbolicLink() ? faultOfPath(path, seen) : faultOf(path, found, false);
    const below = fault === null && found.isDirectory() ? faultBelow(path, seen) : null;
    if (fault !== null || below !== null) return fault ?? below;
  }
  return null;
}

/** In a sticky folder, only root can replace root's files. In a user namespace, root's own may show an unknown owner. */
function faultOf(path: string, stat: Stats, isAbove: boolean): string | null {
  const mayBeRoots = stat.uid === 0 || (isUnknown(stat.uid) && !isShared(lstatSync(dirname(path))));
  if (!mayBeRoots) return `${path} belongs to user ${stat.uid}`;
  if (stat.isSymbolicLink()) return null;
  if (isAbove && (stat.mode & 0o1000) !== 0) return null;
  if ((stat.mode & 0o002) !== 0) return `everybody can write to ${path}`;
  if ((stat.mode & 0o020) !== 0 && hasMembers(stat.gid)) return `group ${stat.gid} can write to ${path}`;
  return null;
}

/** Whether a group has members other than root: Debian's /usr/local is writable for an empty group. */
function hasMembers(gid: number): boolean {
  const lines = (file: string): string[][] => {
    try {
      return readFileSync(file, "utf8")
        .split("\n")
        .map((line) => line.split(":"));
    } catch {
      return [];
    }
  };
  const group = lines("/etc/group").find(([, , id]) => id === String(gid));
  // A group not listed here comes from elsewhere (LDAP) and may have members.
  if (group === undefined) return true;
  const members = (group[3] ?? "").split(",").filter((name) => name !== "" && name !== "root");
  return members.length > 0 || lines("/etc/passwd").some(([, , uid, id]) => id === String(gid) && uid !== "0");
}

function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
