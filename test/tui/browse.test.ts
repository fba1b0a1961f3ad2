import { expect, it } from "vitest";
import type { Assembly } from "../../src/assembly/index.ts";
import type { RunSummary } from "../../src/core/journal/runs.ts";
import type { Finding } from "../../src/model/finding.ts";
import type { Plan } from "../../src/model/plan.ts";
import { press } from "../../src/tui/actions.ts";
import { filterGroups } from "../../src/tui/filter.ts";
import { groupHits } from "../../src/tui/groups.ts";
import { historyOf } from "../../src/tui/history.ts";
import { itemsOf, wantedOf } from "../../src/tui/items.ts";
import { roomsOf, scrollEnd } from "../../src/tui/screens/rooms.ts";
import { HERE } from "../../src/tui/target.ts";
import { createSession } from "../../src/tui/session.ts";
import type { TuiState } from "../../src/tui/state.ts";
import { drawn } from "./drawn.tsx";
import { everyScreen, finding, scanned } from "./sample.ts";

const SHARED = "shared";
const FINDINGS: readonly Finding[] = [
  finding("STRIPE_KEY", { fingerprint: SHARED, severity: "critical", rule: "stripe-secret-key" }, "api"),
  finding("STRIPE_KEY", { fingerprint: SHARED, severity: "critical", rule: "stripe-secret-key" }, "worker"),
  finding("DB_PASSWORD", { severity: "high" }, "api"),
  finding("OLD_TOKEN", { severity: "medium", state: "migrated" }, "worker"),
  finding("LOW_ONE", { severity: "low" }, "zone"),
];
const SIZES = [
  [60, 15],
  [80, 24],
  [120, 40],
  [300, 100],
] as const;

type Sitting = {
  readonly press: (...keys: string[]) => void;
  readonly state: () => TuiState;
  readonly screen: () => string;
};

/** A sitting with these findings: keys go in, rows come out. */
function sitting(columns = 120, rows = 40, findings = FINDINGS, change: Partial<TuiState> = {}): Sitting {
  const session = createSession({} as Assembly, HERE);
  session.store.set(() => ({ ...scanned(findings), ...change }));
  const size = { columns, rows };
  const same = (text: string): string => text;
  return {
    press(...keys) {
      for (const key of keys) {
        const last = scrollEnd(session.store.get(), size, same);
        const wide = roomsOf(session.store.get(), size, same).panes.shape !== "one";
        press(session, key, { page: rows - 6, last, blind: false, wide });
      }
    },
    state: session.store.get,
    screen: () => drawn(session.store.get(), size).join("\n"),
  };
}

/** The rows of the list as `heading` or `NAME places`. */
function listed(state: TuiState): string[] {
  return itemsOf(state).map((item) => {
    if (item.kind === "section") return item.section.title;
    return item.kind === "group" ? `${item.group.name} ${item.group.findings.length}` : item.key;
  });
}

it("groups by image, store, severity, container and secret in turn, and keeps the chosen secret", () => {
  const { press: type, state } = sitting();
  type("j");
  expect(listed(state())).toEqual(["STRIPE_KEY 2", "DB_PASSWORD 1", "OLD_TOKEN 1", "LOW_ONE 1"]);
  type("b", "b", "b", "b");
  expect(listed(state())).toEqual([
    "container api",
    "STRIPE_KEY 1",
    "DB_PASSWORD 1",
    "container worker",
    "STRIPE_KEY 1",
    "OLD_TOKEN 1",
    "container zone",
    "LOW_ONE 1",
  ]);
  expect([...wantedOf(state())]).toEqual(["DB_PASSWORD"]);
  type("b", "b");
  expect(listed(state())[0]).toBe("no image: container");
  type("b");
  expect(listed(state())[0]).toBe("in no store");
  type("b");
  expect(listed(state()).filter((row) => !row.includes(" "))).toEqual(["critical", "high", "medium", "low"]);
  type("b", "b");
  expect(state().grouping).toBe("secret");
});

it("groups by the image that containers were made from", () => {
  const made = scanned(FINDINGS);
  const hits = made.scan.hits.map((hit) => ({ ...hit, image: `shop:${hit.finding.location.subjectName}` }));
  const state: TuiState = { ...made, grouping: "image", scan: { ...made.scan, hits, groups: groupHits(hits) } };
  expect(listed(state).filter((row) => row.startsWith("shop"))).toEqual(["shop:api", "shop:worker", "shop:zone"]);
});

