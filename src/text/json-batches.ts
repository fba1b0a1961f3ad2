import { StringDecoder } from "node:string_decoder";
import { Cutter, malformed, MAX_DOCUMENT, type Broken } from "./json-stream.ts";

/** A piece of the stream: documents that were read one by one, or the text of many that is still to be parsed. */
export type Piece =
  | { readonly kind: "documents"; readonly read: Documents }
  | { readonly kind: "batch"; readonly batch: Batch }
  /** The last and only one: there was nothing but white space. */
  | { readonly kind: "empty" };

/** What was read, and what ended the reading, told once: the rest of the input is passed over. */
export type Documents = { readonly documents: readonly unknown[]; readonly broken: Broken | null };

/** Many elements of one array, in their text. */
export type Batch = {
  /** Begins with the comma that parts it from the batch before, unless it is the first of its array. */
  readonly text: string;
  readonly first: boolean;
  /** False when it is known that `parseBatch` can make nothing of the text. */
  readonly whole: boolean;
  /**
   * The same documents read with care, for a text that `parseBatch` can make nothing of. From then on every batch that
   * was handed out has to be read by this, in order, before the next piece is asked for. Throws as `jsonPieces` does.
   */
  readonly slowly: () => Documents;
};

/** The documents of a batch; null when its text is not that of whole objects. */
export function parseBatch(text: string, first: boolean): readonly object[] | null {
  let all: unknown[];
  try {
    all = JSON.parse(`[${first ? "" : "0"}${text}]`) as unknown[];
  } catch {
    return null;
  }
  if (!first) all.shift();
  return all.every((one) => typeof one === "object" && one !== null && !Array.isArray(one)) ? (all as object[]) : null;
}

