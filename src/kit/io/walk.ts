import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  openSync,
  readlinkSync,
  type BigIntStats,
} from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { UnsprawlError } from "../../model/error.ts";
import { isOnlyOurs, isShared, isTrusted, isUnknown, inodeId, type Owned } from "./owner.ts";

/** The trust-relevant facts of a folder or file. */
export type TrustFacts = Owned & { readonly nlink: number };

/** A name in an open folder: later changes to the path have no effect. */
export type FolderEntry = {
  readonly name: string;
  readonly folder: TrustFacts;
  /** A path in the open folder, valid even if the folder's own path was replaced. */
  at(name: string): string;
  /** The user whose link led here, neither us nor root; null if no such link was followed. */
  readonly by: number | null;
  close(): void;
};

/**
 * Follows a path folder by folder, opening each without following links, and returns the folder of the last name. The
 * name itself may be absent.
 *
 * A link is followed if it is ours or root's, or is in a folder that only we and root can write to. A link of another
 * user is followed too and reported in `by`: the caller may then touch only that user's files. In shared folders such
 * as /tmp such links are refused. With `root`, the path and all its links stay below that folder.
 *
 * Throws `refused` for an untrusted link, a loop, a dangling link, or a path that ends in a folder's name (`/`, `..`),
 * otherwise the system's error.
 */
export async function openEntry(path: string, root = "/"): Promise<FolderEntry> {
  const todo = parts(path);
  let folder = open(root, root, true);
  let by: number | null = null;
  let [links, depth, linked] = [0, 0, false];
  const enter = (next: ListedEntry): void => {
    if (next !== folder) folder.close();
    folder = next;
  };
  try {
    for (let name = todo.shift(); name !== undefined; name = todo.shift()) {
      if (name === "..") {
        if (depth > 0) enter(open(folder.at(".."), path, true));
        depth = Math.max(0, depth - 1);
        continue;
      }
      const last = todo.length === 0;
      const entry = openOrNull(folder.at(name), path);
      if (entry === null) {
        if (last && !linked) return placeOf(folder, name, by);
        if (last) throw pathRefused(path, "is a link to something that is not there", "name the file that is meant");
        throw Object.assign(new Error("no such folder"), { code: "ENOENT" });
      }
      if (entry.isLink) {
        try {
          if (++links > MOST_LINKS) throw pathRefused(path, "is a link that leads back to itself", `ls -l ${path}`);
          by = followedFor(path, folder.kind, entry.kind, by);
          const target = await readLink(folder.at(name), path, folder, entry);
          linked ||= last;
          todo.unshift(...parts(target));
          if (!target.startsWith("/")) continue;
          enter(open(root, root, true));
          depth = 0;
        } finally {
          entry.close();
        }
      } else if (last) {
        entry.close();
        return placeOf(folder, name, by);
      } else {
        enter(entry);
        depth++;
      }
    }
    throw pathRefused(path, "is a folder", "name a file");
  } catch (error) {
    folder.close();
    throw error;
  }
}

/** The same limit as in Linux: path_resolution(7). */
const MOST_LINKS = 40;
/** File systems store times with a resolution of a few milliseconds. */
const TICK_MS = 50;

function parts(path: string): string[] {
  return path.split("/").filter((part) => part !== "" && part !== ".");
}

function placeOf(folder: ListedEntry, name: string, by: number | null): FolderEntry {
  return { name, folder: folder.kind, at: (one) => folder.at(one), by, close: () => folder.close() };
}

/** The user whose link must be reported; `before` is the result for the previous links. */
function followedFor(path: string, folder: TrustFacts, link: TrustFacts, before: number | null): number | null {
  if (isOnlyOurs(folder)) return before;
  // A hard link to one of root's own links, created here by someone else.
  const planted = link.nlink > 1;
  if (isTrusted(link.uid) && !planted) return before;
  const foreignInShared = isShared(folder) && (link.uid !== folder.uid || isUnknown(link.uid));
  if (planted || foreignInShared || (before !== null && before !== link.uid))
    throw pathRefused(
      path,
      `leads through a link that user ${link.uid} has put into a folder that others can write to`,
      "name the file by its real path if that is what you mean (realpath shows it)",
    );
  return link.uid;
}

/** Reads the very link that was checked; throws `changed` if it was replaced in between. */
async function readLink(at: string, path: string, folder: ListedEntry, link: ListedEntry): Promise<string> {
  const others = !isOnlyOurs(folder.kind);
  if (others && Math.abs(Date.now() - link.changedMs) < TICK_MS) await sleep(TICK_MS);
  const target = readlinkSync(at);
  if (others) {
    const now = openOrNull(at, path);
    now?.close();
    if (now?.id !== link.id) throw changedMeanwhile(path);
  }
  return target;
}

export function changedMeanwhile(path: string): UnsprawlError {
  return new UnsprawlError("changed", `${path} was changed by somebody else just now`, "look at it, then try again");
}

export function pathRefused(path: string, why: string, hint: string): UnsprawlError {
  return new UnsprawlError("refused", `${path} ${why}`, hint);
}

type ListedEntry = {
  readonly kind: TrustFacts;
  readonly isLink: boolean;
  /** Identifies this version of the entry; changes if it is replaced or renamed. */
  readonly id: string;
  readonly changedMs: number;
  at(name: string): string;
  close(): void;
};

function openOrNull(path: string, whole: string): ListedEntry | null {
  try {
    return open(path, whole, false);
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return null;
    throw error;
  }
}

/** Opens a path without reading it (open(2), O_PATH), so that no pipe or device is triggered. */
function open(path: string, whole: string, isFolder: boolean): ListedEntry {
  if (!hasProc()) return named(path, whole, isFolder);
  const flags = O_PATH | constants.O_NOFOLLOW | (isFolder ? constants.O_DIRECTORY : 0);
  const fd = openSync(path, isFolder ? flags & ~constants.O_NOFOLLOW : flags);
  let closed = false;
  const close = (): void => {
    if (!closed) closeSync(fd);
    closed = true;
  };
  try {
    return entryOf(fstatSync(fd, { bigint: true }), (name) => `/proc/self/fd/${fd}/${name}`, close);
  } catch (error) {
    close();
    throw error;
  }
}

/** Without /proc, folders are accessed by path. */
function named(path: string, whole: string, isFolder: boolean): ListedEntry {
  const stat = lstatSync(path, { bigint: true });
  if (isFolder && !stat.isDirectory())
    throw pathRefused(whole, "leads through something that is no folder", "name a file");
  return entryOf(
    stat,
    (name) => `${path === "/" ? "" : path}/${name}`,
    () => undefined,
  );
}

function entryOf(stat: BigIntStats, at: ListedEntry["at"], close: () => void): ListedEntry {
  const kind = { uid: Number(stat.uid), mode: Number(stat.mode), nlink: Number(stat.nlink), place: inodeId(stat) };
  const id = `${inodeId(stat)}:${stat.ctimeNs}`;
  return { kind, isLink: stat.isSymbolicLink(), id, changedMs: Number(stat.ctimeMs), at, close };
}

const O_PATH = 0o10_000_000;
let proc: boolean | undefined;
const hasProc = (): boolean => (proc ??= process.platform === "linux" && existsSync("/proc/self/fd"));
