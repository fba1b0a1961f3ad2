import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { keepDecisions, takeUp } from "../../src/tui/kept.ts";
import { START } from "../../src/tui/state.ts";
import { finding, scanned } from "./sample.ts";
import { sit } from "./sitting.ts";

const PRINT = "ab".repeat(32);

it("keeps grouping, order and store for the next session, 0600, and says so there; no mark and no filter", async () => {
  const first = sit(scanned([finding("DB_PASSWORD", { fingerprint: PRINT })]));
  const keep = keepDecisions(first.session);
  first.type("space", "/", "db", "enter", "b", "s");
  first.session.store.set(({ stores }) => ({ stores: { ...stores, last: "prod" } }));
  await keep();
  const file = join(first.state, "decided.json");
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const kept = { version: 3, grouping: "image", sort: "name", stores: { [first.cwd]: "prod" } };
  expect(readFileSync(file, "utf8")).toBe(`${JSON.stringify(kept)}\n`);
  // As a new process would: nothing but the folder is the same.
  first.session.store.set(() => START);
  takeUp(first.session);
  const { marked, filter, grouping, sort, stores } = first.session.store.get();
  expect([[...marked], filter, grouping, sort, stores.last]).toEqual([[], "", "image", "name", "prod"]);
  expect(first.screen()).toContain("Restored: grouped by image, sorted by name");
});

it("remembers the store of each folder, and takes none from another or from an earlier version", async () => {
  const { session, state, cwd } = sit({});
  mkdirSync(state, { recursive: true });
  const put = (kept: object): void =>
    writeFileSync(join(state, "decided.json"), JSON.stringify({ grouping: "container", sort: "severity", ...kept }));
  put({ version: 2, store: "local" });
  takeUp(session);
  expect(session.store.get().stores.last).toBeNull();
  put({ version: 3, stores: { "/elsewhere": "local" } });
  takeUp(session);
  expect(session.store.get().stores.last).toBeNull();
  const keep = keepDecisions(session);
  session.store.set(({ stores }) => ({ stores: { ...stores, last: "prod" } }));
  await keep();
  const { stores } = JSON.parse(readFileSync(join(state, "decided.json"), "utf8")) as { stores: unknown };
  expect(stores).toEqual({ "/elsewhere": "local", [cwd]: "prod" });
});

it("has kept a choice shortly after it was made, for a process that is killed", async () => {
  const { session, type, state } = sit(scanned([finding("A", { fingerprint: PRINT })]));
  const keep = keepDecisions(session);
  type("b");
  await expect.poll(() => readFileSync(join(state, "decided.json"), "utf8")).toContain("image");
  await keep();
});

it("leaves the marks and the filter of an earlier version's file, and says nothing where nothing differs", () => {
  const { session, screen, state } = sit({});
  mkdirSync(state, { recursive: true });
  const file = `{"version":1,"marked":["${PRINT}"],"filter":"db","grouping":"container","store":null}`;
  writeFileSync(join(state, "decided.json"), file);
  takeUp(session);
  expect(session.store.get()).toMatchObject({ marked: new Set(), filter: "", grouping: "container" });
  expect(screen()).not.toContain("Restored");
});

it.each([
  "",
  "{}",
  '{"version":2,"grouping":"secret","sort":"luck","store":null}',
  '{"version":1,"marked":[],"filter":"","grouping":"colour","store":null}',
  '{"version":3,"grouping":"secret","sort":"name","stores":{"/srv":1}}',
  '{"version":4,"grouping":"secret","sort":"name","stores":{}}',
  "\u0000",
])("starts afresh, and says so, when what was kept is %j", (text) => {
  const { session, screen, state } = sit({});
  mkdirSync(state, { recursive: true });
  writeFileSync(join(state, "decided.json"), text);
  takeUp(session);
  expect(session.store.get().grouping).toBe(START.grouping);
  expect(screen()).toContain("cannot be read");
});
