import fc from "fast-check";
import { expect, it } from "vitest";
import { filterGroups } from "../../src/tui/filter.ts";
import { groupHits } from "../../src/tui/groups.ts";
import { NO_HISTORY } from "../../src/tui/history.ts";
import { itemsOf, selectedAt, shownPrints } from "../../src/tui/items.ts";
import { prepare } from "../../src/tui/prepare.ts";
import { sectionsOf } from "../../src/tui/sections.ts";
import { createStore } from "../../src/tui/state.ts";
import { finding, scanned } from "./sample.ts";

const found = fc.array(
  fc.record({
    name: fc.constantFrom("DB_PASSWORD", "API_TOKEN", "SMTP_PASS"),
    secret: fc.constantFrom("a", "b", "c", "d"),
    subject: fc.constantFrom("api", "web", "worker"),
    severity: fc.constantFrom("low" as const, "high" as const, "critical" as const),
    state: fc.constantFrom("new" as const, "known" as const, "regressed" as const),
  }),
  { maxLength: 25 },
);

it("puts under each heading what grouping that heading's findings alone would give", () => {
  fc.assert(
    fc.property(found, (all) => {
      const { scan } = scanned(
        all.map(({ name, secret, subject, severity, state }) =>
          finding(name, { fingerprint: secret, severity, state }, subject),
        ),
      );
      const sections = sectionsOf(scan.groups, "container", NO_HISTORY);
      expect(sections.map(({ title }) => title).sort()).toEqual(
        [...new Set(all.map(({ subject }) => `container ${subject}`))].sort(),
      );
      for (const { title, groups } of sections) {
        const those = scan.hits.filter(({ finding }) => `container ${finding.location.subjectName}` === title);
        expect(groups).toEqual(groupHits(those));
      }
    }),
  );
});

it("makes groupings and the filter's texts ready while nobody types, and stops when the findings are others", async () => {
  const state = scanned(["DB_PASSWORD", "API_TOKEN"].map((name) => finding(name)));
  const store = createStore(state);
  prepare(store);
  for (let turn = 0; turn < 20; turn++) await new Promise((next) => setImmediate(next));
  // What is ready is not read again: the findings could as well be gone.
  for (const { findings, hits } of state.scan.groups)
    for (const gone of [findings, hits] as unknown[][]) gone.length = 0;
  expect(filterGroups(state.scan.groups, "api").length).toBe(2);
  expect(itemsOf({ ...state, grouping: "container" }).map(({ kind }) => kind)).toEqual(["section", "group", "group"]);

  prepare(store);
  const fresh = scanned([finding("SMTP_PASS")]);
  store.set(() => fresh);
  for (let turn = 0; turn < 20; turn++) await new Promise((next) => setImmediate(next));
  expect(itemsOf({ ...store.get(), grouping: "container" })).toHaveLength(2);
});

it("finds each selected row wherever the last one was, and shows each secret once", () => {
  const findings = Array.from({ length: 3000 }, (_, at) =>
    finding(`KEY_${at % 1200}`, { fingerprint: `f${at % 1200}` }, `c${at % 7}`),
  );
  for (const grouping of ["container", "secret"] as const) {
    const state = { ...createStore().get(), ...scanned(findings), grouping, filter: "key_1 !c3" };
    const items = itemsOf(state);
    for (const at of [items.length - 1, 0, 5, items.length - 2, Math.floor(items.length / 2), 1])
      expect(selectedAt({ ...state, selected: items[at]?.key ?? null }, items)).toBe(at);
    expect(selectedAt({ ...state, selected: "gone" }, items)).toBe(items.findIndex(({ kind }) => kind === "group"));
    const prints = items.flatMap((item) => (item.kind === "group" ? [item.group.fingerprint] : []));
    expect([...shownPrints(state)].sort()).toEqual([...new Set(prints)].sort());
    expect(prints.length).toBeGreaterThan(0);
  }
});
