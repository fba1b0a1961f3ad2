import { limitExceeded, damagedArchive, LIMITS } from "./limits.ts";
import { checkHeader, isZero, numberAt, paxRecords, textAt } from "./header.ts";

/** `link` is a hard link; `other` a device, a FIFO or an unknown type. */
export type TarKind = "file" | "folder" | "link" | "symlink" | "other";

export type TarEntry = {
  /** As written, up to a NUL. */
  readonly path: string;
  readonly kind: TarKind;
  /** The size of the data in the archive, in bytes. */
  readonly size: number;
  /** The target of a link; otherwise empty. */
  readonly target: string;
  /** Whether holes are left out of the data, which makes line numbers meaningless. */
  readonly sparse: boolean;
  /** The offset of the data in the archive, in bytes. */
  readonly offset: number;
};

/** Receives each entry, then its data if `entry` returned true, then its end. */
export type TarSink = {
  entry(entry: TarEntry): boolean;
  data(bytes: Buffer): void;
  end(): void;
};

const BLOCK = 512;
const KINDS: { readonly [flag: string]: TarKind } = {
  ...{ "0": "file", "\0": "file", "7": "file", S: "file" },
  ...{ "1": "link", "2": "symlink", "5": "folder" },
};
const SPECIAL = new Set(["x", "g", "L", "K"]);

/**
 * A push parser for tar archives with constant memory use. Supports ustar, PAX and GNU (POSIX.1-2017 pax; the GNU tar
 * manual, "Basic Tar Format"), behaves like Go's archive/tar, which engines use, and enforces `LIMITS`.
 */
export class TarParser {
  readonly #sink: TarSink;
  readonly #head = Buffer.alloc(BLOCK);
  #filled = 0;
  #state: "header" | "body" | "special" | "extension" | "done" = "header";
  #position = 0;
  /** Remaining bytes of the data and of its padding. */
  #left = 0;
  #padding = 0;
  #wanted = false;
  #special: { readonly flag: string; readonly parts: Buffer[] } = { flag: "", parts: [] };
  #pax: ReadonlyMap<string, string> = new Map();
  #longName: string | null = null;
  #longTarget: string | null = null;
  #entries = 0;

  constructor(sink: TarSink) {
    this.#sink = sink;
  }

