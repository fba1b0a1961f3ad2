import { expect, it } from "vitest";
import { header } from "../../src/tui/screens/header.ts";
import type { TuiState } from "../../src/tui/state.ts";
import { layout } from "../../src/tui/widgets/text.ts";
import { finding, scanned } from "./sample.ts";

const found = scanned([finding("DB_PASSWORD"), finding("API_TOKEN"), finding("SMTP_PASS")]);
const busy: TuiState["scan"] = {
  ...found.scan,
  unread: [{}, {}] as unknown as TuiState["scan"]["unread"],
};
const state = (scan: Partial<TuiState["scan"]>, readOnly = false): TuiState => ({
  ...found,
  readOnly,
  suppressed: new Set(["a"]),
  scan: { ...busy, ...scan },
});
const shown = (at: TuiState, columns: number): string =>
  (layout([header(at, columns)], columns, (text) => text)[0]?.spans ?? []).map(({ text }) => text).join("");
const facts = (text: string): string[] => text.split(/ {2,}/).filter(Boolean);

it.each<[what: string, at: TuiState]>([
  ["done", state({})],
  ["read-only", state({}, true)],
  ["running", state({ status: "running", done: 3, total: 120, started: 0 })],
  ["failed", state({ status: "failed" })],
])("%s: whole facts at every width, the more the wider", (_what, at) => {
  // The progress bar is shorter below 80 columns.
  const bare = (text: string): string[] => facts(text.trim().replaceAll(/[▰▱]+/g, "▰"));
  const all = bare(shown(at, 300));
  let before = 0;
  for (let columns = 50; columns <= 220; columns++) {
    const [, , ...now] = bare(shown(at, columns));
    expect(all, `${columns} columns`).toEqual(expect.arrayContaining(now));
    if (columns !== 80) expect(now.length).toBeGreaterThanOrEqual(before);
    before = now.length;
  }
  expect(before).toBe(all.length - 2);
});

it("what could not be read is shown before how many there are of each severity, and a long source gives way to the count", () => {
  expect(shown(state({}), 60)).toContain("! 2 not read");
  const long = state({ source: `compose:/srv/${"a".repeat(60)}/compose.yaml` });
  expect(shown(long, 60)).toMatch(/…? ?3 secrets in 3 places$/);
  expect(shown(long, 60)).toContain("compose:/srv/aaa");
});
