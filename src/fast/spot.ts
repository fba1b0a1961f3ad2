import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from "node:fs";
import type { Detector, Spotted, Unread } from "../contract/detector.ts";
import type { FileReading } from "../contract/source.ts";
import type { SpottedTexts, TextBlock } from "./reading.ts";

/** The secrets in one file; `error` is a code (`EACCES`) if it could not be read to its end. */
export type SpottedFile = {
  readonly file: string;
  readonly bytes: number;
  readonly spotted: readonly Spotted[];
  readonly unread: readonly Unread[];
  readonly error: string | null;
};

/** A file by its absolute path, and by its path from the folder that is scanned. */
export type NamedFile = { readonly file: string; readonly below: string };

export function namedFile({ file, subject }: FileReading): NamedFile {
  return { file, below: subject.name };
}

/** A file is read in pieces of this size. They overlap by more than the longest secret. */
const PIECE = 16 * 1024 * 1024;
const OVERLAP = 64 * 1024;

let buffer = Buffer.alloc(0);

/** Reads a file and finds the secrets in it. Synchronous. */
export function spotInFile({ file, below }: NamedFile, detector: Detector): SpottedFile {
  if (buffer.length === 0) buffer = Buffer.allocUnsafeSlow(PIECE);
  const spotted: Spotted[] = [];
  const unread = new Map<string, Unread>();
  let bytes = 0;
  try {
    // Opening a pipe waits for somebody who writes to it.
    const fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stat = fstatSync(fd);
      if (!stat.isFile()) return { file, bytes: 0, spotted, unread: [], error: "it is no file" };
      if (isHollow(stat)) return { file, bytes: 0, spotted, unread: [], error: "almost all of it is a hole (sparse)" };
      let lines = 0;
      const told = new Set<string>(); // pieces overlap
      for (let at = 0; ;) {
        const read = readSync(fd, buffer, 0, PIECE, at);
        const piece = buffer.subarray(0, read);
        const whole = at === 0 && read < PIECE;
        const found = detector.text(piece, file, "file", below);
        for (const one of found.unread) unread.set(one.message, one);
        for (const hit of found.spotted) {
          const line = hit.line + lines;
          if (whole || told.size < told.add(`${line} ${hit.value.expose().toString("base64")}`).size)
            spotted.push({ ...hit, line });
        }
        bytes = at + read;
        if (read < PIECE) break;
        lines += newlines(piece.subarray(0, PIECE - OVERLAP));
        at += PIECE - OVERLAP;
      }
    } finally {
      closeSync(fd);
    }
    return { file, bytes, spotted, unread: [...unread.values()], error: null };
  } catch (error) {
    return { file, bytes, spotted, unread: [], error: (error as { code?: string }).code ?? "failed" };
  }
}

/** Finds the secrets in pieces of files in memory. */
export function spotInBlock({ bytes, pieces }: TextBlock, detector: Detector): SpottedTexts {
  const found = pieces.map(({ path, start, end, as }) => detector.text(bytes.subarray(start, end), path, as));
  return {
    spotted: pieces.flatMap(({ line }, piece) =>
      (found[piece]?.spotted ?? []).map((hit) => ({ ...hit, piece, line: hit.line + line })),
    ),
    unread: found.flatMap(({ unread }, piece) => unread.map((one) => ({ ...one, piece }))),
  };
}

/** Reading a hole takes as long as reading what is there, and making one costs nothing. */
const HOLLOW_FROM = 256 * 1024 * 1024;
const HOLLOW_TIMES = 64;

function isHollow({ size, blocks }: Stats): boolean {
  return size > HOLLOW_FROM && blocks * 512 * HOLLOW_TIMES < size;
}

function newlines(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) count++;
  return count;
}
