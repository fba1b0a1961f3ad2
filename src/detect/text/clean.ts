import { timesLeftOut } from "../unread.ts";

/** Longer texts hardly come again. */
const LONGEST = 256;
/** Characters of the texts of one kind that are kept twice over at most. */
const MOST = 1 << 20;

/** Texts in which nothing was found, so that each is read once; the latest of them, since memory is bounded. */
export class CleanTexts {
  #recent = new Set<string>();
  #before: ReadonlySet<string> = new Set();
  #size = 0;
  #leftOut = 0;

  has(text: string): boolean {
    this.#leftOut = timesLeftOut();
    return text.length <= LONGEST && (this.#recent.has(text) || this.#before.has(text));
  }

  /** To be called of what `has` was asked about last; a text that was not read whole since may hold anything. */
  add(text: string): void {
    if (text.length > LONGEST || timesLeftOut() !== this.#leftOut) return;
    if (this.#size >= MOST) {
      this.#before = this.#recent;
      this.#recent = new Set();
      this.#size = 0;
    }
    this.#size += text.length;
    this.#recent.add(text);
  }
}

/** What files of images and repositories have in common besides their lines: commands, and names with their values. */
type CleanKind = "command" | "named";

/** By the rules that are off. */
const known = new WeakMap<ReadonlySet<string>, Map<CleanKind, CleanTexts>>();

/** The texts of a kind in which the rules that are not off find nothing, whatever stands around them. */
export function cleanTexts(kind: CleanKind, off: ReadonlySet<string>): CleanTexts {
  let kinds = known.get(off);
  if (kinds === undefined) known.set(off, (kinds = new Map()));
  let texts = kinds.get(kind);
  if (texts === undefined) kinds.set(kind, (texts = new CleanTexts()));
  return texts;
}
