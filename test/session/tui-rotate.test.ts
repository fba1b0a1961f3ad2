import { expect, it } from "vitest";
import { KEY } from "./driver.ts";
import { begin, container, engine, secret, secrets, useStage } from "./stage.ts";
import { answer } from "./ask.ts";

useStage();

const environment = (): string => engine.docker("exec", "tui-api", "cat", "/proc/1/environ");

it("rotates what a run moved, from its proof: the plan, y, what was proven, and undo", async () => {
  const old = secret();
  container("tui-api", { SESSION_SECRET: old });
  const terminal = begin(100, 30);
  await terminal.until("1 secret in 1 place");
  await terminal.press("m");
  await terminal.until("where?");
  await terminal.press(KEY.enter);
  await terminal.until("y apply");
  await terminal.press("y");
  await terminal.until("✓ migrated");
  await terminal.press("N");
  await terminal.until(/Rotate 1 secret in local[^]*checked +by Values that the application alone checks/);
  await terminal.press(KEY.enter);
  expect(environment()).toContain(old);
  await terminal.press(KEY.esc);
  await terminal.until("N rotate");
  await terminal.press("N");
  await terminal.until("y apply");
  await terminal.press("y");
  await terminal.until(/✓ rotated +tui-api\/SESSION_SECRET\s+proven: tui-api seen with the new value/);
  const fresh = /SESSION_SECRET=(\w+)/.exec(environment())?.[1] ?? "";
  secrets.push(fresh);
  expect([fresh.length, fresh === old]).toEqual([old.length, false]);
  await terminal.press("L");
  await terminal.until(/✓ rotated[^]*✓ done/);
  await terminal.press("u");
  await terminal.until("? Undo run");
  await terminal.press("y");
  await terminal.until("↶ as before");
  expect(environment()).toContain(old);
  await terminal.press("q");
  expect(await terminal.exit()).toBe(0);
});

it("rotates line by line too, from the ages of the overview", async () => {
  const old = secret();
  container("tui-api", { SESSION_SECRET: old });
  const terminal = begin(80, 50, {}, ["--accessible"]);
  await answer(terminal, "m 1 3-5 migrate", "m all");
  await answer(terminal, "or enter for local", "");
  await answer(terminal, "Apply it?", "y");
  await answer(terminal, /migrated  tui-api[^]*N rotate/, "r");
  await answer(terminal, "o overview", "o");
  await answer(terminal, "Overview: changes", "2");
  await answer(terminal, /not rotated[^]*SESSION_SECRET[^]*N rotate/, "N");
  await answer(terminal, /Make 1 new value\?[^]*Apply it\?/, "y");
  await answer(terminal, /rotated  tui-api\/SESSION_SECRET[^]*proven: tui-api seen with the new value/, "q");
  expect(await terminal.exit()).toBe(0);
  secrets.push(/SESSION_SECRET=(\w+)/.exec(environment())?.[1] ?? "");
  expect(environment()).not.toContain(old);
  expect(terminal.raw()).not.toContain("\u001b");
});
