/** Where a key is pressed: a screen, or a part of one that takes its own keys. */
export type Where = "browse" | "detail" | "facets" | "stores" | "plan" | "run" | "proof" | "runs" | "receipts";

export type Action =
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
  | "save"
  | "edit"
  | "rescan"
  | "runs"
  | "ignore"
  | "ignoreAgain"
  | "undo"
  | "reveal"
  | "resume"
  | "scrub"
  | "help"
  | "quit"
  | "abort"
  | "suspend";

export type Binding = {
  readonly action: Action;
  readonly keys: readonly string[];
  /** The keys as people write them. */
  readonly show: string;
  readonly where: readonly Where[];
  /** For the footer; null keeps it to the help. */
  readonly short: string | null;
  readonly long: string;
};

const ALL: readonly Where[] = ["browse", "detail", "facets", "stores", "plan", "run", "proof", "runs", "receipts"];

/**
 * Every key there is. The footer, the `?` help and the README's table are made from this, and keys are looked up here
 * and nowhere else. In the order of the footer: what is first stays longest on a narrow terminal.
 */
export const KEYMAP: readonly Binding[] = [
  {
    action: "mark",
    keys: ["space"],
    show: "space",
    where: ["browse"],
    short: "mark",
    long: "mark this secret in all its places, all under a heading, or the range",
  },
  {
    action: "toggle",
    keys: ["space", "enter"],
    show: "space",
    where: ["facets"],
    short: "choose",
    long: "show only what has this, or no longer",
  },
  {
    action: "migrate",
    keys: ["m"],
    show: "m",
    where: ["browse", "detail"],
    short: "migrate",
    long: "migrate the marked secrets, or this one",
  },
  { action: "apply", keys: ["y"], show: "y", where: ["plan"], short: "apply", long: "apply this plan (never Enter)" },
  {
    action: "choose",
    keys: ["enter"],
    show: "enter",
    where: ["stores"],
    short: "choose",
    long: "choose this store and plan",
  },
  {
    action: "rescan",
    keys: ["r", "enter"],
    show: "r enter",
    where: ["proof"],
    short: "scan again",
    long: "back to the list, with a fresh scan",
  },
  {
    action: "undo",
    keys: ["u"],
    show: "u",
    where: ["runs", "receipts", "proof"],
    short: "undo",
    long: "undo this run: put the containers back",
  },
  {
    action: "resume",
    keys: ["R"],
    show: "R",
    where: ["runs", "receipts"],
    short: "resume",
    long: "go on with a run that was cut off",
  },
  {
    action: "scrub",
    keys: ["S"],
    show: "S",
    where: ["runs", "receipts", "proof"],
    short: "scrub",
    long: "purge what a finished run keeps for undo, and say what still shows its values",
  },
  {
    action: "open",
    keys: ["enter", "right", "l"],
    show: "enter",
    where: ["runs"],
    short: "open",
    long: "read a run's steps and receipts",
  },
  {
    action: "back",
    keys: ["esc"],
    show: "esc",
    where: ["browse", "detail", "facets", "stores", "plan", "proof", "runs", "receipts"],
    short: "back",
    long: "back one step; in the list ends a range, then clears the filter, then the facets",
  },
  {
    action: "edit",
    keys: ["e"],
    show: "e",
    where: ["plan"],
    short: "edit",
    long: "edit path, field, delivery and what is accepted, in $EDITOR; then plan again",
  },
  {
    action: "save",
    keys: ["o"],
    show: "o",
    where: ["plan"],
    short: "save plan",
    long: "save this plan to a file for unsprawl apply",
  },
  {
    action: "open",
    keys: ["enter", "right", "l"],
    show: "enter",
    where: ["browse"],
    short: "open",
    long: "into the right pane, to scroll it",
  },
  {
    action: "filter",
    keys: ["/"],
    show: "/",
    where: ["browse"],
    short: "filter",
    long: "filter by words of name, rule, severity, state or container; ! before a word wants those without; esc clears",
  },
  {
    action: "ignore",
    keys: ["i"],
    show: "i",
    where: ["browse", "detail"],
    short: "ignore",
    long: "ignore the marked secrets, or this one, with a reason; written to unsprawl.yaml",
  },
  {
    action: "ignoreAgain",
    keys: ["I"],
    show: "I",
    where: ["browse", "detail"],
    short: null,
    long: "ignore with the reason and the day of the last time",
  },
  {
    action: "undo",
    keys: ["u"],
    show: "u",
    where: ["browse"],
    short: null,
    long: "take back the last ignore of this sitting",
  },
  {
    action: "reveal",
    keys: ["x"],
    show: "x",
    where: ["browse", "detail"],
    short: null,
    long: "reveal this one value for 10 s or until a key is pressed; recorded",
  },
  {
    action: "diff",
    keys: ["d"],
    show: "d",
    where: ["browse", "detail"],
    short: "diff",
    long: "preview the plan with its masked diff",
  },
  {
    action: "markAll",
    keys: ["a"],
    show: "a",
    where: ["browse"],
    short: "all",
    long: "mark all that the filter shows, or none",
  },
  {
    action: "group",
    keys: ["b"],
    show: "b",
    where: ["browse"],
    short: "group",
    long: "group by secret, container, image, store or severity",
  },
  {
    action: "facets",
    keys: ["f"],
    show: "f",
    where: ["browse"],
    short: "facets",
    long: "narrow the list by severity, state, confidence, place, rule, subject",
  },
  {
    action: "nextTab",
    keys: ["tab", "]"],
    show: "tab ]",
    where: ["browse", "detail"],
    short: "tabs",
    long: "next tab of the right pane",
  },
  {
    action: "prevTab",
    keys: ["shift-tab", "["],
    show: "shift-tab [",
    where: ["browse", "detail"],
    short: null,
    long: "the tab before",
  },
  {
    action: "tab",
    keys: ["1", "2", "3", "4", "5"],
    show: "1–5",
    where: ["browse", "detail"],
    short: null,
    long: "evidence, places, exposure, plan, journal",
  },
  {
    action: "range",
    keys: ["v"],
    show: "v",
    where: ["browse"],
    short: null,
    long: "begin a range of marks, move, then space or v; esc ends it",
  },
  {
    action: "markSection",
    keys: ["A"],
    show: "A",
    where: ["browse"],
    short: null,
    long: "mark all under this heading, or none",
  },
  {
    action: "runs",
    keys: ["L"],
    show: "L",
    where: ["browse", "proof"],
    short: "runs",
    long: "what was done: list of runs",
  },
  { action: "rescan", keys: ["r"], show: "r", where: ["browse"], short: null, long: "scan again" },
  { action: "up", keys: ["up", "k"], show: "↑ k", where: ALL, short: null, long: "up" },
  { action: "down", keys: ["down", "j"], show: "↓ j", where: ALL, short: null, long: "down" },
  { action: "pageUp", keys: ["pageup"], show: "PgUp", where: ALL, short: null, long: "a page up" },
  { action: "pageDown", keys: ["pagedown"], show: "PgDn", where: ALL, short: null, long: "a page down" },
  { action: "top", keys: ["g", "home"], show: "g", where: ALL, short: null, long: "to the first" },
  { action: "bottom", keys: ["G", "end"], show: "G", where: ALL, short: null, long: "to the last" },
  { action: "help", keys: ["?"], show: "?", where: ALL, short: "help", long: "this list" },
  { action: "quit", keys: ["q"], show: "q", where: ALL, short: "quit", long: "quit; asks while a run works" },
  {
    action: "abort",
    keys: ["ctrl-c"],
    show: "ctrl-c",
    where: ["run"],
    short: "call off",
    long: "call off this run: what was begun is put back",
  },
  {
    action: "abort",
    keys: ["ctrl-c"],
    show: "ctrl-c",
    where: ["browse", "detail", "facets", "stores", "plan", "proof", "runs", "receipts"],
    short: null,
    long: "leave at once",
  },
  {
    action: "suspend",
    keys: ["ctrl-z"],
    show: "ctrl-z",
    where: ALL,
    short: null,
    long: "suspend, fg comes back; not while a run works",
  },
];

export function actionOf(where: Where, key: string): Action | null {
  return KEYMAP.find((one) => one.where.includes(where) && one.keys.includes(key))?.action ?? null;
}

export function bindings(where: Where): readonly Binding[] {
  return KEYMAP.filter((one) => one.where.includes(where));
}

const TITLES: { readonly [where in Where]: string } = {
  browse: "the list",
  detail: "the right pane",
  facets: "the facets",
  stores: "choosing a store",
  plan: "the plan",
  run: "a run at work",
  proof: "the proof",
  runs: "the runs",
  receipts: "a run's receipts",
};

/** The keys as a Markdown table, for the README. */
export function keysAsMarkdown(): string {
  const rows = KEYMAP.map(({ show, long, where }) => {
    const at = where.length === ALL.length ? "everywhere" : where.map((one) => TITLES[one]).join(", ");
    return `| \`${show}\` | ${long} | ${at} |`;
  });
  return ["| key | does | where |", "| --- | --- | --- |", ...rows].join("\n");
}
