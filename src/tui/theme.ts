import type { FindingState, Severity } from "../model/finding.ts";

/** Which colours are used: any, the terminal's 16, or bold and inverse only; `none` sets no style at all. */
export type Theme = "truecolor" | "16" | "mono" | "none";

/** Few colours beside the default foreground, so that both light and dark terminals are readable. */
export type Style = {
  readonly color?: "red" | "yellow" | "blue" | "magenta" | "cyan";
  readonly bold?: boolean;
  readonly dimColor?: boolean;
  readonly inverse?: boolean;
};

/** A state is always a glyph and a word, with a colour in addition: many people cannot distinguish colours. */
export type StateMark = { readonly glyph: string; readonly word: string; readonly style: Style };

export const SEVERITY: { readonly [severity in Severity]: StateMark } = {
  critical: { glyph: "■", word: "critical", style: { color: "red", bold: true } },
  high: { glyph: "▲", word: "high", style: { color: "yellow" } },
  medium: { glyph: "●", word: "medium", style: { color: "blue" } },
  low: { glyph: "·", word: "low", style: { dimColor: true } },
};

export const STATE: { readonly [state in FindingState]: StateMark } = {
  new: { glyph: "+", word: "new", style: {} },
  known: { glyph: "=", word: "known", style: { dimColor: true } },
  ignored: { glyph: "-", word: "ignored", style: { dimColor: true } },
  migrated: { glyph: "✓", word: "migrated", style: { color: "blue" } },
  regressed: { glyph: "!", word: "regressed", style: { color: "red" } },
};

export const STEP = {
  waiting: { glyph: "·", word: "waiting", style: { dimColor: true } },
  start: { glyph: "▸", word: "working", style: { color: "cyan", bold: true } },
  done: { glyph: "✓", word: "done", style: { color: "blue" } },
  failed: { glyph: "✗", word: "failed", style: { color: "red", bold: true } },
  undone: { glyph: "↶", word: "undone", style: { color: "yellow" } },
} as const satisfies { readonly [state: string]: StateMark };

export const UNIT = {
  migrated: { glyph: "✓", word: "migrated", style: { color: "blue", bold: true } },
  undone: { glyph: "↶", word: "as before", style: { color: "yellow", bold: true } },
  "partly undone": { glyph: "✗", word: "not as before", style: { color: "red", bold: true } },
  "not begun": { glyph: "·", word: "not begun", style: { dimColor: true } },
} as const satisfies { readonly [state: string]: StateMark };

export const SIGN = {
  "+": { color: "blue" },
  "-": { color: "red" },
  "~": { color: "yellow" },
  " ": { dimColor: true },
} as const satisfies { readonly [sign: string]: Style };

export const TONE = {
  plain: {},
  good: { color: "blue" },
  warn: { color: "yellow" },
  bad: { color: "red", bold: true },
} as const satisfies {
  readonly [tone: string]: Style;
};
