import type { Key } from "ink";

/** Converts Ink's key press to the keymap's names; several if they arrived in one piece (fast typing, a slow line). */
export function keyNames(input: string, key: Key): readonly string[] {
  if (key.ctrl) return [`ctrl-${input}`];
  if (key.tab && key.shift) return ["shift-tab"];
  const named = NAMED.find(([flag]) => key[flag]);
  if (named) return [named[1]];
  if (key.super || key.hyper) return [];
  const typed = Array.from(input, (char) => TYPED[char] ?? withCtrl(char));
  // Escape and a key that arrive together look like Alt and that key, which has no meaning here.
  return key.meta ? ["esc", ...typed] : typed;
}

/** Keys whose bytes are among text that arrives together with them. */
const TYPED: { readonly [char: string]: string } = {
  " ": "space",
  "\r": "enter",
  "\n": "enter",
  "\t": "tab",
  "\u007f": "backspace",
};

function withCtrl(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  return code >= 1 && code <= 26 ? `ctrl-${String.fromCodePoint(code + 96)}` : char;
}

const NAMED = [
  ["upArrow", "up"],
  ["downArrow", "down"],
  ["leftArrow", "left"],
  ["rightArrow", "right"],
  ["pageUp", "pageup"],
  ["pageDown", "pagedown"],
  ["home", "home"],
  ["end", "end"],
  ["return", "enter"],
  ["escape", "esc"],
  ["tab", "tab"],
  ["backspace", "backspace"],
  ["delete", "backspace"],
] as const satisfies readonly (readonly [keyof Key, string])[];
