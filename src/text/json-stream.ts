import { UnsprawlError } from "../model/error.ts";

export const MAX_DOCUMENT = 64 * 1024 * 1024;

/**
 * Finds where the documents of a stream begin and end, the elements of a top-level array or objects one after the other
 * (with or without line ends); JSON.parse reads what lies between. Memory holds one document; one of more than 64 Mi
 * characters is refused. Throws `malformed` with the position, never with the text, for what is not JSON or ends midway.
 */
export class Cutter {
  #held: string[] = [];
  #size = 0;
  #depth = 0;
  #inString = false;
  #escaped = false;
  #array: "unknown" | "open" | "closed" | "none" = "unknown";
  /** What came last inside the array: elements and commas take turns. */
  #last: "nothing" | "value" | "comma" = "nothing";
  #position = 0;
  /** Cleared by the first wrong guess. */
  #guess = true;

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
          const end = this.#guessedEnd(text, at);
          const guessed = end > 0 ? parsed(text.slice(at, end)) : undefined;
          if (guessed !== undefined) {
            this.#took();
            yield guessed;
            at = end - 1;
            continue;
          }
          if (end > 0) this.#guess = false;
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

  /** Goes on inside the top-level array, at this character of the input, before its `first` element or behind one. */
  resume(position: number, first: boolean): void {
    this.#position = position;
    this.#array = "open";
    this.#last = first ? "nothing" : "value";
  }

  end(): void {
    if (this.#depth > 0 || this.#array === "open") throw this.#broken("ends midway", 0);
  }

  /**
   * Where the document that begins at `at` ends if it stands on one line; 0 when this chunk has no such place. An object
   * ends in one place only, so a piece that parses is the document: much faster than a look at every character.
   */
  #guessedEnd(text: string, at: number): number {
    if (!this.#guess) return 0;
    for (let end = text.indexOf("\n", at); end > at; end--) {
      const code = text.charCodeAt(end - 1);
      if (code === 125) return end;
      if (code !== 13 && code !== 32 && code !== 44) return 0;
    }
    return 0;
  }

  #took(): void {
    if (this.#array === "unknown") this.#array = "none";
    this.#last = "value";
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
    this.#took();
    const whole = this.#held.join("") + last;
    this.#held = [];
    this.#size = 0;
    const document = parsed(whole);
    if (document === undefined) throw this.#broken("is not JSON", at);
    return document;
  }

  #broken(what: string, at: number): UnsprawlError {
    return new UnsprawlError(
      "malformed",
      `the input ${what} (character ${this.#position + at})`,
      "docker inspect NAME > FILE writes what is read here",
    );
  }
}

/** Undefined when it is no JSON: JSON.parse's own message quotes the text. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
