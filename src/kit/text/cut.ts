/** Stands where a text that others wrote was cut: beside it half of a value may be left. */
export const CUT = "…";

/** The beginning of a text that others wrote. */
export function headOf(text: string, most: number): string {
  return text.length > most ? text.slice(0, most).toWellFormed() + CUT : text;
}

/** The end of a text that others wrote. */
export function tailOf(text: string, most: number): string {
  return text.length > most ? CUT + text.slice(-most).toWellFormed() : text;
}

/** Shorter rests are no evidence of a value, and give nothing of it away that counts. */
const SHORTEST_REST = 4;

/** Replaces what a cut has left of a value: its beginning before the mark of a cut, its end behind one. */
export function withoutRests(text: string, values: readonly string[], mark: string): string {
  const parts = betweenCuts(text);
  if (parts.length === 1) return text;
  const shown = parts.map((part, at) => {
    const [isBehind, isBefore] = [at > 0, at < parts.length - 1];
    const begins = isBehind ? longest(values, (value) => endAtStart(part, value)) : 0;
    const ends = isBefore ? longest(values, (value) => startAtEnd(part, value)) : 0;
    const isInside = isBehind && isBefore && part.length >= SHORTEST_REST && values.some((one) => one.includes(part));
    if (isInside || (begins + ends >= part.length && begins + ends > 0)) return mark;
    return `${begins > 0 ? mark : ""}${part.slice(begins, part.length - ends)}${ends > 0 ? mark : ""}`;
  });
  return shown.join(CUT);
}

/** Others write the mark too: of many, the first and the last count, where our own cuts are. */
const MOST_CUTS = 32;

function betweenCuts(text: string): readonly string[] {
  const parts = text.split(CUT);
  if (parts.length <= MOST_CUTS) return parts;
  const half = MOST_CUTS / 2;
  return [...parts.slice(0, half), parts.slice(half, -half).join(CUT), ...parts.slice(-half)];
}

const longest = (values: readonly string[], lengthIn: (value: string) => number): number =>
  values.reduce((most, value) => Math.max(most, lengthIn(value)), 0);

/** How many characters at the start of a text are the end of a value. */
function endAtStart(text: string, value: string): number {
  const first = text.slice(0, SHORTEST_REST);
  if (first.length < SHORTEST_REST) return 0;
  for (let at = value.indexOf(first); at >= 0; at = value.indexOf(first, at + 1))
    if (text.startsWith(value.slice(at))) return value.length - at;
  return 0;
}

/** How many characters at the end of a text are the start of a value. */
function startAtEnd(text: string, value: string): number {
  const last = text.slice(-SHORTEST_REST);
  if (last.length < SHORTEST_REST) return 0;
  for (let at = value.lastIndexOf(last); at >= 0; at = at === 0 ? -1 : value.lastIndexOf(last, at - 1))
    if (text.endsWith(value.slice(0, at + SHORTEST_REST))) return at + SHORTEST_REST;
  return 0;
}
