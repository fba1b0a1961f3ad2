/**
 * Whether a text does little but count: its letters and its digits each follow the one before, whatever stands between
 * them, or holds the whole alphabet. `AbC123dEf456GhI789` and `1234567890abcdef` are keys of manuals, or somebody's who
 * did not care.
 */
export function isSequence(text: string): boolean {
  const bare = text.replace(/[^A-Za-z0-9]/g, "").length;
  if (bare < 8 || bare > 256) return false;
  if (/abcdefghijklmnopqrstuvwxyz/i.test(text)) return true;
  return stepsOf(text, 97, 26) + stepsOf(text, 48, 10) >= bare * 0.65;
}

/** How many characters of one kind follow the one before; `abcdef0123` begins again behind `f`. */
function stepsOf(text: string, first: number, many: number): number {
  let [steps, before] = [0, -1];
  for (let at = 0; at < text.length && at < 512; at++) {
    const place = placeOf(text.charCodeAt(at), first, many);
    if (place < 0) continue;
    if (place === before + 1 || (place === 0 && before > 1)) steps++;
    before = place;
  }
  return steps;
}

/** The place of a letter whatever its case, or of a digit; -1 for all else. */
function placeOf(code: number, first: number, many: number): number {
  const place = (first === 97 ? code | 32 : code) - first;
  return place >= 0 && place < many ? place : -1;
}