/** `[`, then an element that begins on a line of its own; behind another array, that one's end comes first. */
const HEAD = /^\ufeff?[ \t\r\n]{0,64}\[(\r?\n)([ \t]{0,64})\{\r?\n/;
const NEXT_HEAD = /^[ \t\r\n]{0,64}\][ \t\r\n\ufeff]{0,64}\[(\r?\n)([ \t]{0,64})\{\r?\n/;
const LONGEST_HEAD = 300;
const AFTER_ELEMENT = /^[ \t\r\n]{0,64}([^ \t\r\n])/;
/** Longer than what an element can end in. */
const OVERLAP = 128;

/**
 * The documents of a stream as `Cutter` tells them apart. Arrays laid out as `docker inspect` prints them (each
 * element's last bracket under its first) are cut at such brackets without a look at what lies between, so that the
 * parsing, which is what takes the time, can be done elsewhere; what parses is proven to be whole. From the first other
 * layout on, the rest comes as `documents`. What is broken is told with the documents before it; when there are none,
 * `malformed` is thrown, with the position and never with the text.
 */
export async function* jsonPieces(bytes: AsyncIterable<Buffer | string>): AsyncGenerator<Piece> {
  const cuts = new Cuts();
  const decoder = new StringDecoder("utf8");
  for await (const chunk of bytes) {
    yield* cuts.feed(typeof chunk === "string" ? chunk : decoder.write(chunk), false);
    if (cuts.broken) return;
  }
  yield* cuts.feed(decoder.end(), true);
}

/** Cuts the text into pieces. A batch stands for all of the text since the one before it, should it be read slowly. */
class Cuts {
  readonly #cutter = new Cutter();
  /** What has not been handed out, and the character of the input where it begins. */
  #rest = "";
  #start = 0;
  /** Where the rest begins: before an array, behind an element, or at what is to be cut off next. */
  #place: "before" | "behind" | "at" | "elsewhere" = "before";
  /** What the elements of this array end in, and what its last one does. */
  #close = "";
  #lastClose = "";
  /** Where the elements begin in the rest, and whether the first of the array is among them. */
  #from = 0;
  #first = true;
  /** The end of the text that has been searched for `#close` in vain. */
  #searched = "";
  #careful = false;
  #some = false;
  #ended = false;
  #blank = true;

  get broken(): boolean {
    return this.#cutter.broken !== null;
  }

  *feed(text: string, end: boolean): Generator<Piece> {
    this.#blank &&= text.trim() === "";
    this.#rest += text;
    for (let fresh = text; !this.#careful; fresh = this.#rest) {
      const batch = this.#batch(fresh, end);
      if (batch === null) break;
      yield { kind: "batch", batch };
    }
    if (this.#careful && !this.#ended && !this.broken && (end || this.#rest !== "")) {
      const { rest, start } = this.#take(this.#rest.length);
      yield { kind: "documents", read: this.#slowly(rest, start, end) };
    }
    if (end && this.#blank) yield { kind: "empty" };
  }

  /** The next batch; null when more text is needed, or nothing can be cut any more. `fresh` has not been searched. */
  #batch(fresh: string, end: boolean): Batch | null {
    if (this.#place === "behind") {
      const next = AFTER_ELEMENT.exec(this.#rest)?.[1];
      if (next === undefined && !end && this.#rest.length <= 64) return null;
      if (next === ",") this.#place = "at";
      else if (next !== "]") return this.#elsewhere(end);
    }
    if (this.#place === "before" || this.#place === "behind") {
      if (this.#rest.length < LONGEST_HEAD && !end) return null;
      const head = (this.#place === "before" ? HEAD : NEXT_HEAD).exec(this.#rest);
      if (head === null) return this.#elsewhere(end);
      this.#place = "at";
      this.#close = `\n${head[2] ?? ""}}`;
      this.#lastClose = `${this.#close}${head[1] ?? ""}]`;
      [this.#from, this.#first] = [head[0].lastIndexOf("[") + 1, true];
      fresh = this.#rest;
    }
    return this.#place === "at" ? this.#cut(fresh, end) : null;
  }

  #cut(fresh: string, end: boolean): Batch | null {
    // The two are searched apart: put together they would be copied.
    const seam = this.#searched + fresh.slice(0, OVERLAP);
    if (!fresh.includes(this.#close) && !seam.includes(this.#close)) {
      this.#searched = (fresh.length < OVERLAP ? seam : fresh).slice(-OVERLAP);
      return end || this.#rest.length > MAX_DOCUMENT ? this.#elsewhere(end) : null;
    }
    const last = endOfArray(
      this.#rest,
      this.#lastClose,
      Math.max(0, this.#rest.length - fresh.length - this.#searched.length),
    );
    const cut = (last < 0 ? this.#rest.lastIndexOf(this.#close) : last) + this.#close.length;
    const [from, first] = [this.#from, this.#first];
    const { rest, start } = this.#take(cut);
    this.#place = "behind";
    return { text: rest.slice(from), first, whole: true, slowly: () => this.#slowly(rest, start, false) };
  }

  /** All that is left, which is not laid out like that. Read right here if nothing was handed out before. */
  #elsewhere(end: boolean): Batch | null {
    this.#place = "elsewhere";
    this.#careful = this.#start === 0;
    if (this.#careful) return null;
    const first = this.#first;
    const { rest, start } = this.#take(this.#rest.length);
    return { text: rest, first, whole: false, slowly: () => this.#slowly(rest, start, end) };
  }

  #take(length: number): { readonly rest: string; readonly start: number } {
    const taken = { rest: this.#rest.slice(0, length), start: this.#start };
    this.#rest = this.#rest.slice(length);
    this.#start += length;
    [this.#from, this.#first, this.#searched] = [0, false, ""];
    return taken;
  }

  #slowly(text: string, start: number, end: boolean): Documents {
    if (this.broken) return { documents: [], broken: null };
    if (!this.#careful && start > 0) {
      // All batches before this one were whole, and the text goes on behind an element.
      this.#cutter.resume(start);
      this.#some = true;
    }
    this.#careful = true;
    const documents = [...this.#cutter.feed(text)];
    if (end) this.#cutter.end();
    this.#ended = end;
    this.#some ||= documents.length > 0;
    const { broken } = this.#cutter;
    if (broken !== null && !this.#some) throw malformed(broken);
    return { documents, broken };
  }
}

/** The place of `close`, which ends in a bracket at the start of a line: there are few of those. */
function endOfArray(text: string, close: string, from: number): number {
  for (let at = text.indexOf("\n]", from); at >= 0; at = text.indexOf("\n]", at + 1))
    if (text.startsWith(close, at + 2 - close.length)) return at + 2 - close.length;
  return -1;
}
