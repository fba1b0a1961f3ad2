import { lstatSync, readFileSync } from "node:fs";

/** The user this process acts as; -1 where the system has none. */
export const me = (): number => process.geteuid?.() ?? -1;

/** Whether files of this user are as good as ours: our own, and root's. */
export function isTrusted(uid: number): boolean {
  return uid === me() || uid === 0;
}

/** Whether this is no user's number: a user namespace shows every user outside it by one number. user_namespaces(7) */
export function isUnknown(uid: number): boolean {
  return uid === everyoneOutside();
}

/** A folder or a file as far as trust goes; `place` tells it from all others (see `placeId`), where it matters. */
export type Owned = { readonly uid: number; readonly mode: number; readonly place?: string };

export const placeId = ({ dev, ino }: { readonly dev: bigint; readonly ino: bigint }): string => `${dev}:${ino}`;

/** Whether this folder is ours or root's. In a user namespace root's are known by their names: `/`, `/etc`, `/tmp` … */
export function isTrustedFolder({ uid, place }: Owned): boolean {
  return isTrusted(uid) || (place !== undefined && isUnknown(uid) && systemFolders().has(place));
}

/** Whether only we and root can put something into this folder, or take something out of it. */
export function isOnlyOurs(folder: Owned): boolean {
  return isTrustedFolder(folder) && (folder.mode & 0o022) === 0;
}

/** Whether it is a folder like /tmp: anyone may add to it, and nobody may remove what belongs to another. */
export function isShared({ mode }: { readonly mode: number }): boolean {
  return (mode & 0o1000) !== 0 && (mode & 0o022) !== 0;
}

let outside: number | null | undefined;

/** Null where every user has a number of its own, as outside of user namespaces. */
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

/** Folders that are root's on every system, so that nobody else can have made them. hier(7) */
function systemFolders(): ReadonlySet<string> {
  if (system !== undefined) return system;
  const names = "bin boot etc home lib lib64 media mnt opt root run sbin srv tmp usr var".split(" ");
  const below = "run/lock run/user usr/bin usr/lib usr/local usr/share var/lib var/log var/spool var/tmp".split(" ");
  const found = ["", ...names, ...below].flatMap((name) => {
    const stat = lstatSync(`/${name}`, { bigint: true, throwIfNoEntry: false });
    return stat?.isDirectory() === true && isUnknown(Number(stat.uid)) ? [placeId(stat)] : [];
  });
  return (system = new Set(found));
}
