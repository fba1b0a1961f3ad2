/** How likely letter pairs are in prose and identifiers against pure chance, 0..9, 6 is even; rows and columns a–z. */
const PAIRS = (
  "37873572725979271989664662 73427220662720610553700052 82538208617730940758612040 73369442712532730465522030 " +
  "85897753543779576998466761 63437600720510800636600040 42318236811426510664521012 80209000701232710638701030 " +
  "66777670114779961689360515 40006004200000300160300000 51137330600213210241201020 75369322845832840366743060 " +
  "86248050731663770151520130 83888682625535860299652051 57784662544799680977867522 82348124612763760887610050 " +
  "10000000100000000000600000 85769573805576840787653060 62749337804643862579743250 83649429902553880878616280 " +
  "58557550602767160887000210 70018040600002400111200100 61015016700115510450005000 51415100600120250026000030 " +
  "54313221302445670454101000 30005010300000200000000004"
).split(" ");

/** How often each character stands in a text; all zero between two questions. */
const counts = new Uint16Array(128);

/** Shannon entropy in bits a character, of ASCII; looks at the first 4,096 characters. */
function entropy(text: string): number {
  const length = Math.min(text.length, 4096);
  for (let at = 0; at < length; at++) counts[text.charCodeAt(at)] = (counts[text.charCodeAt(at)] as number) + 1;
  let bits = 0;
  for (let at = 0; at < length; at++) {
    const code = text.charCodeAt(at);
    const count = counts[code] as number;
    if (count === 0) continue;
    counts[code] = 0;
    bits -= (count / length) * Math.log2(count / length);
  }
  return bits;
}

/**
 * How much the letters read like words, about 6.5 and more for prose and identifiers, about 4.3 for chance;
 * null when there are too few letter pairs to tell. Pairs do not cross digits, marks or a change to capitals.
 */
export function wordiness(text: string): number | null {
  let sum = 0;
  let pairs = 0;
  let before = -1;
  let upperBefore = false;
  const length = Math.min(text.length, 512);
  for (let at = 0; at < length; at++) {
    const code = text.charCodeAt(at);
    const upper = code >= 65 && code <= 90;
    const letter = upper ? code - 65 : code >= 97 && code <= 122 ? code - 97 : -1;
    if (letter >= 0 && before >= 0 && !(upper && !upperBefore)) {
      sum += (PAIRS[before] as string).charCodeAt(letter) - 48;
      pairs++;
    }
    before = letter;
    upperBefore = upper;
  }
  return pairs < 4 ? null : sum / pairs;
}

/** True when a value of one run of key characters looks made by a machine: no words, many different characters. */
export function looksRandom(text: string, least = 16): boolean {
  const length = text.length;
  if (length < least || length > 4096 || !/^[A-Za-z0-9+/=_.~!@#$%^&*-]+$/.test(text)) return false;
  const digits = count(text, 48, 57);
  const lower = count(text, 97, 122);
  const upper = count(text, 65, 90);
  const bits = entropy(text);
  if (/^[0-9a-f]+$/i.test(text)) return digits > 0 && digits < length && bits > Math.min(2.9, Math.log2(length) - 1.1);
  if (bits < Math.min(3.6, Math.log2(length) - 1)) return false;
  if (wordShare(text) > 0.3) return false;
  const words = wordiness(text) ?? TOO_FEW_LETTERS;
  const changes = classChanges(text);
  if (words > 6.2 && changes < length * 0.4) return false;
  if (digits > 0 && lower + upper > 0) return changes >= Math.max(3, length / 7) || words < 5;
  if (lower > 0 && upper > 0) return changes >= length / 4 && words < 6;
  return words < 4.9;
}

/** Between words and chance. */
const TOO_FEW_LETTERS = 5.5;

/** How much of the text is plain words between marks, as in a path or a slug. */
function wordShare(text: string): number {
  let letters = 0;
  for (const piece of text.split(/[^A-Za-z0-9]+/)) {
    if (piece.length < 4 || piece.length > 20 || !/^(?:[a-z]+|[A-Z][a-z]+|[A-Z]+)$/.test(piece)) continue;
    const words = wordiness(piece.toLowerCase());
    if (words === null ? /[aeiou]/i.test(piece) : words > 5.6) letters += piece.length;
  }
  return letters / text.length;
}

function count(text: string, from: number, to: number): number {
  let found = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code >= from && code <= to) found++;
  }
  return found;
}

/** How often the kind of character (lower, upper, digit, other) changes. */
function classChanges(text: string): number {
  let changes = 0;
  let before = -1;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const kind = code >= 97 && code <= 122 ? 0 : code >= 65 && code <= 90 ? 1 : code >= 48 && code <= 57 ? 2 : 3;
    if (before >= 0 && kind !== before) changes++;
    before = kind;
  }
  return changes;
}
