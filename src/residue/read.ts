import { constants, open, type FileHandle } from "node:fs/promises";
import type { Search } from "./search.ts";
import type { MovedValue } from "../contract/look.ts";

const CHUNK = 256 * 1024;

/**
 * The marks in a file, each with the line of its first occurrence, and the file's size in bytes: a file larger than
 * `most` is not read. Links are not followed; null if it is not a regular file. Throws the system's error.
 */
export async function marksIn(
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
