/** A part of a description of containers, whatever syntax it is written in. Offsets are in the file's text. */
export type Part =
  | {
      readonly kind: "text";
      readonly value: string;
      /** The written form, quotes included. */
      readonly start: number;
      readonly end: number;
      /** Whether the platform fills something in (`${var.x}`, `{{ x }}`): then the value is not all there is. */
      readonly filled: boolean;
    }
  | { readonly kind: "list"; readonly items: readonly Part[]; readonly start: number; readonly end: number }
  | { readonly kind: "map"; readonly entries: readonly PartEntry[]; readonly start: number; readonly end: number };

/** An entry of a map; `start` is where its key begins. */
export type PartEntry = { readonly key: string; readonly value: Part; readonly start: number };

/** Below this depth nothing is read: no description is nested as deep. */
export const DEEPEST = 60;

/** The value of a key; null if the part has no such key. */
export function member(part: Part, key: string): Part | null {
  return part.kind === "map" ? (part.entries.find((entry) => entry.key === key)?.value ?? null) : null;
}

/** The text at a key; null if the key is missing or holds something else. */
export function memberText(part: Part, key: string): string | null {
  const found = member(part, key);
  return found?.kind === "text" ? found.value : null;
}

/** A part as data. `null` is nothing: an item or entry that is left out. */
export type PlainPart = string | null | readonly PlainPart[] | { readonly [key: string]: PlainPart };

/** A part as data, without what its syntax adds; keys in one order, since theirs means nothing. `changes` are applied. */
export function plainPart(
  part: Part,
  changes: ReadonlyMap<Part, (was: PlainPart) => PlainPart> = new Map(),
): PlainPart {
  const plain = (): PlainPart => {
    if (part.kind === "text") return part.value;
    if (part.kind === "list") return part.items.map((item) => plainPart(item, changes)).filter((item) => item !== null);
    const entries = part.entries.map(({ key, value }) => [key, plainPart(value, changes)] as const);
    return sortedPart(Object.fromEntries(entries));
  };
  return changes.get(part)?.(plain()) ?? (changes.has(part) ? null : plain());
}

export function sortedPart(of: { readonly [key: string]: PlainPart }): PlainPart {
  return Object.fromEntries(Object.entries(of).sort(([a], [b]) => (a < b ? -1 : 1)));
}
