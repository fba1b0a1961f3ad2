import { open, realpath, stat, type FileHandle } from "node:fs/promises";
import { join, posix, sep } from "node:path";
import { damagedArchive, TarParser, type TarEntry } from "../layers/index.ts";
import { UnsprawlError } from "../../model/error.ts";

/** The files of an archive that can be read in any order. */
export type ArchiveFiles = {
  /** Null if there is no file of this name. */
  open(file: string): Promise<ArchiveFile | null>;
  close(): Promise<void>;
};

export type ArchiveFile = { readonly size: number; read(signal?: AbortSignal): AsyncIterable<Buffer> };

const READ = 512 * 1024;
const MOST_FILES = 200_000;
const MOST_LINKS = 8;

/**
 * A tar file with the names and offsets of its entries: each is then read at its offset, and nothing is unpacked.
 * Throws `malformed` or `refused` as the tar reader does.
 */
export async function tarFiles(path: string, signal: AbortSignal): Promise<ArchiveFiles> {
  const handle = await open(path, "r");
  try {
    const entries = await indexOf(handle, signal);
    return {
      open: async (file) => {
        const entry = followLinks(entries, file);
        if (entry === null) return null;
        return { size: entry.size, read: () => slice(handle, entry.offset, entry.size) };
      },
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function indexOf(handle: FileHandle, signal: AbortSignal): Promise<ReadonlyMap<string, TarEntry>> {
  const entries = new Map<string, TarEntry>();
  const parser = new TarParser({
    entry: (entry) => {
      if (entries.size >= MOST_FILES)
        throw new UnsprawlError(
          "refused",
          "contains too many files for an image archive",
          "scan dir:FOLDER reads files",
        );
      entries.set(archivePath(entry.path), entry);
      return false;
    },
    data: () => undefined,
    end: () => undefined,
  });
  const { size } = await handle.stat();
  const buffer = Buffer.allocUnsafe(READ);
  // Headers are far apart: a little is read ahead between them, and the rest is skipped.
  for (let at = 0, ahead = READ; at < size && !parser.done;) {
    signal.throwIfAborted();
    const { bytesRead } = await handle.read(buffer, 0, ahead, at);
    if (bytesRead === 0) break;
    parser.write(buffer.subarray(0, bytesRead));
    at += bytesRead + parser.idle;
    ahead = parser.idle > 0 ? 4096 : Math.min(READ, ahead * 4);
    if (at <= size) parser.skip();
  }
  parser.end();
  return entries;
}

/** Links in an archive lead to other files in it, and nowhere else: older engines write a layer only once. */
export function followLinks(entries: ReadonlyMap<string, TarEntry>, file: string): TarEntry | null {
  let name = archivePath(file);
  for (let links = 0; links < MOST_LINKS; links++) {
    const entry = entries.get(name);
    if (entry === undefined) return null;
    if (entry.kind === "file") return entry;
    if (entry.kind !== "link" && entry.kind !== "symlink") return null;
    name = archivePath(entry.kind === "link" ? entry.target : posix.join(posix.dirname(name), entry.target));
  }
  return null;
}

/** The absolute path of a name in an archive. */
export function archivePath(path: string): string {
  return posix.join("/", path).slice(1);
}

/** The next piece is read while this one is processed. */
async function* slice(handle: FileHandle, offset: number, size: number): AsyncGenerator<Buffer> {
  const piece = async (at: number): Promise<Buffer> => {
    const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(Math.min(READ, size - at)), {
      position: offset + at,
    });
    if (bytesRead === 0) throw damagedArchive("is cut off in the middle of a file");
    return buffer.subarray(0, bytesRead);
  };
  let next = size > 0 ? piece(0) : null;
  for (let at = 0; next !== null;) {
    const bytes: Buffer = await next;
    at += bytes.length;
    next = at < size ? piece(at) : null;
    next?.catch(() => undefined); // told when it is its turn
    yield bytes;
  }
}

/** An OCI layout in a folder: only files in the folder, wherever links lead. */
export async function folderFiles(path: string): Promise<ArchiveFiles> {
  const root = await realpath(path);
  return {
    open: async (file) => {
      if (!/^(?:index\.json|manifest\.json|oci-layout|blobs\/sha(?:256|512)\/[0-9a-f]{64,128})$/.test(file))
        return null;
      const real = await realpath(join(root, file)).catch(() => null);
      if (real === null || !real.startsWith(root + sep)) return null;
      const { size, isFile } = await stat(real).then((found) => ({ size: found.size, isFile: found.isFile() }));
      return isFile ? { size, read: () => readWhole(real, size) } : null;
    },
    close: () => Promise.resolve(),
  };
}

async function* readWhole(path: string, size: number): AsyncGenerator<Buffer> {
  const handle = await open(path, "r");
  try {
    yield* slice(handle, 0, size);
  } finally {
    await handle.close();
  }
}
