import { StringDecoder } from "node:string_decoder";
import { UnsprawlError } from "../model/error.ts";

const MAX_DOCUMENT = 64 * 1024 * 1024;

/**
 * The JSON documents of a stream, one at a time: the elements of a top-level array, or objects one after the other
 * (with or without line ends). Memory holds one document; one of more than 64 Mi characters is refused.
 * Throws `malformed` with the position, never with the text, when the input is not JSON or ends midway.
 */
export async function* jsonDocuments(bytes: AsyncIterable<Buffer | string>): AsyncGenerator {
  const decoder = new StringDecoder("utf8");
  const cut = new Cutter();
  for await (const chunk of bytes) yield* cut.feed(typeof chunk === "string" ? chunk : decoder.write(chunk));
  yield* cut.feed(decoder.end());
  cut.end();
}

/** Finds where top-level objects begin and end; JSON.parse reads what lies between. */
class Cutter {
  #held: string[] = [];
  #size = 0;
  #depth = 0;
  #inString = false;
  #escaped = false;
  #array: "unknown" | "open" | "closed" | "none" = "unknown";
  /** What came last inside the array: elements and commas take turns. */
  #last: "nothing" | "value" | "comma" = "nothing";
  #position = 0;

  *feed(text: string): Generator {
    let start = this.#depth > 0 ? 0 : -1;
    // Fields are slow in a loop over every character.
    let [depth, inString, escaped] = [this.#depth, this.#inString, this.#escaped];
    const length = text.length;
    for (let at = 0; at < length; at++) {
      const code = text.charCodeAt(at);
      if (inString) {
        if (escaped) escaped = false;
        else if (code === 92) escaped = true;
        else if (code === 34) inString = false;
      } else if (depth === 0) {
        if (code === 123) {
          if (this.#array === "closed" || (this.#array === "open" && this.#last === "value"))
            throw this.#broken("is not JSON", at);
          start = at;
          depth = 1;
        } else this.#between(code, at);
      } else if (code === 34) inString = true;
      else if (code === 123 || code === 91) depth++;
      else if ((code === 125 || code === 93) && --depth === 0) {
        yield this.#parse(text.slice(start, at + 1), at);
        start = -1;
      }
    }
    [this.#depth, this.#inString, this.#escaped] = [depth, inString, escaped];
    if (start >= 0) this.#hold(text.slice(start));
    this.#position += length;
  }

  end(): void {
    if (this.#depth > 0 || this.#array === "open") throw this.#broken("ends midway", 0);
  }

  #between(code: number, at: number): void {
    if (code === 32 || code === 9 || code === 10 || code === 13 || code === 0xfeff) return;
    if (code === 44 && this.#array === "open" && this.#last === "value") this.#last = "comma";
    else if (code === 91 && this.#array === "unknown") this.#array = "open";
    else if (code === 93 && this.#array === "open" && this.#last !== "comma") this.#array = "closed";
    else throw this.#broken("is not JSON", at);
  }

  #hold(text: string): void {
    this.#held.push(text);
    this.#size += text.length;
    if (this.#size > MAX_DOCUMENT) throw this.#broken("has a document that is too large", 0);
  }

  #parse(last: string, at: number): unknown {
    if (this.#array === "unknown") this.#array = "none";
    this.#last = "value";
    const whole = this.#held.join("") + last;
    this.#held = [];
    this.#size = 0;
    try {
      return JSON.parse(whole) as unknown;
    } catch {
      // JSON.parse's own message quotes the text.
      throw this.#broken("is not JSON", at);
    }
  }

  #broken(what: string, at: number): UnsprawlError {
    return new UnsprawlError(
      "malformed",
      `the input ${what} (character ${this.#position + at})`,
      "docker inspect NAME > FILE writes what is read here",
    );
  }
}