it("wants every word of a filter, and ! before a word wants those without it", () => {
  const { groups } = scanned(FINDINGS).scan;
  const names = (filter: string): string[] => filterGroups(groups, filter).map(({ name }) => name);
  expect(names("")).toHaveLength(4);
  expect(names("api")).toEqual(["STRIPE_KEY", "DB_PASSWORD"]);
  expect(names("api  high")).toEqual(["DB_PASSWORD"]);
  expect(names("api !high")).toEqual(["STRIPE_KEY"]);
  expect(names("!api !zone")).toEqual(["OLD_TOKEN"]);
  expect(names("MIGRATED")).toEqual(["OLD_TOKEN"]);
  expect(names("!")).toHaveLength(4);
  // Words stand in one name, not across two.
  expect(names("apipassword")).toEqual([]);
});

it("narrows by facets: one of each facet's chosen values, all facets together, visibly", () => {
  const { press: type, state, screen } = sitting();
  type("f");
  expect(screen()).toContain("Facets");
  const choose = (key: string): void => {
    for (type("g"); !screen().includes(`▸ [ ] ${key} `); type("j"))
      if (state().facetAt > 30) throw new Error(`no facet ${key}:\n${screen()}`);
    type("space");
  };
  choose("high");
  choose("critical");
  type("esc");
  expect(listed(state())).toEqual(["STRIPE_KEY 2", "DB_PASSWORD 1"]);
  expect(screen()).toContain("2 of 4");
  expect(screen()).toContain("severity:high");
  type("f");
  choose("worker");
  type("esc");
  expect(listed(state())).toEqual(["STRIPE_KEY 2"]);
  type("esc");
  expect(listed(state())).toHaveLength(4);
});

it("says which of filter and facets leaves nothing, and esc takes back one after the other", () => {
  const { press: type, state, screen } = sitting(60, 15, FINDINGS, { facets: new Set(["severity:high"]) });
  type("/", "z", "o", "n", "e", "enter");
  expect(screen()).toContain("nothing matches the filter");
  type("esc");
  expect(listed(state())).toEqual(["DB_PASSWORD 1"]);
  type("esc");
  expect(state().facets.size).toBe(0);
});

it("marks one, a range, all under a heading, and all that are shown", () => {
  const { press: type, state, screen } = sitting();
  type("space");
  expect([...state().marked]).toEqual([SHARED]);
  type("v", "j");
  expect(screen()).toContain("›");
  expect(state().marked.size).toBe(1);
  type("v");
  expect([...state().marked]).toEqual([SHARED, "DB_PASSWORD", "OLD_TOKEN"]);
  expect(state().range).toBeNull();
  type("v", "j", "esc");
  expect(state().marked.size).toBe(3);
  type("a");
  expect(state().marked.size).toBe(4);
  type("a");
  expect(state().marked.size).toBe(0);
  type("b", "b", "b", "b", "g", "j", "A");
  expect([...state().marked]).toEqual([SHARED, "DB_PASSWORD"]);
  expect(screen()).toMatch(/~ ▾ container worker/);
  type("g", "space");
  expect(state().marked.size).toBe(0);
  // A heading that is chosen stands for all under it.
  type("g");
  expect([...wantedOf(state())]).toEqual([SHARED, "DB_PASSWORD"]);
});

it.each(SIZES)("walks through the tabs on %i×%i, and a tab opens where one pane is in sight", (columns, rows) => {
  const { press: type, state, screen } = sitting(columns, rows);
  const both = columns >= 90 || rows >= 20;
  type("2");
  expect(state().where).toBe(both ? "browse" : "detail");
  expect(screen()).toContain("[2 Places]");
  expect(screen()).toContain("2 places in 2 containers");
  expect(screen()).toContain("worker");
  type("tab");
  expect(screen()).toContain("[3 Exposure]");
  expect(screen()).toContain("in api, worker");
  type("]");
  expect(screen()).toContain("Nothing is planned yet");
  type("5");
  expect(screen()).toContain("no run has touched this secret");
  type("tab");
  expect(state().tab).toBe("evidence");
  type("shift-tab");
  expect(state().tab).toBe("journal");
});

