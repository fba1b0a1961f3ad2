import { expect, it } from "vitest";
import { numbers } from "../../src/tui/accessible/numbers.ts";
import { spoken } from "../../src/tui/accessible/spoken.ts";
import { detail } from "../../src/tui/screens/tabs/index.ts";
import { planLines } from "../../src/tui/screens/plan.ts";
import { proofLines } from "../../src/tui/screens/proof.ts";
import { receiptLines } from "../../src/tui/screens/receipts.ts";
import { narrowed } from "../../src/tui/accessible/narrow.ts";
import { itemsOf } from "../../src/tui/items.ts";
import { TABS } from "../../src/tui/state.ts";
import { line, wrapped } from "../../src/tui/widgets/text.ts";
import { everyScreen } from "./sample.ts";

const same = (text: string): string => text;

it.each([
  ["1", [0]],
  ["1 3-5", [0, 2, 3, 4]],
  ["2,1", [1, 0]],
  ["all", [0, 1, 2, 3, 4]],
  ["3-1", null],
  ["0", null],
  ["6", null],
  ["1-999999999", null],
  ["one", null],
  ["", null],
] as const)("reads %j in a list of five as %j", (typed, places) => {
  expect(numbers(typed, 5)).toEqual(places);
});

it.each([
  [
    wrapped(3, { text: "   store   " }, { text: "+ " }, "secret/api  create only"),
    "store   add secret/api  create only",
  ],
  [wrapped(3, { text: "   config  " }, { text: "- " }, "A=••••••"), "config  remove A=[hidden]"],
  [line(" ", { text: "✓ migrated" }, "  ", "api"), "migrated  api"],
  [line({ text: " ✗ " }, "it failed"), "failed: it failed"],
  [line({ text: " ! nothing here can be moved" }), "attention: nothing here can be moved"],
  [line("a → b"), "a to b"],
  [line(" unsprawl ", { text: "▸ scanning ▰▰▱▱▱▱ 3/14" }), "unsprawl scanning 3/14"],
  [line("this is not prod; esc goes back, nothing is done"), "this is not prod; b goes back, nothing is done"],
  [line("esc, then r scans again"), "b, then r scans again"],
  [line("esc-api"), "esc-api"],
  [line("- not a sign of ours"), "- not a sign of ours"],
])("reads %j aloud as %j", (shown, heard) => {
  expect(spoken([shown], same)).toEqual([heard]);
});

it("says nothing that a terminal obeys, and no known value", () => {
  const hostile = "\u001b]8;;http://x\u0007\u001b[2J\r\u202e\u009bvalue-of-it";
  const guard = (text: string): string => text.replaceAll("value-of-it", "[secret]");
  for (const state of everyScreen(hostile, 3)) {
    const [item] = itemsOf(state);
    const lines = [
      ...TABS.flatMap((tab) => detail(item, { ...state, tab })),
      ...(state.planned ? planLines(state.planned.plan, { diff: true }) : []),
      ...(state.result ? proofLines(state.result) : []),
      ...(state.opened ? receiptLines(state.opened) : []),
      ...narrowed(state).map((text) => line(text)),
    ];
    const text = spoken(lines, guard).join("\n");
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    expect(text).not.toContain("value-of-it");
  }
});
