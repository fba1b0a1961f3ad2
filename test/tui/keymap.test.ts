import { expect, it } from "vitest";
import { HELP_START } from "../../src/tui/help.ts";
import { bindings, keysAsMarkdown, KEYMAP, type KeyScope } from "../../src/tui/keymap.ts";
import { START } from "../../src/tui/state.ts";
import { drawn } from "./drawn.tsx";
import type { HelpState } from "../../src/tui/state-parts.ts";

const PLACES: readonly KeyScope[] = [
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

it.each(PLACES)("gives each key one meaning in %s", (where) => {
  const keys = bindings(where).flatMap((one) => one.keys);
  expect(new Set(keys).size).toBe(keys.length);
});

it("never applies or undoes on Enter", () => {
  for (const { action, keys } of KEYMAP) if (["apply", "undo"].includes(action)) expect(keys).not.toContain("enter");
});

it.each(PLACES)(
  "shows every key of %s in the help, and help and quit in the footer of the narrowest terminal",
  (where) => {
    const text = (help: HelpState | null, columns: number, rows: number): string =>
      drawn({ ...START, where, help }, { columns, rows }).join("\n");
    const help = text(HELP_START, 160, 60);
    for (const { show, long } of bindings(where)) {
      expect(help).toContain(show);
      expect(help).toContain(long);
    }
    const narrow = text(null, 40, 10);
    expect(narrow).toContain("? help");
    expect(narrow).toContain("q quit");
  },
);

it("makes the documentation's table from the same list", () => {
  const table = keysAsMarkdown();
  for (const { show, long } of KEYMAP) expect(table).toContain(`| \`${show}\` | ${long} |`);
});
