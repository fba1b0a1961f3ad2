import type { Selected } from "../contract/migration.ts";
import { isNameLike, Secret } from "../model/secret.ts";

/** A text that stays, and where it is: `isOneLine` if `place` already names its line. */
export type RemainingText = { readonly place: string; readonly text: string; readonly isOneLine?: true };

/** Shorter values occur in other texts by coincidence. */
const DISTINCTIVE = 5;

/** `isPlain`: a word that may be there by coincidence, such as the name of a user. */
export type LeftSecret = { readonly name: string; readonly place: string; readonly isPlain: boolean };

/**
 * The secrets that these texts still contain, each with the first place; if only part of a value is secret, that part.
 */
export function leftIn(selected: readonly Selected[], texts: readonly RemainingText[]): readonly LeftSecret[] {
  return selected.flatMap(({ move: { name }, value, finding: { part } }) => {
    const whole = value.exposeText();
    const secret =
      part.start === null || part.length === null ? whole : whole.slice(part.start, part.start + part.length);
    const found = texts.find(({ text }) => text === secret || (secret.length >= DISTINCTIVE && text.includes(secret)));
    if (found === undefined) return [];
    const line = found.text.slice(0, found.text.indexOf(secret)).split("\n").length;
    return [
      { name, isPlain: isNameLike(Secret.of(secret)), place: found.isOneLine ? found.place : `${found.place}:${line}` },
    ];
  });
}
