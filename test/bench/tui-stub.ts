import { EventEmitter } from "node:events";
import { PassThrough } from "node:stream";
import type { ReadStream, WriteStream } from "node:tty";

/** A terminal that counts what is written to it, and on which nobody types. */
export function openStub(
  columns: number,
  rows: number,
): { readonly stdin: ReadStream; readonly stdout: WriteStream; readonly bytes: () => number } {
  let bytes = 0;
  const stdout = Object.assign(new EventEmitter(), {
    isTTY: true,
    columns,
    rows,
    hasColors: () => true,
    write(chunk: string, done?: () => void): boolean {
      bytes += Buffer.byteLength(chunk);
      done?.();
      return true;
    },
  });
  const stdin = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode: () => stdin,
    ref: () => stdin,
    unref: () => stdin,
  });
  return {
    stdin: stdin as unknown as ReadStream,
    stdout: stdout as unknown as WriteStream,
    bytes: () => bytes,
  };
}
