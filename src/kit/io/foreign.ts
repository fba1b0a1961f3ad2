import { readFileSync, realpathSync, type Stats } from "node:fs";
import { cmd } from "../shell.ts";

/** Why someone else may have written a file, and what to type about it. */
export type ForeignHand = { readonly why: string; readonly hint: string };

/** Null if only this user, root, or the user who called sudo can write to a file or folder. */
export function foreignHand(path: string, stats: Stats, env: NodeJS.ProcessEnv): ForeignHand | null {
  const owner = foreignOwner(path, stats, env);
  if (owner !== null || process.getuid === undefined) return owner;
  const others = (stats.mode & 0o002) !== 0;
  const group = (stats.mode & 0o020) !== 0 && !isPrivateGroup(stats.gid, stats.uid);
  if (!others && !group) return null;
  const who = others ? "everybody" : `group ${stats.gid}`;
  return { why: `${path} can be written by ${who}`, hint: cmd`chmod go-w ${path}` };
}

/** The same by the owner alone, as for links. */
export function foreignOwner(path: string, { uid }: Stats, env: NodeJS.ProcessEnv): ForeignHand | null {
  const me = process.getuid?.();
  if (me === undefined || uid === 0 || uid === me) return null;
  // As in git: under sudo, root acts for the calling user.
  if (me === 0 && env["SUDO_UID"] === String(uid)) return null;
  // In an unprivileged container, mounted files were chosen by the user who runs the container.
  if (me !== 0 && isMountPoint(path)) return null;
  return {
    why: `${path} belongs to user ${uid}, not to you`,
    hint: "copy what you want of it into a file of your own, and name that: --config FILE",
  };
}

/** Whether the group is a user's private group (`useradd` with USERGROUPS_ENAB), so that a umask of 002 is safe. */
function isPrivateGroup(gid: number, uid: number): boolean {
  try {
    const rows = (file: string): string[][] =>
      readFileSync(file, "utf8")
        .split("\n")
        .map((line) => line.split(":"));
    const users = rows("/etc/passwd").filter(([, , , group]) => group === String(gid));
    const groups = rows("/etc/group").filter(([, , id]) => id === String(gid));
    const [name = "", , id] = users[0] ?? [];
    const members = groups.flatMap(([, , , all = ""]) => all.split(",")).filter((one) => one !== "" && one !== name);
    return users.length === 1 && groups.length === 1 && id === String(uid) && members.length === 0;
  } catch {
    return false;
  }
}

function isMountPoint(path: string): boolean {
  try {
    const lines = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
    const real = realpathSync(path);
    return lines.some((line) => (line.split(" ")[4] ?? "").replace(/\\040/g, " ") === real);
  } catch {
    return false;
  }
}
