import type { Key } from "ink";
import { expect, it } from "vitest";
import { keyNames } from "../../src/tui/keys.ts";

const key = (more: Partial<Key>): Key => more as Key;

it.each([
  ["j", {}, ["j"]],
  [" ", {}, ["space"]],
  ["", { upArrow: true }, ["up"]],
  ["c", { ctrl: true }, ["ctrl-c"]],
  ["jjk", {}, ["j", "j", "k"]],
  // Escape and `/` on a slow line, in one piece.
  ["/", { meta: true }, ["esc", "/"]],
  ["a\tb\u007f \r", {}, ["a", "tab", "b", "backspace", "space", "enter"]],
  ["\u0015db\u0003", {}, ["ctrl-u", "d", "b", "ctrl-c"]],
  ["", { escape: true, meta: true }, ["esc"]],
] as const)("reads %j with %j as %j", (input, flags, names) => {
  expect(keyNames(input, key(flags))).toEqual(names);
});
