import { readFileSync } from "node:fs";

/** The user this process acts as; -1 where the system has none. */
export const me = (): number => process.geteuid?.() ?? -1;

/** Whether files of this user are as good as ours: our own, root's, and in a user namespace those of the system outside it. */
export function isTrusted(uid: number): boolean {
  return uid === me() || uid === 0 || uid === systemOutside();
}

/** Whether only we and root can put something into this folder, or take something out of it. */
export function isOnlyOurs({ uid, mode }: { readonly uid: number; readonly mode: number }): boolean {
  return isTrusted(uid) && (mode & 0o022) === 0;
}

/** Whether it is a folder like /tmp: anyone may add to it, and nobody may remove what belongs to another. */
export function isShared({ mode }: { readonly mode: number }): boolean {
  return (mode & 0o1000) !== 0 && (mode & 0o022) !== 0;
}

let outside: number | null | undefined;

/** Who owns `/` seen from a user namespace that does not map the real root; null outside of one. user_namespaces(7). */
function systemOutside(): number | null {
  if (outside !== undefined) return outside;
  try {
    const whole = /^\s*0\s+0\s+4294967295\s*$/.test(readFileSync("/proc/self/uid_map", "utf8"));
    outside = whole ? null : Number(readFileSync("/proc/sys/kernel/overflowuid", "utf8"));
  } catch {
    outside = null;
  }
  return outside;
}
