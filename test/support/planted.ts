import { formsOf } from "./forms.ts";
import { Needles } from "./needles.ts";

/** Shorter than this, a value would turn up by chance. */
const SHORTEST = 7;
/** Of a longer value, its beginning, middle and end stand for all of it. */
const PIECE = 32;

type Label = { readonly name: string; readonly form: string; readonly part: string };

const needles = new Needles<Label>();

/**
 * Notes a secret that a test made: from now on no command of this worker may print it (see `world.ts`). `parts` are what
 * is secret of it, where that is less than the whole.
 */
export function plant(name: string, value: string, parts: readonly string[] = [value]): void {
  for (const part of parts.filter(({ length }) => length >= SHORTEST)) {
    for (const piece of piecesOf(part))
      for (const [form, text] of formsOf(piece)) if (text.length >= SHORTEST) needles.add(text, { name, form, part });
  }
}

/** The planted secrets that a text shows, as `NAME (form)` and never the value, but for those that it may show. */
export function plantedIn(text: string, mayShow: readonly string[] = []): string[] {
  const found = new Set<string>();
  for (const { label } of needles.find(text)) {
    if (mayShow.some((value) => value.includes(label.part) || label.part.includes(value))) continue;
    found.add(`${label.name} (${label.form})`);
  }
  return [...found];
}

function piecesOf(part: string): readonly string[] {
  if (part.length <= 2 * PIECE) return [part];
  const middle = Math.floor((part.length - PIECE) / 2);
  return [part.slice(0, PIECE), part.slice(middle, middle + PIECE), part.slice(-PIECE)].filter(wellFormed);
}

/** A piece that begins or ends within a surrogate pair cannot be encoded. */
function wellFormed(piece: string): boolean {
  return piece.isWellFormed();
}
