import { StringDecoder } from "node:string_decoder";
import { Cutter, MAX_DOCUMENT } from "./json-stream.ts";

/** A piece of the stream: documents that were read one by one, or the text of many that is still to be parsed. */
export type Piece =
  | { readonly kind: "documents"; readonly documents: readonly unknown[] }
  | { readonly kind: "batch"; readonly batch: Batch };

/** Many elements of the top-level array, in their text. */
export type Batch = {
  /** Begins with the comma that parts it from the batch before, unless it is the first. */
  readonly text: string;
  readonly first: boolean;
  /**
   * The same documents read with care, for a text that `parseBatch` can make nothing of. From then on every batch that
   * was handed out has to be read by this, in order. Throws `malformed` as `Cutter` does.
   */
  readonly slowly: () => unknown[];
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

/** `[`, then an element that begins on a line of its own. */
const HEAD = /^\ufeff?[ \t\r\n]{0,64}\[\r?\n([ \t]{0,64})\{\r?\n/;
const LONGEST_HEAD = 200;

/**
 * The documents of a stream as `Cutter` tells them apart. Input laid out as `docker inspect` prints it (an array, each element's
 * last bracket under its first) is cut at such brackets without a look at what lies between, so that the parsing,
 * which is what takes the time, can be done elsewhere; what parses is proven to be whole. Any other layout comes as
 * `documents`.
 */
export async function* jsonPieces(bytes: AsyncIterable<Buffer | string>): AsyncGenerator<Piece> {
  const cutter = new Cutter();
  let careful = false;
  /** What an element ends in; null until the first one has shown it. */
  const layout: { close: string | null } = { close: null };
  let consumed = 0;
  let begun = false;
  let rest = "";
  const take = (length: number): string => {
    const piece = rest.slice(0, length);
    rest = rest.slice(length);
    consumed += length;
    return piece;
  };
  const slowly = (text: string, start: number, first: boolean): unknown[] => {
    if (!careful) cutter.resume(start, first);
    careful = true;
    return [...cutter.feed(text)];
  };
  const next = (end: boolean): Piece | null => {
    if (rest === "") return null;
    if (careful) return { kind: "documents", documents: [...cutter.feed(take(rest.length))] };
    if (layout.close === null) {
      const head = HEAD.exec(rest);
      if (head === null && rest.length < LONGEST_HEAD && !end) return null;
      careful = head === null;
      if (head === null) return next(end);
      take(rest.indexOf("[") + 1);
      layout.close = `\n${head[1] ?? ""}}`;
    }
    const { close } = layout;
    const cut = rest.lastIndexOf(close);
    const start = consumed;
    const first = !begun;
    if (cut < 0 || end) {
      if (!end && rest.length <= MAX_DOCUMENT) return null;
      return { kind: "documents", documents: slowly(take(rest.length), start, first) };
    }
    begun = true;
    const text = take(cut + close.length);
    return { kind: "batch", batch: { text, first, slowly: () => slowly(text, start, first) } };
  };
  const decoder = new StringDecoder("utf8");
  for await (const chunk of bytes) {
    const text = typeof chunk === "string" ? chunk : decoder.write(chunk);
    // The usual way: the last bracket is in this chunk, and what came before is looked at no more.
    const { close } = layout;
    const cut = close === null || careful ? -1 : text.lastIndexOf(close);
    if (close !== null && cut >= 0) {
      const end = cut + close.length;
      const whole = rest + text.slice(0, end);
      const [start, first] = [consumed, !begun];
      rest = text.slice(end);
      consumed += whole.length;
      begun = true;
      yield { kind: "batch", batch: { text: whole, first, slowly: () => slowly(whole, start, first) } };
      continue;
    }
    rest += text;
    const piece = next(false);
    if (piece !== null) yield piece;
  }
  rest += decoder.end();
  const last = next(true);
  if (last !== null) yield last;
  if (!careful && begun) cutter.resume(consumed, false);
  cutter.end();
}