it("tells what the last store would do with the chosen secret, or why it cannot", () => {
  const plan = everyScreen("PLANNED", 2).find(({ planned }) => planned !== null)?.planned?.plan as Plan;
  const stores = { ...scanned([]).stores, last: "prod" };
  const shown = (previews: TuiState["previews"]): string =>
    sitting(120, 40, FINDINGS, { tab: "plan", stores, previews }).screen();
  expect(shown(new Map([[SHARED, { store: "prod", plan, error: null }]]))).toContain("create only, read back");
  const error = { text: "the store is sealed", hint: "unseal it" };
  expect(shown(new Map([[SHARED, { store: "prod", plan: null, error }]]))).toContain("unseal it");
  // What another store would do is not told as this one's.
  expect(shown(new Map([[SHARED, { store: "other", plan, error: null }]]))).toContain("planning…");
});

it("tells of the runs that moved this secret and those that touched what holds it", () => {
  const run = {
    run: "20260101-000000-abcd",
    createdAt: "",
    store: "prod",
    engine: "",
    state: "done",
    ended: null,
    error: null,
  } as const;
  const summary: RunSummary = {
    ...run,
    units: [{ unit: "api", state: "done", secrets: 2 }],
    secrets: 2,
    next: "unsprawl scrub",
  };
  const put = (name: string, fingerprint: string): Plan["steps"][number] => ({
    id: `put:${name}`,
    kind: "put",
    unit: "api",
    move: {
      name,
      location: finding(name, {}, "api").location,
      fingerprint,
      length: 1,
      key: { path: "apps/api", field: name },
      reference: "",
    },
    found: "absent",
    overwrite: false,
  });
  const plan = { steps: [put("STRIPE_KEY", SHARED), put("DB_PASSWORD", "another")] } as unknown as Plan;
  const history = historyOf([{ summary, plan }]);
  const { press: type, screen, state } = sitting(120, 40, FINDINGS, { tab: "journal", history });
  expect(screen()).toContain("This secret");
  expect(screen()).toContain("apps/api STRIPE_KEY");
  expect(screen()).toContain("Other secrets in the same places");
  expect(screen()).toContain("unsprawl scrub");
  type("G");
  expect(screen()).toContain("no run has touched this secret");
  type("b", "b");
  expect(listed(state()).filter((row) => ["prod", "in no store"].includes(row))).toEqual(["prod", "in no store"]);
});

it("names no more places than can be laid out at once, and says how to see the rest", () => {
  const many = Array.from({ length: 1000 }, (_, at) => finding("ONE", { fingerprint: "one" }, `host-${at}`));
  const { press: type, screen } = sitting(120, 40, many);
  expect(screen()).toContain("and 994 more: 2 Places");
  type("2", "enter", "G");
  expect(screen()).toContain("and 800 places more: b groups by container");
});

it("keeps the list as it is while nothing that it is made of changes", () => {
  const { press: type, state } = sitting();
  const before = itemsOf(state());
  type("j", "2", "space");
  expect(itemsOf(state())).toBe(before);
});

const HEADED = { grouping: "container" } as const;

it("says where: the container and how many more, or under its heading the place in it", () => {
  const lines = (change: Partial<TuiState>): string[] =>
    sitting(160, 30, FINDINGS, change)
      .screen()
      .split("\n")
      .map((row) => (row.slice(1).split("│")[0] ?? "").trim().replace(/\s+/g, " "))
      .filter((row) => /STRIPE|container (api|worker)/.test(row));
  expect(lines({})).toEqual(["■ STRIPE_KEY api +1 •••••••• + new stripe-secret-key"]);
  expect(lines(HEADED)).toEqual([
    "▾ container api 2 secrets",
    "■ STRIPE_KEY own variable +1 •••••••• + new stripe-secret-key",
    "▾ container worker 2 secrets",
    "■ STRIPE_KEY own variable +1 •••••••• + new stripe-secret-key",
  ]);
  // A second place in the same container is one more, too.
  const twice = finding("STRIPE_KEY", {
    fingerprint: SHARED,
    location: { ...finding("A").location, path: "Config.Cmd" },
  });
  expect(sitting(160, 45, [...FINDINGS, twice], HEADED).screen()).toMatch(/STRIPE_KEY +own variable \+2 /);
  // The evidence is about all places, whatever heading the row is under.
  expect(sitting(160, 45, FINDINGS, HEADED).screen()).toMatch(/seen +api .*\n.* worker /);
});

