import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { Secret } from "../../src/model/secret.ts";
import { keepDecisions, takeUp } from "../../src/tui/kept.ts";
import { START } from "../../src/tui/state.ts";
import { finding, scanned } from "./sample.ts";
import { sit } from "./sitting.ts";

const PRINT = "ab".repeat(32);

it("keeps marks, filter and store for the next sitting, 0600, and says so there", async () => {
  const first = sit(scanned([finding("DB_PASSWORD", { fingerprint: PRINT })]));
  const keep = keepDecisions(first.session);
  first.type("space", "/", "db", "enter", "b");
  first.session.store.set(({ stores }) => ({ stores: { ...stores, last: "prod" } }));
  await keep();
  const file = join(first.state, "decided.json");
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readFileSync(file, "utf8")).not.toContain("DB_PASSWORD");
  // As a new process would: nothing but the folder is the same.
  first.session.store.set(() => START);
  takeUp(first.session);
  const { marked, filter, grouping, stores } = first.session.store.get();
  expect([[...marked], filter, grouping, stores.last]).toEqual([[PRINT], "db", "image", "prod"]);
  expect(first.screen()).toContain('as you left it: 1 mark, the filter "db", by image, the store prod');
});

it("has kept a decision shortly after it was made, for a process that is killed", async () => {
  const { session, type, state } = sit(scanned([finding("A", { fingerprint: PRINT })]));
  const keep = keepDecisions(session);
  type("a");
  await expect.poll(() => readFileSync(join(state, "decided.json"), "utf8")).toContain(PRINT);
  await keep();
});

it("keeps no filter that holds a value", async () => {
  const value = randomBytes(18).toString("hex");
  const { session, type, state } = sit(scanned([finding("A", { fingerprint: PRINT })]));
  session.assembly.redactor.know(Secret.of(value));
  const keep = keepDecisions(session);
  type("a", "/", value, "enter");
  await keep();
  expect(readFileSync(join(state, "decided.json"), "utf8")).toBe(
    `{"version":1,"marked":["${PRINT}"],"filter":"","grouping":"secret","store":null}\n`,
  );
});

it.each([
  "",
  "{}",
  '{"version":1,"marked":["<x>"],"filter":"","grouping":"secret","store":null}',
  '{"version":1,"marked":[],"filter":"","grouping":"colour","store":null}',
  "\u0000",
])("starts afresh, and says so, when what was kept is %j", (text) => {
  const { session, screen, state } = sit({});
  mkdirSync(state, { recursive: true });
  writeFileSync(join(state, "decided.json"), text);
  takeUp(session);
  expect(session.store.get().marked.size).toBe(0);
  expect(screen()).toContain("cannot be read");
});