  /** Throws `malformed` for anything but a tar archive, `refused` if a limit is exceeded. */
  write(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      const from = at;
      if (this.#state === "done") at = chunk.length;
      else if (this.#state === "header" || this.#state === "extension") at = this.#block(chunk, at);
      else at = this.#body(chunk, at);
      this.#position += at - from;
      if (this.#state === "body" && this.#left === 0 && this.#padding === 0) this.#over();
    }
  }

  /** Ends the input. Throws `malformed` in the middle of an entry. */
  end(): void {
    if (this.#filled > 0 || this.#left > 0 || !["header", "done"].includes(this.#state))
      throw damagedArchive("is cut off in the middle of a file");
  }

  /** How many of the following bytes are not needed and can be skipped. */
  get idle(): number {
    return this.#state === "body" && !this.#wanted ? this.#left + this.#padding : 0;
  }

  /** Advances past the idle bytes without reading them. */
  skip(): void {
    if (this.idle === 0) return;
    this.#position += this.idle;
    this.#left = this.#padding = 0;
    this.#over();
  }

  /** True after the archive's end marker: anything after it is ignored. */
  get done(): boolean {
    return this.#state === "done";
  }

  #block(chunk: Buffer, at: number): number {
    const whole = this.#filled === 0 && chunk.length - at >= BLOCK;
    if (whole) {
      this.#take(chunk.subarray(at, at + BLOCK), at + BLOCK - at);
      return at + BLOCK;
    }
    const taken = chunk.copy(this.#head, this.#filled, at, at + BLOCK - this.#filled);
    this.#filled += taken;
    if (this.#filled === BLOCK) {
      this.#filled = 0;
      this.#take(this.#head, taken);
    }
    return at + taken;
  }

  /** `ahead`: how many bytes of this block `#position` does not include yet. */
  #take(head: Buffer, ahead: number): void {
    if (this.#state === "extension") {
      // Source: the GNU tar manual, struct sparse_header: `isextended` is at byte 504.
      if (head[504] === 0) this.#state = "body";
      return;
    }
    if (head[0] === 0 && isZero(head)) {
      this.#state = "done";
      return;
    }
    checkHeader(head);
    if (++this.#entries > LIMITS.entries)
      throw limitExceeded(`holds more than ${LIMITS.entries.toLocaleString("en")} entries`);
    const flag = String.fromCharCode(head[156] as number);
    const size = numberAt(head, 124, 12, "size");
    if (SPECIAL.has(flag)) this.#beginSpecial(flag, size);
    else this.#begin(head, flag, size, this.#position + ahead);
  }

  #beginSpecial(flag: string, size: number): void {
    if (size > LIMITS.special)
      throw limitExceeded(`has a header of ${size.toLocaleString("en")} bytes: at most 1 MiB is read`);
    this.#special = { flag, parts: [] };
    this.#expect(size);
    this.#state = "special";
    if (size === 0) this.#endSpecial();
  }

  #expect(size: number): void {
    this.#left = size;
    this.#padding = (BLOCK - (size % BLOCK)) % BLOCK;
  }

  #begin(head: Buffer, flag: string, inHeader: number, offset: number): void {
    const pax = this.#pax;
    const path = pax.get("GNU.sparse.name") ?? pax.get("path") ?? this.#longName ?? pathIn(head);
    const target = pax.get("linkpath") ?? this.#longTarget ?? textAt(head, 157, 100);
    const sparse = flag === "S" || pax.has("GNU.sparse.major") || pax.has("GNU.sparse.map");
    const given = pax.get("size");
    if (given !== undefined && !/^\d{1,15}$/.test(given)) throw damagedArchive("has a file of impossible size");
    const kind = flag === "\0" && path.endsWith("/") ? "folder" : (KINDS[flag] ?? "other");
    // Links, folders and devices have no data, whatever their header says. Source: Go's archive/tar, isHeaderOnly.
    const size = /[1-6]/.test(flag) || kind === "folder" ? 0 : given === undefined ? inHeader : Number(given);
    this.#pax = new Map();
    this.#longName = this.#longTarget = null;
    this.#expect(size);
    this.#state = flag === "S" && head[482] !== 0 ? "extension" : "body";
    this.#wanted = this.#sink.entry({ path, kind, size, target, sparse, offset });
    if (size === 0 && this.#state === "body") this.#over();
  }

  #body(chunk: Buffer, at: number): number {
    if (this.#left > 0) {
      const piece = chunk.subarray(at, Math.min(chunk.length, at + this.#left));
      this.#left -= piece.length;
      if (this.#state === "special") this.#special.parts.push(Buffer.from(piece));
      else if (this.#wanted) this.#sink.data(piece);
      at += piece.length;
    }
    const filler = Math.min(this.#padding, chunk.length - at);
    if (this.#left === 0) {
      this.#padding -= filler;
      at += filler;
      if (this.#state === "special" && this.#padding === 0) this.#endSpecial();
    }
    return at;
  }

  #endSpecial(): void {
    const { flag, parts } = this.#special;
    const bytes = Buffer.concat(parts);
    this.#special = { flag: "", parts: [] };
    this.#state = "header";
    if (flag === "x") this.#pax = paxRecords(bytes);
    else if (flag === "L") this.#longName = textAt(bytes, 0, bytes.length);
    else if (flag === "K") this.#longTarget = textAt(bytes, 0, bytes.length);
  }

  #over(): void {
    this.#state = "header";
    if (this.#wanted) this.#sink.end();
    this.#wanted = false;
  }
}

/** The path that a header has itself, in the form of POSIX's ustar or an older one. */
function pathIn(head: Buffer): string {
  const prefix = head.toString("latin1", 257, 263) === "ustar\0" ? textAt(head, 345, 155) : "";
  const plain = textAt(head, 0, 100);
  return prefix === "" ? plain : `${prefix}/${plain}`;
}
