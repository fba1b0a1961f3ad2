import { isAvailable } from "../available.ts";
import { selectedItem } from "../items.ts";
import { bindings, type KeyAction, type KeyBinding } from "../keymap.ts";
import type { TuiState } from "../state.ts";
import { countText } from "../widgets/bar.ts";
import { line, type SpanLine, type StyledSpan } from "../widgets/text.ts";

/** A key as people write it, and what it does now. */
type FooterKey = readonly [show: string, does: string];

/** One line: the answers to a question, the filter being typed, or the keys that work here. */
export function footer(state: TuiState, columns: number): SpanLine {
  if (state.revealed) return keyLine([["any key", "hides it"]]);
  if (state.question)
    return keyLine([
      ["y", "yes"],
      ["n", "no"],
    ]);
  if (state.prompt)
    return keyLine([
      ["enter", "next"],
      ...(state.prompt.words === undefined ? [] : [["tab", "complete"] as const]),
      ["esc", "back"],
      ["ctrl-u", "clear"],
    ]);
  if (state.help) return keyLine(state.help.typing || state.help.filter !== "" ? HELP_FILTERED : HELP_KEYS);
  if (state.filtering)
    return line(
      { text: " / ", bold: true },
      state.filter,
      { text: "▏", dimColor: true },
      { text: "  enter keep  esc clear  several words: all of them  ! before one: without", dimColor: true },
    );
  return keyLine(fitting(state, columns));
}

const HELP_KEYS: readonly FooterKey[] = [
  ["↑ ↓", "choose"],
  ["enter", "run this key"],
  ["/", "filter"],
  ["esc", "close"],
];
const HELP_FILTERED: readonly FooterKey[] = [
  ["enter", "run this key"],
  ["↑ ↓", "choose"],
  ["esc", "clear the filter"],
];

const keyLine = (keys: readonly FooterKey[]): SpanLine =>
  line(
    ...keys.flatMap(([show, does]): StyledSpan[] => [
      { text: ` ${show}`, bold: true },
      { text: ` ${does} `, dimColor: true },
    ]),
  );

/** As many keys as fit, those first that the moment calls for; the way back, help and quit are always shown, and in the list what a first-time user looks for. */
function fitting(state: TuiState, room: number): readonly FooterKey[] {
  const first = called(state);
  const rank = ({ action }: KeyBinding): number => (first.includes(action) ? first.indexOf(action) : first.length);
  const shown = bindings(state.where)
    .filter(({ action }) => isAvailable(action, state))
    .sort((a, b) => rank(a) - rank(b));
  const keyOf = (one: KeyBinding): FooterKey => [one.show, wordsFor(one, state)];
  const isAlways = ({ action }: KeyBinding): boolean =>
    ALWAYS.includes(action) || (room >= FIRST_TIME_ROOM && isBrowsing(state) && FIRST_TIME.includes(action));
  const always = shown.filter(isAlways).map(keyOf);
  let left = room - always.reduce((sum, one) => sum + widthOf(one), 0);
  const fit: FooterKey[] = [];
  for (const one of shown.filter((one) => !isAlways(one)).map(keyOf)) {
    left -= widthOf(one);
    if (left < 0) break;
    fit.push(one);
  }
  return [...fit, ...always];
}

const ALWAYS: readonly KeyAction[] = ["back", "help", "quit"];

/** What nobody finds without being shown: the way to all other sources, and to all that is there besides the list. */
const FIRST_TIME: readonly KeyAction[] = ["sources", "overview"];
const FIRST_TIME_ROOM = 60;

const isBrowsing = ({ where, range }: TuiState): boolean => where === "browse" && range === null;

const widthOf = ([show, does]: FooterKey): number => show.length + does.length + 3;

/** What is offered first in this situation; the others follow in the order of the keymap. */
function called(state: TuiState): readonly KeyAction[] {
  const { where, scan, range, filter, facets, marked, canUndoIgnore } = state;
  if (where === "detail") return ["migrate", "rotate", "tab", "nextTab", "prevTab"];
  if (where === "proof") return ["rescan", "rotate", "undo", "scrub", "runs"];
  if (where === "run") return ["abort", "steps"];
  if (where === "form") return ["accept", "nextField", "option"];
  if (where !== "browse") return [];
  if (scan.status === "failed") return ["rescan"];
  if (range !== null) return ["mark", "range", "up", "down", "pageUp", "pageDown", "top", "bottom"];
  if (marked.size > 0) return ["migrate", "mark", "ignore", "diff", "markAll"];
  if (selectedItem(state)?.kind === "section")
    return ["open", "markSection", "migrate", "foldAll", "fold", "group", "sort", "up", "down", "pageUp", "pageDown"];
  if (filter !== "" || facets.size > 0) return ["filter", "facets", "markAll", "sort"];
  return canUndoIgnore ? ["mark", "migrate", "ignore", "undo", "ignoreAgain"] : ["migrate", "rotate"];
}

/** What a key does now, where that differs from moment to moment. */
function wordsFor({ action, short }: KeyBinding, state: TuiState): string {
  const { where, range, filter, marked } = state;
  if (where !== "browse") return action === "migrate" && marked.size > 0 ? `migrate ${marked.size} marked` : short;
  const item = selectedItem(state);
  const these =
    marked.size > 0
      ? `${marked.size} marked`
      : item?.kind === "section"
        ? countText(item.section.groups.length, "secret")
        : "";
  if (action === "back") return range !== null ? "end range" : filter !== "" ? "clear filter" : "clear facets";
  if (action === "mark" && range !== null) return "mark range";
  if (action === "open" && item?.kind === "section") return item.folded ? "unfold" : "fold";
  return ["migrate", "ignore"].includes(action) && these !== "" ? `${short} ${these}` : short;
}
