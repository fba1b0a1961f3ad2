import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  openSync,
  readFileSync,
  readSync,
  realpathSync,
  statSync,
  type Stats,
} from "node:fs";
import { UnsprawlError } from "../../model/error.ts";
import { cmd } from "../shell.ts";

/** Larger than any real configuration file. */
const LARGEST_TEXT = 64 * 1024 * 1024;

export type FileReadOptions = {
  /** The maximum size in bytes. */
  readonly limit?: number;
  /** The user named this very path, so it may be a descriptor that the shell opened: `<(…)`, `/dev/stdin`. */
  readonly named?: boolean;
  /** False refuses a symbolic link as the last segment. */
  readonly link?: boolean;
};

/**
 * The bytes of a regular file. Nothing else is opened: a pipe could block forever, and opening a device may have side
 * effects. `/dev/null` reads as empty. Throws `refused` for anything else or if the file is too large, otherwise the
 * system's error, such as ENOENT.
 */
export function readChecked(path: string, options: FileReadOptions = {}): Buffer {
  const { limit = LARGEST_TEXT, named = false, link = true } = options;
  if (named && OPENED.test(path)) return readFileSync(path);
  const [fd, stat] = openChecked(path, link);
  if (fd === null) return Buffer.alloc(0);
  try {
    if (stat.size > limit) throw tooLarge(path, limit);
    return readAll(fd, path, limit, stat.size);
  } finally {
    closeSync(fd);
  }
}

/** Descriptors that the shell opened for the command, as in `<(…)`. */
const OPENED = /^\/(?:dev\/(?:stdin|fd\/\d+)|proc\/[^/]+\/fd\/\d+)$/;

/**
 * Checks a file before opening it, and opens the very file that was checked. The descriptor is null for `/dev/null`.
 */
function openChecked(path: string, link: boolean): readonly [number | null, Stats] {
  const place = hasProc() ? openSync(path, O_PATH | (link ? 0 : constants.O_NOFOLLOW)) : null;
  try {
    const stat = place !== null ? fstatSync(place) : link ? statSync(path) : lstatSync(path);
    if (stat.isCharacterDevice() && realpathSync(path) === "/dev/null") return [null, stat];
    mustBeRegular(stat, path);
    // Without /proc the file may have been replaced in between, so it is checked again.
    const fd = openSync(place === null ? path : `/proc/self/fd/${place}`, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const opened = fstatSync(fd);
      mustBeRegular(opened, path);
      return [fd, opened];
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  } finally {
    if (place !== null) closeSync(place);
  }
}

function mustBeRegular(stat: Stats, path: string): void {
  if (stat.isFile()) return;
  if (stat.isDirectory()) throw Object.assign(new Error("is a folder"), { code: "EISDIR" });
  throw notAFile(path);
}

function notAFile(path: string): UnsprawlError {
  return new UnsprawlError(
    "refused",
    `${path} is a pipe, a socket or a device, not a file`,
    "write what it gives into a file first, or hand it over as <(cat PIPE)",
  );
}

function tooLarge(path: string, limit: number): UnsprawlError {
  return new UnsprawlError("refused", `${path} is larger than ${limit / 1024 / 1024} MiB`, cmd`ls -l ${path}`);
}

/** The file may grow while it is read, and files in /proc have size 0. */
function readAll(fd: number, path: string, limit: number, size: number): Buffer {
  const pieces: Buffer[] = [];
  for (let total = 0; ;) {
    const piece = Buffer.allocUnsafe(Math.max(size - total + 1, CHUNK));
    const read = readSync(fd, piece, 0, piece.length, null);
    if (read === 0) return pieces.length === 1 ? (pieces[0] ?? piece) : Buffer.concat(pieces);
    total += read;
    if (total > limit) throw tooLarge(path, limit);
    pieces.push(piece.subarray(0, read));
  }
}

const CHUNK = 4096;

const O_PATH = 0o10_000_000;
let proc: boolean | undefined;
const hasProc = (): boolean => (proc ??= process.platform === "linux" && existsSync("/proc/self/fd"));
