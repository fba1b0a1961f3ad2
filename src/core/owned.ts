import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readFileSync,
  realpathSync,
  statSync,
  type Stats,
} from "node:fs";
import { dirname } from "node:path";
import { cmd } from "../kit/shell.ts";
import { causeOf, UnsprawlError } from "../model/error.ts";

/** Why somebody else may have written a file, and what to type about it. */
export type ForeignHand = { readonly why: string; readonly hint: string };

export type OwnedText = {
  readonly text: string;
  /** Null when nobody but this user, root or who called sudo can have written the file. */
  readonly foreign: ForeignHand | null;
};

/** A configuration is read whole; none is nearly as large. */
const LARGEST = 8 * 1024 * 1024;

/**
 * A file's text, and whether somebody else can have written it: the file, a link that leads to it, and, with `folder`,
 * the folders they are in. Null where there is none. Throws `config` for what is no file, or cannot be read.
 */
export function readOwned(file: string, env: NodeJS.ProcessEnv, folder: boolean): OwnedText | null {
  // What the shell opened for this command, as in <(…), nobody else could put there.
  if (OPENED.test(file)) return { text: readFileSync(file, "utf8"), foreign: null };
  let link: Stats | undefined;
  try {
    link = lstatSync(file, { throwIfNoEntry: false });
  } catch {
    return null; // a folder of somebody else
  }
  if (link === undefined) return null;
  const cannot = (error: unknown): UnsprawlError =>
    new UnsprawlError("config", `${file} cannot be read`, cmd`ls -l ${file}`, causeOf(error));
  let fd: number;
  try {
    // A pipe that nobody writes to would be waited for without end.
    fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw cannot(error);
  }
  try {
    const stats = fstatSync(fd);
    const target = realpathSync(file);
    if (target === "/dev/null") return { text: "", foreign: null };
    const odd = oddity(stats);
    if (odd !== null) throw new UnsprawlError("config", `${file} cannot be read: it ${odd}`, cmd`ls -l ${file}`);
    const folders = folder ? [...new Set([dirname(file), dirname(target)])] : [];
    const foreign =
      (link.isSymbolicLink() ? ownerFault(file, link, env) : null) ??
      fault(target, stats, env) ??
      folders.map((dir) => fault(dir, statSync(dir), env)).find((one) => one !== null) ??
      null;
    return { text: readFileSync(fd, "utf8"), foreign };
  } catch (error) {
    throw error instanceof UnsprawlError ? error : cannot(error);
  } finally {
    closeSync(fd);
  }
}

const OPENED = /^\/(?:dev\/(?:stdin|fd\/\d+)|proc\/[^/]+\/fd\/\d+)$/;

/** A file's bytes; null for what is no file, cannot be read, or is too large for a configuration. */
export function readPlain(file: string): Buffer | null {
  try {
    const fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      return oddity(fstatSync(fd)) === null ? readFileSync(fd) : null;
    } finally {
      closeSync(fd);
    }
  } catch {
    return null;
  }
}

function oddity(stats: Stats): string | null {
  if (stats.isDirectory()) return "is a folder";
  if (!stats.isFile()) return "is a pipe, a socket or a device";
  return stats.size > LARGEST ? `is larger than ${LARGEST / 1024 / 1024} MiB` : null;
}

function fault(path: string, stats: Stats, env: NodeJS.ProcessEnv): ForeignHand | null {
  const owner = ownerFault(path, stats, env);
  if (owner !== null || process.getuid === undefined) return owner;
  const others = (stats.mode & 0o002) !== 0;
  const group = (stats.mode & 0o020) !== 0 && !isPrivateGroup(stats.gid, stats.uid);
  if (!others && !group) return null;
  const who = others ? "everybody" : `group ${stats.gid}`;
  return { why: `${path} can be written by ${who}`, hint: cmd`chmod go-w ${path}` };
}

function ownerFault(path: string, { uid }: Stats, env: NodeJS.ProcessEnv): ForeignHand | null {
  const me = process.getuid?.();
  if (me === undefined || uid === 0 || uid === me) return null;
  // As git has it: root by sudo stands for who called it.
  if (me === 0 && env["SUDO_UID"] === String(uid)) return null;
  // In a container without rights of its own: what was mounted there, whoever runs the container has chosen.
  if (me !== 0 && isMountPoint(path)) return null;
  return {
    why: `${path} belongs to user ${uid}, not to you`,
    hint: "copy what you want of it into a file of your own, and name that: --config FILE",
  };
}

/** True for the group that a user has for itself (`useradd` with USERGROUPS_ENAB), so that its umask may be 002. */
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
