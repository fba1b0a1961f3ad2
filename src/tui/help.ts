import { isAvailable } from "./available.ts";
import { bindings, type KeyAction, type KeyBinding, type KeyScope } from "./keymap.ts";
import { last } from "./last.ts";
import type { TuiState } from "./state.ts";
import type { HelpState } from "./state-parts.ts";

export const HELP_START: HelpState = { at: 0, filter: "", typing: false };

/** Keys that serve one purpose, under their heading. */
export type HelpSection = { readonly title: string; readonly keys: readonly KeyBinding[] };

/** The keys of a screen that contain every word of the filter, those of the screen before those of every screen. */
export function helpSections(where: KeyScope, filter: string): readonly HelpSection[] {
  return sections(where, filter);
}

/** The key selected in the help; undefined if the filter leaves none. */
export function selectedKey({ where, help }: Pick<TuiState, "where" | "help">): KeyBinding | undefined {
  return help === null ? undefined : keysIn(helpSections(where, help.filter))[help.at];
}

export const keysIn = (all: readonly HelpSection[]): readonly KeyBinding[] => all.flatMap(({ keys }) => keys);

/** Whether a key does something on the screen below the help. */
export const works = ({ action }: KeyBinding, state: TuiState): boolean =>
  (ALWAYS.has(GROUPS[action]) && action !== "abort") || isAvailable(action, state);

const sections = last((where: KeyScope, filter: string): readonly HelpSection[] => {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  const left = bindings(where).filter(({ show, short, long }) =>
    words.every((word) => `${show} ${short} ${long}`.toLowerCase().includes(word)),
  );
  return TITLES.flatMap(([group, title]) => {
    const keys = left.filter(({ action }) => GROUPS[action] === group);
    return keys.length === 0 ? [] : [{ title, keys }];
  });
});

type HelpGroup = "decide" | "look" | "screens" | "move" | "program";

const TITLES: readonly (readonly [HelpGroup, string])[] = [
  ["decide", "Decide"],
  ["look", "Look at"],
  ["screens", "Other screens"],
  ["move", "Move"],
  ["program", "unsprawl"],
];

const ALWAYS: ReadonlySet<HelpGroup> = new Set(["move", "program"]);

const GROUPS: { readonly [action in KeyAction]: HelpGroup } = {
  mark: "decide",
  markAll: "decide",
  markSection: "decide",
  range: "decide",
  migrate: "decide",
  rotate: "decide",
  ignore: "decide",
  ignoreAgain: "decide",
  undo: "decide",
  apply: "decide",
  choose: "decide",
  accept: "decide",
  option: "decide",
  form: "decide",
  edit: "decide",
  save: "decide",
  resume: "decide",
  scrub: "decide",
  abort: "program",
  toggle: "decide",
  open: "look",
  lines: "look",
  byHand: "look",
  steps: "look",
  diff: "look",
  reveal: "look",
  filter: "look",
  facets: "look",
  group: "look",
  sort: "look",
  fold: "look",
  foldAll: "look",
  tab: "look",
  nextTab: "look",
  prevTab: "look",
  rescan: "look",
  runs: "screens",
  sources: "screens",
  overview: "screens",
  view: "look",
  nextView: "look",
  prevView: "look",
  readAgain: "look",
  store: "screens",
  back: "screens",
  up: "move",
  down: "move",
  pageUp: "move",
  pageDown: "move",
  top: "move",
  bottom: "move",
  nextField: "move",
  prevField: "move",
  help: "program",
  quit: "program",
  suspend: "program",
};
