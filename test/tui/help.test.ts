import { expect, it } from "vitest";
import { KEYMAP, type KeyScope } from "../../src/tui/keymap.ts";
import { START, type TuiState } from "../../src/tui/state.ts";
import { drawn } from "./drawn.tsx";
import { everyScreen, finding, scanned } from "./sample.ts";
import { sit } from "./sitting.ts";
import { NO_HISTORY, type SecretRun } from "../../src/tui/history.ts";
import { SHOP } from "./shop.ts";

const found = scanned([finding("DB_PASSWORD"), finding("API_TOKEN")]);

it.each([
  [60, 15],
  [80, 24],
  [120, 40],
  [200, 60],
])("groups the keys, filters them and runs the one that is chosen, on %i×%i", (columns, rows) => {
  const { session, type, screen } = sit(found);
  const shown = (): string => screen(columns, rows);
  type("?");
  expect(shown()).toContain("Keys of the list");
  expect(shown()).toContain("\n Decide");
  expect(shown()).toContain("enter run this key");
  type("/", "sort");
  expect(shown()).toMatch(/Look at\n ▸ s +sort by severity/);
  expect(shown()).not.toContain("Decide");
  type("enter");
  expect(session.store.get()).toMatchObject({ help: null, sort: "name" });
  // Esc takes back the filter first, then closes.
  type("?", "/", "zzz");
  expect(shown()).toContain("no key matches");
  type("esc", "esc");
  expect(session.store.get().help).toBeNull();
});

it("says so instead of running a key that does nothing, or whose own press is the answer", () => {
  const { session, type } = sit(found);
  const note = (): string => session.store.get().status?.text ?? "";
  type("?", "/", "undo", "enter");
  expect(note()).toMatch(/^u does nothing here now/);
  const planned = sit({ ...(SHOP["plan"] as TuiState), help: null });
  planned.type("?", "/", "apply", "enter");
  expect(planned.session.store.get()).toMatchObject({ where: "plan", run: null });
  expect(planned.session.store.get().status?.text).toMatch(/^y is pressed itself: enter never applies a plan/);
  // What is refused when it is read-only stays refused.
  const reading = sit({ ...found, readOnly: true });
  reading.type("?", "/", "ignore the", "enter");
  expect(reading.session.store.get().prompt).toBeNull();
});

const screens: readonly TuiState[] = [...everyScreen("web", 12), ...Object.values(SHOP)];

const MOVED = { unitState: "done", reference: "ref+x" } as SecretRun;

/** States in which a key works that does not elsewhere. */
const MOMENTS: readonly TuiState[] = [
  found,
  { ...found, filter: "db" },
  { ...found, range: "DB_PASSWORD" },
  { ...found, canUndoIgnore: true, marked: new Set(["API_TOKEN"]) },
  { ...found, grouping: "container", selected: "section:container api" },
  { ...found, canUndoIgnore: true },
  { ...found, history: { ...NO_HISTORY, of: () => ({ secret: [MOVED], subjects: [] }) } },
  {
    ...(screens.find(({ where }) => where === "stores") as TuiState),
    stores: { ...START.stores, choices: [{ name: "local", text: "" }] },
  },
  ...["done", "unfinished"].map((state): TuiState => {
    const runs = screens.find(({ where }) => where === "runs") as TuiState;
    return { ...runs, runs: { at: 0, list: runs.runs.list.map((run) => ({ ...run, state: state as "done" })) } };
  }),
];

it("offers every key in some footer of a terminal of 120 columns", () => {
  const all = [...screens, ...MOMENTS].flatMap((state) => {
    const footer = drawn({ ...state, help: null }, { columns: 120, rows: 40 }).at(-1) ?? "";
    return [[state.where, footer] as const];
  });
  const offered = (where: KeyScope, show: string): boolean =>
    all.some(([at, footer]) => at === where && ` ${footer} `.includes(` ${show} `));
  const missing = KEYMAP.filter(({ where, show }) => !where.some((one) => offered(one, show)));
  expect(missing.map(({ show, long }) => `${show}: ${long}`)).toEqual([]);
});

it("has footers of its own for a list that is read-only, failed, narrowed or marked", () => {
  const footer = (state: TuiState): string => drawn(state, { columns: 120, rows: 24 }).at(-1)?.trim() ?? "";
  const failed = {
    ...START,
    scan: { ...START.scan, status: "failed", error: { text: "no engine", hint: null } },
  } as const;
  const footers = [found, { ...found, readOnly: true }, failed, ...MOMENTS.slice(1, 5)].map(footer);
  expect(new Set(footers).size).toBe(footers.length);
  expect(footers[2]).toMatch(/^r scan again/);
  expect(footers[3]).toMatch(/^\/ filter .*esc clear filter  \? help/);
  expect(footers[4]).toMatch(/^space mark range {2}v range {2}.*esc end range/);
  expect(footers[5]).toMatch(/^m migrate 1 marked/);
  expect(footers[6]).toMatch(/^enter fold {2}A mark group {2}m migrate 2 secrets/);
});
