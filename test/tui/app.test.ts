import { setTimeout as sleep } from "node:timers/promises";
import { expect, it, onTestFinished, vi } from "vitest";
import { openApp, type App } from "../../src/tui/app.tsx";
import type { TerminalSession } from "../../src/tui/session.ts";
import { drawn } from "./drawn.tsx";
import { finding, scanned } from "./sample.ts";
import { sit } from "./sitting.ts";
import { openWindow, type TestWindow } from "./window.ts";

type Watched = { readonly session: TerminalSession; readonly app: App; readonly window: TestWindow };

function watch(env: NodeJS.ProcessEnv = {}): Watched {
  const { session } = sit(scanned(["DB_PASSWORD", "API_TOKEN", "SMTP_PASS"].map((name) => finding(name))), env);
  const window = openWindow(100, 30);
  const app = openApp(session, window);
  onTestFinished(() => {
    app.close();
    window.close();
  });
  return { session, app, window };
}

/** Longer than any frame is put off. */
const settled = (): Promise<void> => sleep(100);

/** The pieces that draw something. */
const frames = ({ written }: TestWindow): string[] => written.filter((piece) => /[a-z]{3}/.test(piece));

const shows = (window: TestWindow, text: string): Promise<void> =>
  expect.poll(async () => (await window.shown()).join("\n"), POLL).toContain(text);

/** What is on the screen is what a frame drawn from nothing would be. */
const showsAll = (window: TestWindow, { store }: TerminalSession, columns: number, rows: number): Promise<void> =>
  vi.waitFor(async () => {
    const whole = drawn(store.get(), { columns, rows }).join("\n").trimEnd();
    expect((await window.shown()).join("\n").trimEnd()).toBe(whole);
  }, POLL);

const POLL = { timeout: 120_000, interval: 25 };

it("draws the first frame at once, and none while nothing changes", async () => {
  const { window } = watch();
  expect(frames(window)).toEqual([expect.stringContaining("3 secrets in 3 places")]);
  await settled();
  expect(frames(window)).toHaveLength(1);
});

it("draws what comes together as one or two frames, the last of them the newest state", async () => {
  const { session, window } = watch();
  await settled();
  const before = frames(window).length;
  for (let at = 0; at < 100; at++) session.store.set(() => ({ status: { text: `note ${at}`, tone: "plain" } }));
  await shows(window, "note 99");
  expect(frames(window).length - before).toBeLessThanOrEqual(2);
  window.type("j ");
  await shows(window, "1 marked");
});

it("writes only what has changed, and leaves on the screen what a whole frame would", async () => {
  const { session, window } = watch();
  await settled();
  window.written.length = 0;
  session.store.set(() => ({ marked: new Set(["API_TOKEN"]) }));
  await settled();
  expect(window.written.join("")).toContain("1 marked");
  expect(window.written.join("")).not.toMatch(/SMTP_PASS|3 secrets|───/);
  for (const keys of ["j", "2", "/", "smtp", "\r", "?"]) {
    const before = session.store.get();
    window.type(keys);
    await expect.poll(() => session.store.get() === before, POLL).toBe(false);
    await showsAll(window, session, 100, 30);
  }
});

it("fits a new size at once, down to one that is too small and back", async () => {
  const { session, window } = watch();
  for (const [columns, rows] of [
    [60, 15],
    [30, 8],
    [60, 15],
    [120, 40],
    [121, 12],
    [80, 24],
  ] as const) {
    window.resize(columns, rows);
    await showsAll(window, session, columns, rows);
  }
});

it("scrolls by the wheel; a click selects a row, and opens the selected one or the other pane", async () => {
  const { session, window } = watch();
  session.store.set(({ look }) => ({ look: { ...look, mouse: true } }));
  await settled();
  expect(window.written.join("")).toContain("\u001b[?1000h");
  const clicked = (column: number, row: number): void =>
    window.type(`\u001b[<0;${column};${row}M\u001b[<0;${column};${row}m`);
  const isAt = async (selected: string, where: string): Promise<void> => {
    await expect.poll(() => session.store.get().selected, POLL).toBe(selected);
    await expect.poll(() => session.store.get().where, POLL).toBe(where);
  };
  window.type("\u001b[<65;12;5M");
  await isAt("SMTP_PASS", "browse");
  clicked(12, 5);
  await isAt("DB_PASSWORD", "browse");
  // Below the last row, on a rule and on the header nothing is meant.
  for (const row of [1, 2, 3, 7, 8, 9]) clicked(12, row);
  clicked(12, 4);
  await isAt("API_TOKEN", "browse");
  clicked(12, 4);
  await isAt("API_TOKEN", "detail");
  clicked(12, 5);
  await isAt("DB_PASSWORD", "browse");
  clicked(90, 12);
  await isAt("DB_PASSWORD", "detail");
  session.store.set(() => ({ where: "browse", question: { text: "Sure?", answer: () => expect.unreachable() } }));
  await settled();
  clicked(12, 4);
  await settled();
  expect(session.store.get()).toMatchObject({ selected: "DB_PASSWORD", marked: new Set(), tab: "evidence" });
});

it("sets no style where NO_COLOR is set", async () => {
  const { window } = watch({ NO_COLOR: "1" });
  window.type("j");
  await settled();
  expect(window.written.join("")).not.toMatch(/\u001b\[[\d;]*m/);
});

it("scrolls a list that was opened by a key of the same piece: nothing has been drawn in between", async () => {
  const { session, window } = watch();
  window.resize(100, 12);
  await settled();
  window.type("?G");
  await expect.poll(() => session.store.get().help?.at, POLL).toBeGreaterThan(20);
});

it("takes a `y` or an enter as an answer only where it is typed alone", async () => {
  const { session, window } = watch();
  const answers: boolean[] = [];
  session.store.set(() => ({ question: { text: "Sure?", answer: (yes) => answers.push(yes) } }));
  await settled();
  window.type("yy");
  await settled();
  window.type("n");
  await expect.poll(() => answers, POLL).toEqual([false]);
  window.type("y");
  await expect.poll(() => answers, POLL).toEqual([false, true]);
});

it("gives the screen away and draws it anew afterwards, whatever became of the other program", async () => {
  const { session, window } = watch();
  await settled();
  window.written.length = 0;
  const away = session.handOver?.(async () => {
    expect(window.written.join("")).toContain("\u001b[?1049l");
    window.written.length = 0;
    throw new Error("no such editor");
  });
  await expect(away).rejects.toThrow("no such editor");
  expect(window.written.join("")).toContain("\u001b[?1049h");
  expect((await window.shown()).join("\n")).toContain("3 secrets");
});

it("fails where a screen or a key does, without showing the error, and is quiet once closed", async () => {
  const { session, app, window } = watch();
  session.store.set(() => ({ scan: null as never }));
  await expect(app.failed).rejects.toThrow(TypeError);
  await expect.poll(async () => (await window.shown()).join("").trim(), POLL).toBe("");
  app.close();
  const { length } = window.written;
  session.store.set(() => ({ filter: "x" }));
  await settled();
  expect(window.written).toHaveLength(length);
});

it("wipes what was shown before it leaves, and restores what it has set", () => {
  const { app, window } = watch();
  window.written.length = 0;
  app.close();
  const bytes = window.written.join("");
  expect(bytes).not.toContain("DB_PASSWORD");
  expect(bytes.indexOf("\u001b[?1049l")).toBeGreaterThan(bytes.indexOf("\u001b[2K"));
  for (const restored of ["\u001b[?7h", "\u001b[?25h", "\u001b[?2004l"]) expect(bytes).toContain(restored);
});
