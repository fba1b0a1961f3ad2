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

/** The text of a key; null if there is none. */
export function memberText(part: Part, key: string): string | null {
  const found = member(part, key);
  return found?.kind === "text" ? found.value : null;
}
