import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { createJournal } from "../../src/core/journal/journal.ts";
import { Secret } from "../../src/model/secret.ts";
import { paste } from "../../src/tui/actions.ts";
import { applyTools } from "../../src/tui/tools.ts";
import { revealRows } from "../../src/tui/screens/reveal.ts";
import { REVEAL_MS } from "../../src/tui/verbs/reveal.ts";
import { planOf } from "../core/fixtures.ts";
import { finding, scanned } from "./sample.ts";
import { sit, type Sitting } from "./sitting.ts";

function withValues(values: readonly string[]): Sitting {
  const state = scanned(values.map((_, at) => finding(`N${at}_PASSWORD`, { id: `id${at}`, fingerprint: `${at}f` })));
  const hits = state.scan.hits.map((hit, at) => ({ ...hit, part: Secret.of(values[at] ?? "") }));
  const sitting = sit({ ...state, scan: { ...state.scan, hits } });
  for (const value of values) sitting.session.assembly.redactor.know(Secret.of(value));
  return sitting;
}

it("reveals one value, hides it on any key, and records who, when and which", () => {
  const values = [randomBytes(18).toString("hex"), randomBytes(18).toString("hex")];
  const { type, screen, state } = withValues(values);
  type("j", "x");
  expect(screen()).toContain(values[1]);
  expect(screen()).not.toContain(values[0]);
  expect(screen()).toContain("any key hides it");
  type("m");
  expect(screen()).not.toContain(values[1]);
  expect(screen()).toContain("space mark");
  const file = join(state, "reveals.jsonl");
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const text = readFileSync(file, "utf8");
  expect(text).not.toContain(values[1]);
  expect(JSON.parse(text)).toEqual({ version: 1, at: expect.any(String), who: expect.any(String), fingerprint: "1f" });
});

it("hides a value by itself after its time", () => {
  vi.useFakeTimers();
  try {
    const value = randomBytes(18).toString("hex");
    const { type, screen } = withValues([value]);
    type("x");
    vi.advanceTimersByTime(REVEAL_MS - 1);
    expect(screen()).toContain(value);
    vi.advanceTimersByTime(1);
    expect(screen()).not.toContain(value);
  } finally {
    vi.useRealTimers();
  }
});

it.each([
  [60, 15],
  [80, 24],
  [120, 40],
  [200, 60],
])("shows a value of several lines as lines, and counts down, on %i×%i", (columns, rows) => {
  vi.useFakeTimers();
  try {
    const lines = [1, 2, 3].map(() => randomBytes(18).toString("hex"));
    const { type, screen } = withValues([`${lines.join("\n")}\n`]);
    type("x");
    expect(screen(columns, rows)).toContain("3 lines  hidden in 10 s; recorded");
    for (const one of lines)
      expect(
        screen(columns, rows)
          .split("\n")
          .map((row) => row.trim()),
      ).toContain(one);
    vi.advanceTimersByTime(4000);
    expect(screen(columns, rows)).toContain("hidden in 6 s");
    vi.advanceTimersByTime(REVEAL_MS);
    expect(screen(columns, rows)).not.toContain(lines[0]);
  } finally {
    vi.useRealTimers();
  }
});

it("shows no more of a long value than fits, says so, and lets none of it move the cursor", () => {
  const value = `\u001b]0;x\u0007${randomBytes(2000).toString("hex")}`;
  const { type, screen, session } = withValues([value]);
  type("x");
  const text = screen(60, 15);
  expect(text.split("\n")).toHaveLength(15);
  expect(text).toContain("more rows: a larger terminal shows them");
  expect(text).toContain("\\e]0;x\\u{7}");
  expect(text).not.toContain("\u001b");
  paste(session, "y");
  expect(screen(60, 15)).not.toContain("\\e]0");
});

it("does not show what cannot be recorded", () => {
  const value = randomBytes(18).toString("hex");
  const { type, screen, state } = withValues([value]);
  mkdirSync(join(state, "reveals.jsonl"), { recursive: true });
  type("x");
  expect(screen()).not.toContain(value);
  expect(screen()).toContain("not shown, as it cannot be recorded");
});

it("changes and reveals nothing with --read-only, in the face and in core", async () => {
  const value = randomBytes(18).toString("hex");
  const sitting = withValues([value]);
  const { session, type, screen, state, cwd } = sitting;
  session.store.set(() => ({ readOnly: true }));
  for (const key of ["x", "i", "I", "u"]) {
    type(key);
    expect(screen()).toContain("--read-only: nothing is changed or revealed");
    expect(screen()).not.toContain(value);
  }
  const plan = planOf("20260101-000000-aaaa");
  const journal = createJournal(session.assembly.installation(), plan);
  for (const { unit } of plan.steps) journal.record.done(`unit:${unit}`);
  journal.close();
  session.store.set(() => ({ where: "plan", planned: { plan, provider: null as never, scroll: 0 } }));
  type("y");
  expect(screen()).toContain("--read-only");
  session.store.set(() => ({ where: "browse" }));
  for (const key of ["u", "R", "S"]) {
    type("L", key);
    expect(screen()).toContain("unsprawl, read-only");
    expect(screen()).toContain("--read-only: nothing is changed");
    type("esc");
  }
  expect(session.jobs.size).toBe(0);
  expect(existsSync(join(state, "reveals.jsonl"))).toBe(false);
  expect(existsSync(join(cwd, "unsprawl.yaml"))).toBe(false);
  const { scrub } = await import("../../src/core/scrub.ts");
  const host = { emit: () => undefined, ask: async () => true, signal: new AbortController().signal };
  await expect(scrub(plan.id, await applyTools(session, plan, {} as never), host)).rejects.toThrow("read-only");
});

it.each([
  ["of emoji", "\u{1f469}\u200d".repeat(200_000), /^ {3}… 600,000 characters in all, more than a screen shows$/],
  ["of lines", "x\n".repeat(300_000), /^ {3}… 600,000 characters in all, more than a screen shows$/],
  ["of a screen", "x ".repeat(2000), /^ {3}… \d+ more rows: a larger terminal shows them$/],
])("of a very long value %s shows the beginning, in the time of a short one", (_what, text, more) => {
  const rows = revealRows({ name: "N", value: Secret.of(text), until: 0 }, 0, 80, 10);
  expect(rows).toHaveLength(10);
  expect(
    rows
      .at(-1)
      ?.spans.map((span) => span.text)
      .join(""),
  ).toMatch(more);
});
