import { expect, it } from "vitest";
import { Redactor } from "../../src/kit/text/redact.ts";
import type { TuiState } from "../../src/tui/state.ts";
import { summary } from "../../src/tui/summary.ts";
import { SHOP } from "./shop.ts";

const told = Array.from({ length: 12 }, (_, at) => `container-${at}`).join(" ");
const state = SHOP["proof"] as TuiState;
const ended = state.result === null ? [] : [{ ...state.result, told: [told] }];

it.each([60, 80, 120, 200])("breaks what remains on the screen at spaces, and no command, at %i columns", (columns) => {
  const lines = summary({ ...state, ended }, new Redactor(), columns).split("\n");
  expect(lines.filter((line) => !line.startsWith("  next: ")).filter((line) => line.length > columns)).toEqual([]);
  const words = lines.flatMap((line) => line.split(/\s+/));
  for (const word of told.split(" ")) expect(words).toContain(word);
  expect(lines.find((line) => line.startsWith("  next: "))).toMatch(/scrub \S+ purges .* rollback \S+ undoes it$/);
  expect(summary({ ...state, ended }, new Redactor(), null)).toContain(told);
});
