import type { ResidueMatch, MovedValue, PlaceKind } from "../contract/look.ts";
import { visitTexts } from "../engine/traces.ts";
import { cmd } from "../kit/shell.ts";
import { needlesOf } from "./forms.ts";
import { matcher, type Matcher } from "./matcher.ts";

/** Marks, ready to be looked for. */
export type Search = {
  readonly marks: readonly MovedValue[];
  readonly matcher: Matcher;
  /** The places in a JSON document that show a mark, for people. */
  places(document: unknown): { readonly mark: MovedValue; readonly paths: readonly string[] }[];
};

export function searchFor(marks: readonly MovedValue[]): Search {
  const finder = matcher(needlesOf(marks));
  return {
    marks,
    matcher: finder,
    places(document) {
      const text = JSON.stringify(document);
      // Most documents hold none; the parts of the others are looked at one by one.
      if (finder.find(Buffer.from(text)).length === 0 && !marks.some(({ name }) => text.includes(`"${name}":`)))
        return [];
      const paths = new Map<number, Set<string>>();
      visitTexts(document, "", (leaf, path) => {
        const named = marks.flatMap(({ name, value }, mark) =>
          path.endsWith(`.${name}`) && value.exposeText() === leaf ? [mark] : [],
        );
        for (const mark of [...named, ...finder.find(Buffer.from(leaf)).map((hit) => hit.mark)])
          paths.set(mark, (paths.get(mark) ?? new Set()).add(path));
      });
      return [...paths].flatMap(([index, found]) => {
        const mark = marks[index];
        return mark === undefined ? [] : [{ mark, paths: [...found] }];
      });
    },
  };
}

/** The marks of these hits, each once, with the place of its first. */
export function firstHits(
  search: Search,
  hits: readonly { readonly mark: number; readonly offset: number }[],
): { readonly mark: MovedValue; readonly offset: number }[] {
  const first = new Map<number, number>();
  for (const { mark, offset } of hits) first.set(mark, Math.min(offset, first.get(mark) ?? offset));
  return [...first].flatMap(([index, offset]) => {
    const mark = search.marks[index];
    return mark === undefined ? [] : [{ mark, offset }];
  });
}

export function residueMatch(
  kind: PlaceKind,
  mark: MovedValue,
  place: string,
  next: string | null,
  kept: boolean | string = false,
): ResidueMatch {
  return {
    mark,
    place,
    kind,
    next: typeof kept === "string" ? cmd`unsprawl scrub ${kept}` : next,
    kept: kept !== false,
  };
}

/** `name: path, path, path and 2 more`. */
export function placeText(name: string, paths: readonly string[]): string {
  const more = paths.length > 3 ? ` and ${paths.length - 3} more` : "";
  return `${name}: ${paths.slice(0, 3).join(", ")}${more}`;
}
