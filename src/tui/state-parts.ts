import type { Theme } from "./theme.ts";
import type { Typed } from "./line-edit.ts";

/** A line of text that a person types, with its effect shown below while typing. */
export type Prompt = {
  readonly label: string;
  readonly text: string;
  /** The number of characters before the cursor, as people count them. */
  readonly at: number;
  readonly error: string | null;
  /** What this text would do, one line each. */
  readonly about: (text: string) => readonly string[];
  /** Why this text is not valid; null if it is. */
  readonly check: (text: string) => string | null;
  /** The words that may stand at the cursor; absent where nothing is completed. */
  readonly words?: (typed: Typed) => Promise<readonly string[]>;
  /** The words among which Tab could not choose, until the line changes. */
  readonly offers?: readonly string[];
  /** Null: the person went back. */
  readonly answer: (text: string | null) => void;
};

/** How the terminal is used: its colours, whether URLs become links, and whether the wheel scrolls. */
export type TerminalLook = { readonly theme: Theme; readonly links: boolean; readonly mouse: boolean };

/** The help while it is open: the selected key, and the words that narrow the list, typed while `typing`. */
export type HelpState = { readonly at: number; readonly filter: string; readonly typing: boolean };

/** An error or a note that may be shown: known values are taken out. */
export type ShownMessage = { readonly text: string; readonly hint: string | null };
