import { isAscii, isUtf8 } from "node:buffer";
import { StringDecoder } from "node:string_decoder";
import { DocumentSplitter, malformedError, MAX_DOCUMENT, type JsonStreamFault } from "./json-stream.ts";

/** A piece of the stream: documents that were read one by one, or the bytes of many that are still to be parsed. */
export type Piece =
  | { readonly kind: "documents"; readonly read: Documents }
  | { readonly kind: "batch"; readonly batch: Batch }
  /** The last and only one: there was nothing but white space. */
  | { readonly kind: "empty" };

/** What was read, and what ended the reading, told once: the rest of the input is passed over. */
export type Documents = { readonly documents: readonly unknown[]; readonly broken: JsonStreamFault | null };

/** Many elements of one array, in UTF-8. */
export type Batch = {
  /** Begin with the comma that parts it from the batch before, unless it is the first of its array. */
  readonly bytes: Buffer;
  readonly first: boolean;
  /** False when it is known that `parseBatch` can make nothing of the bytes. */
  readonly whole: boolean;
  /**
   * The same documents read with care, for bytes that `parseBatch` can make nothing of. From then on every batch that
   * was handed out has to be read by this, in order, before the next piece is asked for. Throws as `jsonPieces` does.
   */
  readonly slowly: () => Documents;
};

/** The documents of a batch; null when its bytes are not those of whole objects. */
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
 * `[`, then an element that begins on a line of its own; behind another array, that one's end comes first. These read
 * bytes, in which a byte order mark is three.
 */
const HEAD = /^(?:\xef\xbb\xbf)?[ \t\r\n]{0,64}\[(\r?\n)([ \t]{0,64})\{\r?\n/;
const NEXT_HEAD = /^[ \t\r\n]{0,64}\](?:[ \t\r\n]|\xef\xbb\xbf){0,64}\[(\r?\n)([ \t]{0,64})\{\r?\n/;
const LONGEST_HEAD = 500;
const AFTER_ELEMENT = /^[ \t\r\n]{0,64}([^ \t\r\n])/;
const BLANK = /^[ \t\r\n\xef\xbb\xbf]*$/;
/** Longer than what an element can end in. */
const OVERLAP = 128;

/**
 * The documents of a stream as `DocumentSplitter` tells them apart. Arrays laid out as `docker inspect` prints them (each
 * element's last bracket under its first) are cut at such brackets without a look at what lies between, so that the
 * parsing, which is what takes the time, can be done elsewhere; what parses is proven to be whole. From the first other
 * layout on, the rest comes as `documents`. What is broken is told with the documents before it; when there are none,
 * `malformedError` is thrown, with the position and never with the text.
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

/** Cuts the bytes into pieces. A batch stands for all of them since the one before it, should it be read slowly. */
class BatchSplitter {
  readonly #cutter = new DocumentSplitter();
  /** Of what is read slowly. */
  readonly #decoder = new StringDecoder("utf8");
  /** What has not been handed out, its size, and the character of the input where it begins. */
  #held: Buffer[] = [];
  #size = 0;
  #start = 0;
  /** Where the rest begins: before an array, behind an element, or at what is to be cut off next. */
  #place: "before" | "behind" | "at" | "elsewhere" = "before";
  /** What the elements of this array end in, and what its last one does. */
  #close = NONE;
  #lastClose = NONE;
  /** Where the elements begin in the rest, and whether the first of the array is among them. */
  #from = 0;
  #first = true;
  /** The end of what has been searched for `#close` in vain. */
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

  /** What has not been handed out, in one piece. */
  #rest(): Buffer {
    if (this.#held.length > 1) this.#held = [Buffer.concat(this.#held)];
    return this.#held[0] ?? NONE;
  }

  /** The next batch; null when more is needed, or nothing can be cut any more. `fresh` has not been searched. */
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
    // The two are searched apart: put together they would be copied.
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

  /** All that is left, which is not laid out like that. Read right here if nothing was handed out before. */
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
      // All batches before this one were whole, and the text goes on behind an element.
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

/** How many UTF-16 units these bytes are as text: of a mostly ASCII one found much faster than by making it. */
function characters(bytes: Buffer): number {
  return isAscii(bytes) ? bytes.length : isUtf8(bytes) ? units(bytes) : bytes.toString("utf8").length;
}

/** Each character has one first byte; one of four bytes is two units. */
function units(bytes: Buffer): number {
  if (isAscii(bytes)) return bytes.length;
  const half = bytes.length >> 1;
  if (half > 128) return units(bytes.subarray(0, half)) + units(bytes.subarray(half));
  return bytes.reduce((sum, byte) => sum + (byte < 0x80 || byte >= 0xc0 ? 1 : 0) + (byte >= 0xf0 ? 1 : 0), 0);
}

/**
 * The place of `close`, which ends in a bracket at the start of a line: there are few of those. Most pieces have none,
 * which is found out several times as fast from their end.
 */
function endOfArray(bytes: Buffer, close: Buffer, from: number): number {
  if (bytes.lastIndexOf("\n]") < from) return -1;
  for (let at = bytes.indexOf("\n]", from); at >= 0; at = bytes.indexOf("\n]", at + 1)) {
    const begin = Math.max(0, at + 2 - close.length);
    if (bytes.subarray(begin, at + 2).equals(close)) return begin;
  }
  return -1;
}
