/** As many letters or digits in their order come up by chance once in thousands of millions. */
const LETTERS = 8;
const DIGITS = 10;

/**
 * Whether a text counts: its letters or its digits follow one another as in the alphabet, whatever stands between them.
 * `AbC123dEf456GhI789jKl012` and `1234567890abcdef` are keys of manuals.
 */
export function countsUp(text: string): boolean {
  return longestRun(text, 97, 26) >= LETTERS || longestRun(text, 48, 10) >= DIGITS;
}

/** Whether a text does little else. */
export function isSequence(text: string): boolean {
  const bare = text.replace(/[^A-Za-z0-9]/g, "").length;
  if (bare < 8 || bare > 256) return false;
  const steps = stepsOf(text, 97, 26) + stepsOf(text, 48, 10);
  return steps >= bare * 0.8;
}

/** The longest row of characters of one kind, each the one behind the last; others between them do not count. */
function longestRun(text: string, first: number, many: number): number {
  let [run, best, before] = [0, 0, -2];
  for (let at = 0; at < text.length && at < 512; at++) {
    const place = placeOf(text.charCodeAt(at), first, many);
    if (place < 0) continue;
    run = place === (before + 1) % many ? run + 1 : 1;
    if (run > best) best = run;
    before = place;
  }
  return best;
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
