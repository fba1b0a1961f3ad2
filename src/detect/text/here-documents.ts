import { countBelow } from "../../kit/sorted.ts";
/** `cat > file <<EOF`, `tee file <<EOF`: a file that a script writes, unless it is a script too. */
const WRITES = /^(?=[^\n]{0,400}(?:>|\btee\b))(?![^\n]{0,400}\.(?:ba|z|k)?sh\b)/;
const HERE = /(?<!<)<<-?\s?\\?["']?([A-Za-z_]\w{0,40})["']?/;

/** What ends the here-document that a line opens; null if it opens none: `<<<` is followed by a word, and in `((…))` it shifts. */
export function openedIn(line: string): string | null {
  const match = HERE.exec(line);
  if (match === null) return null;
  const before = line.slice(0, match.index);
  return before.lastIndexOf("((") > before.lastIndexOf("))") ? null : (match[1] as string);
}

/**
 * The lines of a script that are lines of a file which it writes: there a value ends with its line, and what a shell
 * understands has no meaning. Looked for when the first line is asked about.
 */
export class HereDocuments {
  readonly #bytes: Buffer;
  /** Where they begin and end, one behind the other. */
  #places: readonly number[] | null = null;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  holds(at: number): boolean {
    const places = (this.#places ??= placesIn(this.#bytes));
    return countBelow(places, at + 1) % 2 === 1;
  }
}

function placesIn(bytes: Buffer): number[] {
  const places: number[] = [];
  if (!bytes.includes("<<")) return places;
  let last: string | null = null; // what ends the document that is open
  for (let at = 0; at < bytes.length;) {
    const next = bytes.indexOf(10, at);
    const end = next < 0 ? bytes.length : next;
    const line = bytes.toString("latin1", at, Math.min(end, at + 1000));
    if (last !== null && line.trim() === last) {
      places.push(at);
      last = null;
    } else if (last === null && line.includes("<<")) {
      last = WRITES.test(line) ? openedIn(line) : null;
      if (last !== null) places.push(end + 1);
    }
    at = end + 1;
  }
  return places;
}
