import { constants, open, type FileHandle } from "node:fs/promises";
import { residueMatch, type Search } from "./search.ts";
import type { LookHost, MovedValue, PlaceKind, ResidueMatch, UnreadablePlace } from "../contract/look.ts";
import { readPlace } from "./read-place.ts";

const CHUNK = 256 * 1024;

/**
 * The matches in one file, or why it could not be read; nothing for an absent file and for anything but a regular file. A
 * file larger than `mostMib` is not read. `next` says what to type for a mark in a line.
 */
export async function* fileMatches(
  kind: PlaceKind,
  file: string,
  mostMib: number,
  search: Search,
  host: LookHost,
  next: (mark: MovedValue, line: number) => string,
): AsyncGenerator<ResidueMatch | UnreadablePlace> {
  const most = mostMib * 1024 * 1024;
  const read = await readPlace(file, async () => marksIn(file, most, search, host.signal));
  if (!("got" in read)) {
    if (!read.absent) yield read.unread;
    return;
  }
  if (read.got === null) return;
  if (read.got.size > most) {
    yield { place: file, why: `larger than ${mostMib} MiB` };
    return;
  }
  host.looked(kind);
  for (const { mark, line } of read.got.found) yield residueMatch(kind, mark, `${file}:${line}`, next(mark, line));
}

/**
 * The marks in a file, each with the line of its first occurrence, and the file's size in bytes: a file larger than
 * `most` is not read. Links are not followed; null if it is not a regular file. Throws the system's error.
 */
async function marksIn(
  file: string,
  most: number,
  search: Search,
  signal: AbortSignal,
): Promise<{
  readonly size: number;
  readonly found: readonly { readonly mark: MovedValue; readonly line: number }[];
} | null> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) return null;
    if (stat.size > most) return { size: stat.size, found: [] };
    return { size: stat.size, found: await scan(handle, search, signal) };
  } finally {
    await handle.close();
  }
}

async function scan(
  handle: FileHandle,
  search: Search,
  signal: AbortSignal,
): Promise<{ mark: MovedValue; line: number }[]> {
  const stream = search.matcher.stream();
  const first = new Map<number, number>();
  for await (const chunk of chunks(handle, signal)) {
    for (const { mark, offset } of stream.push(chunk)) first.set(mark, Math.min(offset, first.get(mark) ?? offset));
  }
  for (const { mark, offset } of stream.end()) first.set(mark, Math.min(offset, first.get(mark) ?? offset));
  const found: { mark: MovedValue; line: number }[] = [];
  for (const [index, offset] of first) {
    const mark = search.marks[index];
    if (mark !== undefined) found.push({ mark, line: await lineOf(handle, offset, signal) });
  }
  return found;
}

/** Read again: matches are few, and lines need not be counted in files that have none. */
async function lineOf(handle: FileHandle, offset: number, signal: AbortSignal): Promise<number> {
  let [line, at] = [1, 0];
  for await (const chunk of chunks(handle, signal)) {
    for (const byte of chunk.subarray(0, offset - at)) if (byte === 10) line++;
    at += chunk.length;
    if (at >= offset) break;
  }
  return line;
}

async function* chunks(handle: FileHandle, signal: AbortSignal): AsyncGenerator<Buffer> {
  for (let at = 0; ;) {
    signal.throwIfAborted();
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(CHUNK), 0, CHUNK, at);
    if (bytesRead === 0) return;
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
