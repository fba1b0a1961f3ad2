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

/**
 * A part as data, without what its syntax adds; keys in one order, since theirs means nothing, but a key that is there
 * again is numbered (`template`, `template 2`). `changes` are applied.
 */
export function plainPart(
  part: Part,
  changes: ReadonlyMap<Part, (was: PlainPart) => PlainPart> = new Map(),
): PlainPart {
  const plain = (): PlainPart => {
    if (part.kind === "text") return part.value;
    if (part.kind === "list") return part.items.map((item) => plainPart(item, changes)).filter((item) => item !== null);
    const counts = new Map<string, number>();
    const entries = part.entries.map(({ key, value }) => {
      const count = (counts.get(key) ?? 0) + 1;
      counts.set(key, count);
      return [numberedKey(key, count), plainPart(value, changes)] as const;
    });
    return sortedPart(Object.fromEntries(entries.filter(([, value]) => value !== null)));
  };
  return changes.get(part)?.(plain()) ?? (changes.has(part) ? null : plain());
}

/** How `plainPart` names the nth entry of a key. */
export const numberedKey = (key: string, count: number): string => (count === 1 ? key : `${key} ${count}`);

/** The parts from a document's root down to one of its parts, each with its key there; null if it is not below. */
export function pathTo(root: Part, wanted: Part): readonly { readonly key: string; readonly part: Part }[] | null {
  if (root === wanted) return [];
  const children =
    root.kind === "map"
      ? root.entries.map(({ key, value }) => ({ key, part: value }))
      : root.kind === "list"
        ? root.items.map((part) => ({ key: "", part }))
        : [];
  for (const child of children) {
    const { start, end } = child.part;
    if (child.part !== wanted && (start > wanted.start || end < wanted.end)) continue;
    const below = pathTo(child.part, wanted);
    if (below !== null) return [child, ...below];
  }
  return null;
}

/** All texts in a part. */
export function* textsIn(part: Part): Generator<string> {
  if (part.kind === "text") yield part.value;
  else
    for (const child of part.kind === "list" ? part.items : part.entries.map(({ value }) => value))
      yield* textsIn(child);
}

export function sortedPart(of: { readonly [key: string]: PlainPart }): PlainPart {
  return Object.fromEntries(Object.entries(of).sort(([a], [b]) => (a < b ? -1 : 1)));
}
