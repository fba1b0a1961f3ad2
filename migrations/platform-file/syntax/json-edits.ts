import { lineEnding, type Edit } from "../../../src/kit/text/splice.ts";
import { indentBefore } from "./hcl-edits.ts";
import { member, type Part } from "./part.ts";

type JsonList = Extract<Part, { readonly kind: "list" }>;
type JsonMap = Extract<Part, { readonly kind: "map" }>;

/** Takes items out of a JSON list, with their commas; everything else of the list stays as it is written. */
export function removedItems({ items, start, end }: JsonList, gone: ReadonlySet<Part>): Edit[] {
  const lastKept = items.findLastIndex((item) => !gone.has(item));
  if (lastKept < 0) return [{ start: start + 1, end: end - 1, text: "" }];
  const edits = items
    .slice(0, lastKept)
    .flatMap((item, at) =>
      gone.has(item) ? [{ start: item.start, end: items[at + 1]?.start ?? item.end, text: "" }] : [],
    );
  const [last, final] = [items[lastKept], items.at(-1)];
  if (last === undefined || final === undefined || last === final) return edits;
  return [...edits, { start: last.end, end: final.end, text: "" }];
}

/** Adds objects to the list at `key` of a map. A missing list is created after `beside`, in the same style. */
export function addedItems(
  text: string,
  map: JsonMap,
  beside: Part,
  key: string,
  objects: readonly AddedObject[],
): Edit[] {
  const known = member(map, key);
  const words = objects.map(jsonObject);
  if (known?.kind === "list" && known.items.length > 0) {
    const last = known.items.at(-1) as Part;
    const before = indentBefore(text, last.start);
    const gap = before === null ? " " : `${lineEnding(text)}${before}`;
    return [{ start: last.end, end: last.end, text: words.map((word) => `,${gap}${word}`).join("") }];
  }
  if (known !== null) return [{ start: known.start, end: known.end, text: `[${words.join(", ")}]` }];
  const entry = map.entries.find(({ value }) => value === beside);
  const indent = entry === undefined ? null : indentBefore(text, entry.start);
  const list = indent === null ? `[${words.join(", ")}]` : multiLine(text, beside, indent, words);
  const gap = indent === null ? " " : `${lineEnding(text)}${indent}`;
  return [{ start: beside.end, end: beside.end, text: `,${gap}${JSON.stringify(key)}: ${list}` }];
}

function multiLine(text: string, beside: Part, indent: string, words: readonly string[]): string {
  const [first] = beside.kind === "list" ? beside.items : [];
  const deeper = (first === undefined ? null : indentBefore(text, first.start)) ?? `${indent}  `;
  const eol = lineEnding(text);
  return `[${eol}${words.map((word) => deeper + word).join(`,${eol}`)}${eol}${indent}]`;
}

type AddedObject = { readonly [name: string]: string };

const jsonObject = (of: AddedObject): string =>
  `{ ${Object.entries(of)
    .map(([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`)
    .join(", ")} }`;
