/** Where a key is pressed: a screen, or a part of one with separate keys. */
export type KeyScope =
  | "browse"
  | "detail"
  | "facets"
  | "stores"
  | "form"
  | "plan"
  | "run"
  | "proof"
  | "runs"
  | "receipts"
  | "overview";

export type KeyAction =
  | "up"
  | "down"
  | "pageUp"
  | "pageDown"
  | "top"
  | "bottom"
  | "open"
  | "back"
  | "mark"
  | "markAll"
  | "markSection"
  | "range"
  | "group"
  | "sort"
  | "fold"
  | "foldAll"
  | "facets"
  | "toggle"
  | "tab"
  | "nextTab"
  | "prevTab"
  | "filter"
  | "migrate"
  | "diff"
  | "choose"
  | "apply"
  | "lines"
  | "byHand"
  | "sources"
  | "overview"
  | "view"
  | "nextView"
  | "prevView"
  | "readAgain"
  | "store"
  | "steps"
  | "save"
  | "edit"
  | "form"
  | "nextField"
  | "prevField"
  | "option"
  | "accept"
  | "rescan"
  | "runs"
  | "ignore"
  | "ignoreAgain"
  | "undo"
  | "reveal"
  | "resume"
  | "scrub"
  | "rotate"
  | "help"
  | "quit"
  | "abort"
  | "suspend";

export type KeyBinding = {
  readonly action: KeyAction;
  readonly keys: readonly string[];
  /** The keys as people write them. */
  readonly show: string;
  readonly where: readonly KeyScope[];
  /** Shown in the footer, where it fits and does something. */
  readonly short: string;
  readonly long: string;
};

/** Every place where keys are pressed, except the form: letters are text there. */
export const ALL: readonly KeyScope[] = [
  "browse",
  "detail",
  "facets",
  "stores",
  "plan",
  "run",
  "proof",
  "runs",
  "receipts",
  "overview",
];