it("folds the group of a row, a selected heading, and all, and keeps the marks of what is folded", () => {
  const { press: type, state, screen } = sitting(120, 40, FINDINGS, HEADED);
  type("space", "h");
  expect(listed(state()).slice(0, 3)).toEqual(["container api", "container worker", "STRIPE_KEY 1"]);
  expect(screen()).toMatch(/▸~ ▸ container api +2 secrets/);
  // What is folded is still wanted as a whole.
  type("space");
  expect([...state().marked]).toEqual([SHARED, "DB_PASSWORD"]);
  type("g", "enter");
  expect(listed(state())[1]).toBe("STRIPE_KEY 1");
  type("z");
  expect(listed(state())).toEqual(["container api", "container worker", "container zone"]);
  type("z");
  expect(listed(state())).toHaveLength(8);
});

it("sorts by severity, name, place and state, as people count", () => {
  const many = ["svc-10", "svc-9", "svc-1"].map((subject, at) =>
    finding(`TOKEN_${11 - at * 5}`, { fingerprint: subject, state: at === 1 ? "regressed" : "new" }, subject),
  );
  const { press: type, state, screen } = sitting(120, 40, many);
  expect(listed(state())).toEqual(["TOKEN_1 1", "TOKEN_6 1", "TOKEN_11 1"]);
  type("s", "s");
  expect(screen()).toContain("sorted by place");
  expect(listed(state())).toEqual(["TOKEN_1 1", "TOKEN_6 1", "TOKEN_11 1"]);
  type("s");
  expect(listed(state())[0]).toBe("TOKEN_6 1");
});

it("says which row of how many is selected, and keeps the view while the selection moves in it", () => {
  const many = Array.from({ length: 100 }, (_, at) => finding(`TOKEN_${at}`));
  const { press: type, screen } = sitting(80, 15, many, HEADED);
  type("G");
  expect(screen()).toContain("100/100");
  type("g");
  expect(screen()).toContain("Secrets  100");
  expect(screen()).toMatch(/┃\n[^]*│\n/);
});

it("tells of old copies that runs keep in one line, which nothing can be done with", () => {
  const made = scanned(FINDINGS);
  const report = { summary: { kept: 5, hidden: 0, ignored: 0, subjects: 3 }, rotation: {} } as never;
  const { press: type, screen, state } = sitting(120, 40, FINDINGS, { scan: { ...made.scan, report } });
  expect(screen()).toContain("5 old copies kept for rollback");
  type("G", "space");
  expect(state().marked.size).toBe(0);
  expect(screen()).toContain("L lists the runs");
});

it.each(SIZES)("shows of each row at %i×%i as much as there is room for, the name last to be cut", (columns, rows) => {
  const long = finding(`A_${"LONG_".repeat(9)}NAME`, { masked: "•".repeat(40) }, `a-${"long-".repeat(9)}container`);
  const rowsOf = sitting(columns, rows, [long, finding("B_KEY", { rule: "other" })])
    .screen()
    .split("\n");
  const row = rowsOf.find((one) => one.includes("A_LONG_")) ?? "";
  expect(row).toContain("+ new");
  if (columns === 300) expect(row).toMatch(/■|▲ high +A_LONG_/);
  else expect(row).toContain("…");
});

it("says since when a secret is known, in its row where there is room, and in its evidence", () => {
  const made = scanned([finding("A_KEY"), finding("B_KEY")]);
  const hits = made.scan.hits.map((hit, at) => (at === 0 ? { ...hit, firstSeen: "2026-01-05T03:00:00.000Z" } : hit));
  const groups = groupHits(hits);
  const { screen } = sitting(200, 60, [], {
    scan: { ...made.scan, hits, groups },
    selected: groups[0]?.fingerprint ?? null,
  });
  expect(screen()).toMatch(/A_KEY .*since 2026-01-05/);
  expect(screen()).not.toMatch(/B_KEY .*since/);
  expect(screen()).toContain("since   2026-01-05, when a saved scan first had it");
});
