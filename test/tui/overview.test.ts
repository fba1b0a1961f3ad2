import { expect, it } from "vitest";
import type { Change } from "../../src/model/change.ts";
import type { MovedSecret } from "../../src/core/rotation.ts";
import { NO_OVERVIEW, type OverviewData, type OverviewTab } from "../../src/tui/overview.ts";
import type { TuiState } from "../../src/tui/state.ts";
import { drawn } from "./drawn.tsx";
import { finding, scanned } from "./sample.ts";
import { sit } from "./sitting.ts";

const SIZES = [
  [60, 15],
  [80, 24],
  [120, 40],
  [200, 60],
] as const;
const NOW = Date.parse("2026-03-01T12:00:00Z");

const moved = (name: string, days: number, rotation: MovedSecret["rotation"]): MovedSecret => ({
  run: "r",
  name,
  subject: "api",
  rule: "stripe-key",
  store: "prod",
  key: `apps/api ${name}`,
  movedAt: new Date(NOW - days * 86_400_000).toISOString(),
  reference: "",
  rotation,
  why: null,
  ...{ rotatedAt: null, everyDays: null },
});
const change = (kind: Change["kind"], name: string): Change => ({
  id: name,
  kind,
  at: "2026-02-28T03:00:00.000Z",
  host: "here",
  finding: finding(name),
  run: kind === "regressed" ? "20260101-000000-cafe" : null,
  since: "2026-01-05T00:00:00.000Z",
});

const found = scanned([finding("DB_PASSWORD")]);
const rotation = { "stripe-key": { text: "Roll the key.", url: "https://dashboard.stripe.com/apikeys" } };
const state = (tab: OverviewTab, data: OverviewData): TuiState => ({
  ...found,
  now: NOW,
  where: "overview",
  scan: {
    ...found.scan,
    changes: [change("regressed", "DB_PASSWORD")],
    report: { rotation, summary: { kept: 0 } } as unknown as TuiState["scan"]["report"],
  },
  overview: { ...NO_OVERVIEW, tab, data },
});
const shown = (tab: OverviewTab, data: OverviewData, columns: number, rows: number): string =>
  drawn({ ...state(tab, data), scan: { ...state(tab, data).scan } }, { columns, rows }).join("\n");

it.each(SIZES)(
  "says what has changed since the last saved scan, and what was found before, on %i×%i",
  (columns, rows) => {
    const trend = [
      { at: "2026-02-28T03:00:00.000Z", findings: 4, bySeverity: { low: 0, medium: 1, high: 2, critical: 1 } },
    ];
    const text = shown("changes", { changes: { changes: [change("gone", "OLD_TOKEN")], trend } }, columns, rows);
    expect(text).toContain("[1 Changes]");
    expect(text).toContain("Since the last saved scan  1 regressed");
    expect(text).toMatch(/! regressed +DB_PASSWORD {2}container api/);
    expect(text).toMatch(/2026-02-28 03:00 {2}4 findings/);
    expect(text).toMatch(/- gone +OLD_TOKEN/);
    const none = drawn(
      { ...state("changes", { changes: { changes: [], trend: [] } }), scan: found.scan },
      { columns, rows },
    );
    expect(none.join("\n")).toContain("unsprawl scan --remember");
  },
);

it.each(SIZES)("puts what is overdue for rotation first, with how to rotate it, on %i×%i", (columns, rows) => {
  const age = [
    moved("FRESH", 0, "same"),
    moved("DONE", 40, "rotated"),
    moved("LATE", 12, "same"),
    moved("LOST", 3, "gone"),
  ];
  const text = shown("age", { age: { moved: age, advice: rotation } }, columns, rows);
  expect(text).toContain("4 secrets moved, 1 rotated since, 1 overdue");
  expect(text).toMatch(/! overdue +LATE {2}api {2}moved 12 days ago/);
  expect(text).toContain("https://dashboard.stripe.com/apikeys");
  const whole = shown("age", { age: { moved: age, advice: rotation } }, columns, 60);
  const order = ["LATE", "LOST", "FRESH", "DONE"].map((name) => whole.indexOf(name));
  expect(order).toEqual(order.toSorted((a, b) => a - b));
  expect(whole).toMatch(/· not rotated +FRESH {2}api {2}moved today/);
});

it.each(SIZES)("shows copies that are left and whether the host is served, on %i×%i", (columns, rows) => {
  expect(shown("residue", {}, columns, rows)).toContain("r searches for other copies");
  const place = {
    kind: "shell history",
    place: "/root/.bash_history",
    name: "DB_PASSWORD",
    kept: false,
    next: "edit it",
  } as const;
  const residue = [
    { run: "r1", values: 1, plain: [], residue: [place], unseen: [], unknown: [], looked: { container: 3 } },
  ];
  expect(shown("residue", { residue }, columns, rows)).toMatch(/✗ failed +run r1: DB_PASSWORD in shell history/);
  expect(shown("residue", { residue }, columns, rows)).toContain("next: edit it");
  const agent = [
    { name: "agent", state: "warn", text: "not installed", hint: "unsprawl agent install systemd" },
  ] as const;
  expect(shown("agent", { agent }, columns, rows)).toMatch(/! warning +not installed/);
  expect(shown("agent", { agent }, columns, rows)).toContain("next: unsprawl agent install systemd");
});

it("reads each tab when it is opened, and searches for copies only when asked", async () => {
  const { session, type, screen } = sit(found, { DOCKER_HOST: "unix:///nothing/here.sock" });
  const { store } = session;
  type("o");
  await expect.poll(() => screen()).toContain("no scan has been saved on this machine");
  type("2");
  await expect.poll(() => screen()).toContain("no run has moved a secret yet");
  type("tab");
  expect(screen()).toContain("r searches for other copies");
  expect(store.get().overview.busy).toBeNull();
  type("r");
  await expect.poll(() => screen()).toContain("so there is nothing to search for");
  type("tab");
  await expect.poll(() => screen()).toContain("the labels of containers could not be read");
  type("esc");
  expect(store.get().where).toBe("browse");
});
