import { BLOCK, takeBlock } from "../../fast/block.ts";
import type { TextBlock, TextPiece } from "../../fast/index.ts";
import { LIMITS } from "../../kit/tar/limits.ts";

/** Pieces of files that are larger than a block overlap by this much: the longest secret fits in. */
const OVERLAP = 64 * 1024;
/** A NUL within this many bytes means that a file is binary. */
const HEAD = 8000;
/** Shorter files hold no secret that could be distinguished from words. */
const SHORTEST = 8;

type PendingFile = {
  readonly path: string;
  readonly size: number;
  /** Where its bytes begin in this block. */
  start: number;
  line: number;
  /** Whether no part of it is in another block. */
  first: boolean;
  as: TextPiece["as"] | null;
  skipped: boolean;
};

/** Packs the files of a layer into blocks as their bytes arrive; binary files only if they are small. */
export class Packer {
  /** Full blocks; the consumer empties the list. */
  readonly full: TextBlock[] = [];
  #bytes = takeBlock();
  #pieces: TextPiece[] = [];
  #at = 0;
  #file: PendingFile | null = null;

  /** True if the file's bytes are wanted. If lines cannot be counted, those of its pieces are -1. */
  begin(path: string, size: number, counted: boolean): boolean {
    if (size < SHORTEST) return false;
    if (size > BLOCK - this.#at) this.flush();
    this.#file = { path, size, start: this.#at, line: counted ? 0 : -1, first: true, as: null, skipped: false };
    return true;
  }

  add(bytes: Buffer): void {
    const file = this.#file;
    if (file === null) return;
    for (let from = 0; from < bytes.length && !file.skipped;) {
      const taken = bytes.copy(this.#bytes, this.#at, from, from + BLOCK - this.#at);
      this.#at += taken;
      from += taken;
      if (file.as === null && this.#at - file.start >= HEAD) this.#decide(file);
      if (this.#at === BLOCK && !file.skipped) this.#cut(file);
    }
  }

  end(): void {
    const file = this.#file;
    if (file === null) return;
    this.#file = null;
    if (file.as === null) this.#decide(file);
    if (!file.skipped && (file.first || this.#at > OVERLAP)) this.#piece(file);
  }

  flush(): void {
    if (this.#pieces.length > 0) {
      const bytes = new Uint8Array(this.#bytes.buffer, 0, this.#at);
      this.full.push({ bytes, pieces: this.#pieces });
      this.#bytes = takeBlock();
      this.#pieces = [];
    }
    this.#at = 0;
  }

  #decide(file: PendingFile): void {
    file.as = this.#bytes.subarray(file.start, Math.min(this.#at, file.start + HEAD)).includes(0) ? "binary" : "text";
    if (file.as === "text" || file.size <= LIMITS.binary) return;
    file.skipped = true;
    this.#at = file.start;
  }

  /** The block is full in the middle of a file: the file continues in the next one, with an overlap. */
  #cut(file: PendingFile): void {
    this.#piece(file);
    const before = this.#bytes;
    if (file.line >= 0) file.line += newlines(before.subarray(file.start, BLOCK - OVERLAP));
    this.flush();
    before.copy(this.#bytes, 0, BLOCK - OVERLAP);
    this.#at = OVERLAP;
    file.start = 0;
    file.first = false;
  }

  #piece({ path, start, line, as }: PendingFile): void {
    this.#pieces.push({ path, start, end: this.#at, line, as: as ?? "text" });
  }
}

function newlines(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) count++;
  return count;
}
