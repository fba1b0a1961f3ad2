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
import { foreignHand, foreignOwner, type ForeignHand } from "../../kit/io/foreign.ts";
import { cmd } from "../../kit/shell.ts";
import { causeOf, UnsprawlError } from "../../model/error.ts";

export type { ForeignHand };

export type OwnedText = {
  readonly text: string;
  /** Null if nobody but this user, root or the user who called sudo can write to the file. */
  readonly foreign: ForeignHand | null;
};

/** A configuration is read at once; none is nearly this large. */
const LARGEST = 8 * 1024 * 1024;

/**
 * A file's text, and whether someone else can write to it: to the file, to a link that leads to it, or (with `folder`)
 * to the folders they are in. Null if it does not exist. Throws `config` if it is not a regular file or cannot be read.
 */
export function readOwned(file: string, env: NodeJS.ProcessEnv, folder: boolean): OwnedText | null {
  // A descriptor that the shell opened for this command, as in <(…), cannot come from anyone else.
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
    // Opening a pipe without a writer would block forever.
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
      (link.isSymbolicLink() ? foreignOwner(file, link, env) : null) ??
      foreignHand(target, stats, env) ??
      folders.map((dir) => foreignHand(dir, statSync(dir), env)).find((one) => one !== null) ??
      null;
    return { text: readFileSync(fd, "utf8"), foreign };
  } catch (error) {
    throw error instanceof UnsprawlError ? error : cannot(error);
  } finally {
    closeSync(fd);
  }
}

const OPENED = /^\/(?:dev\/(?:stdin|fd\/\d+)|proc\/[^/]+\/fd\/\d+)$/;

/** A file's bytes; null if it is not a regular file, cannot be read, or is too large for a configuration. */
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
