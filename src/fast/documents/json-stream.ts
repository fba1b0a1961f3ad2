import { UnsprawlError } from "../../model/error.ts";

export const MAX_DOCUMENT = 64 * 1024 * 1024;

/** What ended the reading of a stream, and the input character at which it is. Never quotes the text. */
export type JsonStreamFault = { readonly what: string; readonly at: number };

/**
 * Finds where the documents of a stream begin and end: objects and elements of arrays, one after the other in any order
 * (with or without line ends); JSON.parse parses what is between. Memory holds one document; a document of more than 64
 * Mi characters is refused. Anything that is not JSON, or ends early, is reported in `broken`, and nothing after it is
 * read.
 */
export class DocumentSplitter {
  broken: JsonStreamFault | null = null;
  #held: string[] = [];
  #size = 0;
  #depth = 0;
  #inString = false;
  #escaped = false;
  #inArray = false;
  /** What came last in the array: elements and commas alternate. */
  #last: "nothing" | "value" | "comma" = "nothing";
  #position = 0;
  /** Where the current document begins. */
  #began = 0;
  /** Set to false by the first wrong guess. */
  #guess = true;

  *feed(text: string): Generator {
    if (this.broken !== null) return;
    let start = this.#depth > 0 ? 0 : -1;
    // Local variables: fields are slow in a loop over every character.
    let [depth, inString, escaped] = [this.#depth, this.#inString, this.#escaped];
    const length = text.length;
    for (let at = 0; at < length; at++) {
      const code = text.charCodeAt(at);
      if (inString) {
        if (escaped) escaped = false;
        else if (code === 92) escaped = true;
        else if (code === 34) inString = false;
      } else if (depth === 0 && code !== 123) {
        if (!this.#between(code)) return this.#breaks("is not JSON", at);
      } else if (depth === 0) {
        if (this.#inArray && this.#last === "value") return this.#breaks("is not JSON", at);
        const guessed = this.#guessed(text, at);
        if (guessed === null) {
          start = at;
          this.#began = this.#position + at;
          depth = 1;
        } else {
          yield guessed.document;
          at = guessed.end - 1;
        }
      } else if (code === 34) inString = true;
      else if (code === 123 || code === 91) depth++;
      else if ((code === 125 || code === 93) && --depth === 0) {
        if (!this.#hold(text.slice(start, at + 1))) return;
        const document = this.#parse();
        if (document === undefined) return this.#breaks("is not JSON", at);
        yield document;
        start = -1;
      }
    }
    [this.#depth, this.#inString, this.#escaped] = [depth, inString, escaped];
    if (start >= 0) this.#hold(text.slice(start));
    this.#position += length;
  }

  /** Continues at this character of the input, which is after an array's element. */
  resume(position: number): void {
    this.#position = position;
    this.#inArray = true;
    this.#last = "value";
  }

  end(): void {
    if (this.broken === null && (this.#depth > 0 || this.#inArray)) this.#breaks("ends midway", 0);
  }

  /** The document that begins at `at` if it is on one line, with its end; null if it may not be. */
  #guessed(text: string, at: number): { readonly document: unknown; readonly end: number } | null {
    const end = this.#guessedEnd(text, at);
    const document = end > 0 ? parsed(text.slice(at, end)) : undefined;
    if (document === undefined) {
      if (end > 0) this.#guess = false;
      return null;
    }
    this.#last = "value";
    return { document, end };
  }

  /**
   * The end of the document that begins at `at` if it is on one line; 0 if this chunk has no such end. An object ends
   * in one place only, so a piece that parses is the document: much faster than looking at every character.
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

  /** False for a character that is not allowed between documents. */
  #between(code: number): boolean {
    if (code === 32 || code === 9 || code === 10 || code === 13 || code === 0xfeff) return true;
    if (code === 91 && !this.#inArray) [this.#inArray, this.#last] = [true, "nothing"];
    else if (code === 93 && this.#inArray && this.#last !== "comma") this.#inArray = false;
    else if (code === 44 && this.#inArray && this.#last === "value") this.#last = "comma";
    else return false;
    return true;
  }

  /** False if the document has become too large. */
  #hold(text: string): boolean {
    this.#held.push(text);
    this.#size += text.length;
    if (this.#size <= MAX_DOCUMENT) return true;
    this.#breaks("has a document of more than 64 Mi characters, which begins here", this.#began - this.#position);
    return false;
  }

  #parse(): unknown {
    this.#last = "value";
    const whole = this.#held.join("");
    this.#held = [];
    this.#size = 0;
    return parsed(whole);
  }

  #breaks(what: string, at: number): void {
    this.broken = { what, at: this.#position + at };
    this.#held = [];
  }
}

/** The error for an input of which nothing could be parsed. */
export function malformedError({ what, at }: JsonStreamFault): UnsprawlError {
  return new UnsprawlError("malformed", `the input ${what} (character ${at})`, MALFORMED_HINT);
}

export const MALFORMED_HINT = "docker inspect NAME > FILE writes what is read here";

/** Undefined if it is not JSON: JSON.parse's message would quote the text. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
