import { isAscii, isUtf8 } from "node:buffer";
import { StringDecoder } from "node:string_decoder";
import { DocumentSplitter, malformedError, MAX_DOCUMENT, type JsonStreamFault } from "./json-stream.ts";

/** A piece of the stream: documents that were parsed one by one, or the bytes of many unparsed ones. */
export type Piece =
  | { readonly kind: "documents"; readonly read: Documents }
  | { readonly kind: "batch"; readonly batch: Batch }
  /** Whether the batch is the last and only one: there was only white space. */
  | { readonly kind: "empty" };

/** The documents read so far and what ended the reading, reported once: the rest of the input is skipped. */
export type Documents = { readonly documents: readonly unknown[]; readonly broken: JsonStreamFault | null };

/** Many elements of one array, in UTF-8. */
export type Batch = {
  /**
   * These bytes begin with the comma that separates them from the previous batch, unless they are the first of their
   * array.
   */
  readonly bytes: Buffer;
  readonly first: boolean;
  /** False if `parseBatch` is known to fail on the bytes. */
  readonly whole: boolean;
  /**
   * Parses the same documents slowly, for bytes that `parseBatch` cannot parse. From then on, every batch that was
   * handed out must be parsed this way, in order, before the next piece is requested. Throws as `jsonPieces` does.
   */
  readonly slowly: () => Documents;
};

/** The documents of a batch; null if its bytes are not whole objects. */
export function parseBatch({ buffer, byteOffset, length }: Uint8Array, first: boolean): object[] | null {
  const whole = Buffer.from(buffer, byteOffset, length);
  const text = whole.toString(isAscii(whole) ? "latin1" : "utf8");
  let all: unknown[];
  try {
    all = JSON.parse(`[${first ? "" : "0"}${text}]`) as unknown[];
  } catch {
    return null;
  }
  if (!first) all.shift();
  return all.every((one) => typeof one === "object" && one !== null && !Array.isArray(one)) ? (all as object[]) : null;
}

/**
 * `[`, then an element that begins on its line; after another array, the end of that array comes first. These patterns
 * match bytes, in which a byte order mark is three.
 */
