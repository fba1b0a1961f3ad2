import { lstatSync, readFileSync } from "node:fs";

/** The effective user id of this process; -1 if the system has none. */
export const effectiveUid = (): number => process.geteuid?.() ?? -1;

/** Whether files of this user are trusted: our own and root's. */
export function isTrusted(uid: number): boolean {
  return uid === effectiveUid() || uid === 0;
}

/** Whether this is the id that a user namespace shows for all users outside it. user_namespaces(7) */
export function isUnknown(uid: number): boolean {
  return uid === everyoneOutside();
}

/** The trust-relevant facts of a folder or file; `place` identifies it where needed (see `inodeId`). */
export type Owned = { readonly uid: number; readonly mode: number; readonly place?: string };

export const inodeId = ({ dev, ino }: { readonly dev: bigint; readonly ino: bigint }): string => `${dev}:${ino}`;

/**
 * Whether this folder is ours or root's. In a user namespace, root's folders are recognised by name: `/`, `/etc`,
 * `/tmp` …
 */
export function isTrustedFolder({ uid, place }: Owned): boolean {
  return isTrusted(uid) || (place !== undefined && isUnknown(uid) && systemFolders().has(place));
}

/** Whether only we and root can add or remove entries of this folder. */
export function isOnlyOurs(folder: Owned): boolean {
  return isTrustedFolder(folder) && (folder.mode & 0o022) === 0;
}

/** Whether this is a folder like /tmp: anyone can add files, but only owners can remove theirs. */
export function isShared({ mode }: { readonly mode: number }): boolean {
  return (mode & 0o1000) !== 0 && (mode & 0o022) !== 0;
}

let outside: number | null | undefined;

/** The overflow uid; null outside of user namespaces. */
function everyoneOutside(): number | null {
  if (outside !== undefined) return outside;
  try {
    const whole = /^\s*0\s+0\s+4294967295\s*$/.test(readFileSync("/proc/self/uid_map", "utf8"));
    outside = whole ? null : Number(readFileSync("/proc/sys/kernel/overflowuid", "utf8"));
  } catch {
    outside = null;
  }
  return outside;
}

let system: ReadonlySet<string> | undefined;

/** Folders that belong to root on every system, so that no one else can have created them. hier(7) */
function systemFolders(): ReadonlySet<string> {
  if (system !== undefined) return system;
  const names = "bin boot etc home lib lib64 media mnt opt root run sbin srv tmp usr var".split(" ");
  const below = "run/lock run/user usr/bin usr/lib usr/local usr/share var/lib var/log var/spool var/tmp".split(" ");
  const found = ["", ...names, ...below].flatMap((name) => {
    const stat = lstatSync(`/${name}`, { bigint: true, throwIfNoEntry: false });
    return stat?.isDirectory() === true && isUnknown(Number(stat.uid)) ? [inodeId(stat)] : [];
  });
  return (system = new Set(found));
}
