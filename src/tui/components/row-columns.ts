import { placeWords } from "../../model/place-words.ts";
import { last } from "../last.ts";
import type { SecretGroup } from "../groups.ts";
import type { RunHistory } from "../history.ts";
import { STATE } from "../theme.ts";
import { subjectsOf, type Grouping } from "../where.ts";

/** How wide each column of the list is; 0 for one that has no room. */
export type RowColumns = { readonly [column in Column]: number };
type Column = "name" | "where" | "masked" | "state" | "rule" | "image" | "seen" | "who";

/** Between two columns. */
export const SPACE = 2;

/** What a column has at least, or it is left out; and at most, while others have less than they need. */
const WHERE = { least: 8, most: 32 };
const MASKED = { least: 8, most: 24 };
/** Names of this length are cut last of all; the rest of a longer one is shown where there is room for it. */
const NAME = 40;

/** Shown if there is room for all of it, in this order. */
const EXTRAS = ["rule", "image", "seen", "who"] as const;
const MOST_EXTRA = 60;

/**
 * Divides the width of a row. Where it is too narrow, the masked value gives way first and goes, then where it is, then
 * the state; the name is cut last. What is left goes to the name, to the other columns, and to those whose texts are
 * longer still.
 */
export function columnsFor(needs: RowColumns, width: number): RowColumns {
  const made = { ...needs, rule: 0, image: 0, seen: 0, who: 0 };
  made.name = Math.min(needs.name, NAME);
  made.where = Math.min(needs.where, WHERE.most);
  made.masked = Math.min(needs.masked, MASKED.most);
  const spare = (): number =>
    width - Object.values(made).reduce((sum, wide) => sum + (wide === 0 ? 0 : wide + SPACE), -SPACE);
  const shrink = (column: Column, least: number): void => {
    if (spare() < 0) made[column] = Math.max(Math.min(made[column], least), made[column] + spare());
  };
  const grow = (column: Column): void => {
    if (made[column] > 0) made[column] += Math.max(0, Math.min(needs[column] - made[column], spare()));
  };
  shrink("masked", MASKED.least);
  if (spare() < 0) made.masked = 0;
  shrink("where", WHERE.least);
  for (const column of ["where", "state"] as const) if (spare() < 0) made[column] = 0;
  grow("name");
  for (const column of EXTRAS) if (needs[column] > 0 && needs[column] + SPACE <= spare()) made[column] = needs[column];
  grow("where");
  grow("masked");
  made.name += Math.min(0, spare());
  return made;
}

/**
 * The widest text of each column in the whole list: the columns stay where they are while it is scrolled and filtered. A
 * rule, an image or readers that are the same for all rows tell nothing, and need no room.
 */
export function needsOf(groups: readonly SecretGroup[], grouping: Grouping, history: RunHistory): RowColumns {
  return grouping === "container" ? needsInContainers(groups, history) : needsElsewhere(groups, history);
}

const needsInContainers = last((groups: readonly SecretGroup[], history: RunHistory) =>
  measured(groups, history, true),
);
const needsElsewhere = last((groups: readonly SecretGroup[], history: RunHistory) => measured(groups, history, false));

function measured(groups: readonly SecretGroup[], history: RunHistory, inContainers: boolean): RowColumns {
  const needs = { name: 0, where: 0, masked: 0, state: 0, rule: 0, image: 0, seen: 0, who: 0 };
  const first = new Map<Column, string>();
  const differs = new Set<Column>();
  const widen = (column: Column, wide: number): void => {
    if (wide > needs[column]) needs[column] = wide;
  };
  const extra = (column: (typeof EXTRAS)[number], text: string): void => {
    widen(column, Math.min(MOST_EXTRA, text.length));
    if (first.get(column) === undefined) first.set(column, text);
    else if (first.get(column) !== text) differs.add(column);
  };
  for (const group of groups) {
    const { text, more } = subjectsOf(group);
    const end = moreText(inContainers ? group.findings.length - 1 : more).length;
    widen("name", group.name.length);
    if (inContainers) for (const { location } of group.findings) widen("where", placeWords(location).length + end);
    else widen("where", text.length + end);
    widen("masked", group.lead.masked.length);
    widen("state", STATE[group.state].word.length + 2);
    extra("rule", group.lead.rule);
    extra("image", imageText(group));
    extra("seen", seenText(group, history));
    extra("who", whoText(group));
  }
  for (const column of EXTRAS) if (!differs.has(column)) needs[column] = 0;
  return needs;
}

export const moreText = (more: number): string => (more > 0 ? ` +${more}` : "");

export function imageText({ images }: SecretGroup): string {
  return `${images[0] ?? ""}${moreText(images.length - 1)}`;
}

/** The day on which it was last rotated, or moved, or first seen; empty where no run and no saved scan has it. */
export function seenText(group: SecretGroup, history: RunHistory): string {
  const renewed = history.renewed(group);
  if (renewed !== null) return `${renewed.how} ${renewed.at.slice(0, 10)}`;
  return group.firstSeen === null ? "" : `since ${group.firstSeen.slice(0, 10)}`;
}

/** Who can read it, as far as the row's first place shows. */
export function whoText({ lead }: SecretGroup): string {
  return `${lead.exposure[0] ?? ""}${moreText(lead.exposure.length - 1)}`;
}