const HEAD = /^(?:\xef\xbb\xbf)?[ \t\r\n]{0,64}\[(\r?\n)([ \t]{0,64})\{\r?\n/;
const NEXT_HEAD = /^[ \t\r\n]{0,64}\](?:[ \t\r\n]|\xef\xbb\xbf){0,64}\[(\r?\n)([ \t]{0,64})\{\r?\n/;
const LONGEST_HEAD = 500;
const AFTER_ELEMENT = /^[ \t\r\n]{0,64}([^ \t\r\n])/;
const BLANK = /^[ \t\r\n\xef\xbb\xbf]*$/;
/** Longer than the end of any element. */
const OVERLAP = 128;

/**
 * The documents of a stream, as `DocumentSplitter` separates them. Arrays laid out as `docker inspect` prints them
 * (each element's last bracket under its first) are cut at such brackets without looking at what is between them, so
 * that other threads can do the parsing, which takes most of the time; whatever parses is proven to be whole. From the
 * first other layout on, the rest is returned as `documents`. Broken input is reported with the documents before it; if
 * there are none, `malformedError` is thrown, with the position and never with the text.
 */
export async function* jsonPieces(bytes: AsyncIterable<Buffer | string>): AsyncGenerator<Piece> {
  const cuts = new BatchSplitter();
  for await (const chunk of bytes) {
    yield* cuts.feed(typeof chunk === "string" ? Buffer.from(chunk) : chunk, false);
    if (cuts.broken) return;
  }
  yield* cuts.feed(NONE, true);
}

const NONE: Buffer = Buffer.alloc(0);

/** Cuts the bytes into pieces. If a batch has to be parsed slowly, it stands for all bytes since the previous batch. */
class BatchSplitter {
  readonly #cutter = new DocumentSplitter();
  /** The bytes that are parsed slowly. */
  readonly #decoder = new StringDecoder("utf8");
  /** What has not been handed out yet, its size, and the input character at which it begins. */
  #held: Buffer[] = [];
  #size = 0;
  #start = 0;
  /** Where the rest begins: before an array, after an element, or at the next cut. */
  #place: "before" | "behind" | "at" | "elsewhere" = "before";
  /** What the elements of this array end with, and what the last one ends with. */
  #close = NONE;
  #lastClose = NONE;
  /** Where the elements begin in the rest, and whether the first element of the array is among them. */
  #from = 0;
  #first = true;
  /** The end of the part in which `#close` was searched and not found. */
  #searched = NONE;
  #careful = false;
  #some = false;
  #ended = false;
  #blank = true;

  get broken(): boolean {
    return this.#cutter.broken !== null;
  }

  *feed(chunk: Buffer, end: boolean): Generator<Piece> {
    this.#blank &&= BLANK.test(chunk.toString("latin1"));
    this.#held.push(chunk);
    this.#size += chunk.length;
    for (let fresh = chunk; !this.#careful; fresh = this.#rest()) {
      const batch = this.#batch(fresh, end);
      if (batch === null) break;
      yield { kind: "batch", batch };
    }
    if (this.#careful && !this.#ended && !this.broken && (end || this.#size > 0)) {
      const { rest, start } = this.#take(this.#size);
      yield { kind: "documents", read: this.#slowly(rest, start, end) };
    }
    if (end && this.#blank) yield { kind: "empty" };
  }

  /** What has not been handed out yet, in one piece. */
  #rest(): Buffer {
    if (this.#held.length > 1) this.#held = [Buffer.concat(this.#held)];
    return this.#held[0] ?? NONE;
  }

  /** The next batch; null if more input is needed or no further cut is possible. `fresh` has not been searched yet. */
  #batch(fresh: Buffer, end: boolean): Batch | null {
    if (this.#place === "behind") {
      const next = AFTER_ELEMENT.exec(this.#head())?.[1];
      if (next === undefined && !end && this.#size <= 64) return null;
      if (next === ",") this.#place = "at";
      else if (next !== "]") return this.#elsewhere(end);
    }
    if (this.#place === "before" || this.#place === "behind") {
      if (this.#size < LONGEST_HEAD && !end) return null;
      const head = (this.#place === "before" ? HEAD : NEXT_HEAD).exec(this.#head());
      if (head === null) return this.#elsewhere(end);
      this.#place = "at";
      const close = `\n${head[2] ?? ""}}`;
      this.#close = Buffer.from(close);
      this.#lastClose = Buffer.from(`${close}${head[1] ?? ""}]`);
      [this.#from, this.#first] = [head[0].lastIndexOf("[") + 1, true];
      fresh = this.#rest();
    }
    return this.#place === "at" ? this.#cut(fresh, end) : null;
  }

  #head(): string {
    return this.#rest().toString("latin1", 0, LONGEST_HEAD);
  }

  #cut(fresh: Buffer, end: boolean): Batch | null {
    // The two are searched separately: joining them would copy them.
    const seam = Buffer.concat([this.#searched, fresh.subarray(0, OVERLAP)]);
    if (!fresh.includes(this.#close) && !seam.includes(this.#close)) {
      this.#searched = (fresh.length < OVERLAP ? seam : fresh).subarray(-OVERLAP);
      return end || this.#size > MAX_DOCUMENT ? this.#elsewhere(end) : null;
    }
    const whole = this.#rest();
    const last = endOfArray(whole, this.#lastClose, Math.max(0, whole.length - fresh.length - this.#searched.length));
    const cut = (last < 0 ? whole.lastIndexOf(this.#close) : last) + this.#close.length;
    const [from, first] = [this.#from, this.#first];
    const { rest, start } = this.#take(cut);
    this.#place = "behind";
    return { bytes: rest.subarray(from), first, whole: true, slowly: () => this.#slowly(rest, start, false) };
  }

  /** All that is left, which has another layout. Parsed immediately if nothing was handed out before. */
  #elsewhere(end: boolean): Batch | null {
    this.#place = "elsewhere";
    this.#careful = this.#start === 0;
    if (this.#careful) return null;
    const first = this.#first;
    const { rest, start } = this.#take(this.#size);
    return { bytes: rest, first, whole: false, slowly: () => this.#slowly(rest, start, end) };
  }

  #take(length: number): { readonly rest: Buffer; readonly start: number } {
    const whole = this.#rest();
    const taken = { rest: whole.subarray(0, length), start: this.#start };
    this.#held = [whole.subarray(length)];
    this.#size -= length;
    this.#start += characters(taken.rest);
    [this.#from, this.#first, this.#searched] = [0, false, NONE];
    return taken;
  }

  #slowly(bytes: Buffer, start: number, end: boolean): Documents {
    if (this.broken) return { documents: [], broken: null };
    if (!this.#careful && start > 0) {
      // All earlier batches were whole, and the text continues after an element.
      this.#cutter.resume(start);
      this.#some = true;
    }
    this.#careful = true;
    const text = this.#decoder.write(bytes);
    const documents = [...this.#cutter.feed(end ? text + this.#decoder.end() : text)];
    if (end) this.#cutter.end();
    this.#ended = end;
    this.#some ||= documents.length > 0;
    const { broken } = this.#cutter;
    if (broken !== null && !this.#some) throw malformedError(broken);
    return { documents, broken };
  }
}

/** The number of UTF-16 units of these bytes as text. For mostly ASCII bytes, counting is much faster than decoding. */
function characters(bytes: Buffer): number {
  return isAscii(bytes) ? bytes.length : isUtf8(bytes) ? units(bytes) : bytes.toString("utf8").length;
}

/** Each character has one first byte; a character of four bytes has two units. */
function units(bytes: Buffer): number {
  if (isAscii(bytes)) return bytes.length;
  const half = bytes.length >> 1;
  if (half > 128) return units(bytes.subarray(0, half)) + units(bytes.subarray(half));
  return bytes.reduce((sum, byte) => sum + (byte < 0x80 || byte >= 0xc0 ? 1 : 0) + (byte >= 0xf0 ? 1 : 0), 0);
}

/**
 * The position of `close`, which ends with a bracket at the start of a line; there are few of those. Most pieces have
 * none, which is found out several times faster by searching from the end.
 */
function endOfArray(bytes: Buffer, close: Buffer, from: number): number {
  if (bytes.lastIndexOf("\n]") < from) return -1;
  for (let at = bytes.indexOf("\n]", from); at >= 0; at = bytes.indexOf("\n]", at + 1)) {
    const begin = Math.max(0, at + 2 - close.length);
    if (bytes.subarray(begin, at + 2).equals(close)) return begin;
  }
  return -1;
}
