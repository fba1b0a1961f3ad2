import { expect, it } from "vitest";
import { KEY, SANE } from "./driver.ts";
import { begin, container, engine, intoARun, secret, useStage } from "./stage.ts";

useStage();

it("undoes a run from the list of runs, after a y", async () => {
  const password = secret();
  container("tui-api", { DB_PASSWORD: password });
  const terminal = begin(100, 30);
  await terminal.until("1 secret in 1 place");
  await terminal.press("m");
  await terminal.until("where?");
  await terminal.press(KEY.enter);
  await terminal.until("y apply");
  await terminal.press("y");
  await terminal.until("✓ migrated");
  await terminal.press("o2");
  await terminal.until("1 secret moved, 0 rotated since, 0 overdue");
  await terminal.until(/· not rotated +DB_PASSWORD +tui-api +moved today/);
  await terminal.press(KEY.esc);
  await terminal.until("L runs");
  await terminal.press("L");
  await terminal.until("✓ done");
  await terminal.press("u");
  await terminal.until("? Undo run");
  await terminal.press(KEY.enter);
  await terminal.press("n");
  await terminal.until("u undo");
  await terminal.press("u");
  await terminal.until("? Undo run");
  await terminal.press("y");
  await terminal.until("↶ as before");
  expect(engine.docker("inspect", "tui-api")).toContain(password);
  await terminal.press("q");
  expect(await terminal.exit()).toBe(0);
});

it("puts back what was begun when a run is cancelled", async () => {
  const password = secret();
  container("tui-api", { DB_PASSWORD: password });
  const terminal = begin(100, 30);
  await intoARun(terminal);
  await terminal.press("q");
  await terminal.until("? A run is at work");
  await terminal.press("n");
  await terminal.press(KEY.ctrlC);
  await terminal.until("↶ as before");
  expect(terminal.screen()).toContain("cancelled");
  expect(engine.docker("inspect", "tui-api")).toContain(password);
  await terminal.press("q");
  expect(await terminal.exit()).toBe(130);
});

it("waits for the put-back when it is told to end in the middle of a run", async () => {
  const password = secret();
  container("tui-api", { DB_PASSWORD: password });
  const terminal = begin(100, 30);
  await intoARun(terminal);
  terminal.kill("SIGTERM");
  expect(await terminal.exit()).toBe(130);
  expect(terminal.left()).toEqual(SANE);
  expect(engine.docker("inspect", "tui-api")).toContain(password);
  expect(engine.docker("ps", "-a", "--format", "{{.Names}}")).toBe("tui-api");
});

it("puts back what was begun when the window is closed in the middle of a run", async () => {
  const password = secret();
  container("tui-api", { DB_PASSWORD: password });
  const terminal = begin(100, 30);
  await intoARun(terminal);
  terminal.closeWindow();
  await expect.poll(() => engine.docker("ps", "--all", "--format", "{{.Names}} {{.State}}")).toBe("tui-api running");
  expect(engine.docker("inspect", "tui-api")).toContain(password);
  await expect.poll(() => terminal.running()).toBe(false);
});

it("tells of a run that was cut off, and undoes it", async () => {
  const password = secret();
  container("tui-api", { DB_PASSWORD: password });
  const first = begin(100, 30);
  await intoARun(first);
  first.kill("SIGKILL");
  await first.exit();
  const second = begin(100, 30);
  await second.until("is unfinished");
  await second.press("L");
  await second.until("! unfinished");
  await second.press("u");
  await second.until("? Undo run");
  await second.press("y");
  await second.until("↶ as before");
  await second.press("q");
  expect(await second.exit()).toBe(0);
  expect(engine.docker("ps", "--all", "--format", "{{.Names}} {{.State}}")).toBe("tui-api running");
  expect(engine.docker("inspect", "tui-api")).toContain(password);
});
