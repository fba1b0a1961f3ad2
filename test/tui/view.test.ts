import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import type { Terminal } from "../../src/tui/terminal.ts";
import { openView, type View } from "../../src/tui/view.ts";
import type { ScreenRow } from "../../src/tui/widgets/text.ts";
import type { TerminalSession } from "../../src/tui/session.ts";
import { finding, scanned } from "./sample.ts";
import { sit } from "./sitting.ts";

type Watched = {
  readonly session: TerminalSession;
  readonly view: View;
  readonly frames: string[];
  readonly resize: (rows: number) => void;
};

/** A view on a terminal that keeps every frame it is given. */
function watch(): Watched {
  const { session } = sit(scanned(["DB_PASSWORD", "API_TOKEN", "SMTP_PASS"].map((name) => finding(name))));
  const frames: string[] = [];
  let rows = 30;
  let resized = (): void => undefined;
  const terminal: Terminal = {
    size: () => ({ columns: 100, rows }),
    show: (all: readonly ScreenRow[]) =>
      void frames.push(all.map(({ spans }) => spans.map(({ text }) => text).join("")).join("\n")),
    enter: () => void frames.push("entered"),
    leave: () => void frames.push("left"),
    onResize: (listener) => void (resized = listener),
    close: () => void frames.push("closed"),
  };
  const view = openView(session, terminal);
  return {
    session,
    view,
    frames,
    resize(to) {
      rows = to;
      resized();
    },
  };
}

/** Longer than any frame is put off. */
const drawn = (): Promise<void> => sleep(100);

it("draws the first frame at once, and none while nothing changes", async () => {
  const { frames } = watch();
  expect(frames).toEqual(["entered", expect.stringContaining("3 secrets in 3 places")]);
  await drawn();
  expect(frames).toHaveLength(2);
});

it("draws what comes together as one frame, the newest state, and a new size at once", async () => {
  const { session, view, frames, resize } = watch();
  view.keys(["j"]);
  view.keys(["space"]);
  for (let at = 0; at < 100; at++) session.store.set(() => ({ status: { text: `note ${at}`, tone: "plain" } }));
  await drawn();
  expect(frames).toHaveLength(3);
  expect(frames[2]).toContain("note 99");
  expect(frames[2]).toContain("1 marked");
  resize(12);
  expect(frames[3]?.split("\n")).toHaveLength(12);
});

it("scrolls a text that was opened by a key of the same piece: nothing has been drawn in between", async () => {
  const { session, view, resize } = watch();
  resize(12);
  view.keys(["?", "G"]);
  await drawn();
  expect(session.store.get().help).toBeGreaterThan(0);
});

it("takes a `y` or an enter as an answer only where it is typed alone", async () => {
  const { session, view } = watch();
  const answers: boolean[] = [];
  session.store.set(() => ({ question: { text: "Sure?", answer: (yes) => answers.push(yes) } }));
  view.keys(["y", "y"]);
  expect(answers).toEqual([]);
  view.keys(["y"]);
  expect(answers).toEqual([true]);
});

it("gives the screen away and draws it anew afterwards, whatever became of the other program", async () => {
  const { view, frames } = watch();
  frames.length = 0;
  const away = view.away(async () => {
    frames.push("another program");
    throw new Error("no such editor");
  });
  await expect(away).rejects.toThrow("no such editor");
  expect(frames).toEqual(["left", "another program", "entered", expect.stringContaining("3 secrets")]);
});

it("fails where a frame or a key does, and is quiet once closed", async () => {
  const { session, view, frames } = watch();
  session.store.set(() => ({ scan: null as never }));
  await expect(view.failed).rejects.toThrow(TypeError);
  view.close();
  session.store.set(() => ({ filter: "x" }));
  await drawn();
  expect(frames.at(-1)).toBe("closed");
});
