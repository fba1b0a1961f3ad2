/** A part of a text: as it stands there, and the reference in it; null if it has none. */
export type ExpressionPiece = { readonly text: string; readonly reference: string | null };

/**
 * An expression of vals (helmfile/vals, "Expression Syntax"): a reference up to a space, or to a `+` that ends it, so that
 * text can follow: `postgres://app:ref+vault://secret/db#/password+@db/app`. `secretref+` is another word for it.
 */
const EXPRESSION = /(?:secret)?(ref\+[a-z0-9]{2,40}:\/\/[^\s+]{0,2000}[^\s+",])\+?/g;

/** A text as its pieces. A text that is one reference, with whatever is in it, is one piece. */
export function expressionsIn(text: string): readonly ExpressionPiece[] {
  const found = text.includes("ref+") ? [...text.matchAll(EXPRESSION)] : [];
  const [first] = found;
  if (first === undefined || (text.startsWith("ref+") && found.length === 1 && !first[0].endsWith("+")))
    return [{ text, reference: text.startsWith("ref+") ? text : null }];
  const pieces: ExpressionPiece[] = [];
  let end = 0;
  for (const { index, 0: whole, 1: reference = "" } of found) {
    if (index > end) pieces.push({ text: text.slice(end, index), reference: null });
    pieces.push({ text: whole, reference });
    end = index + whole.length;
  }
  if (end < text.length) pieces.push({ text: text.slice(end), reference: null });
  return pieces;
}
