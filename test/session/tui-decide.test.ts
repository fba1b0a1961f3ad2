import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { KEY } from "./driver.ts";
import { begin, container, engine, home, intoARun, secret } from "./stage.ts";

it("ignores a secret with a reason: gone at once, and on the next scan", async () => {
  container("tui-api", { DB_PASSWORD: secret(), DEMO_PASSWORD: secret() });
  const terminal = begin(100, 30);
  await terminal.until("2 secrets in 2 places");
  await terminal.press("j");
  await terminal.until(/▸.*DEMO_PASSWORD/);
  await terminal.press("i");
  await terminal.until("Why may DEMO_PASSWORD stay?");
  terminal.paste("made up for the demo");
  await terminal.until('reason: "made up for the demo"');
  await terminal.press(KEY.enter);
  await terminal.until("Until which day?");
  await terminal.press(KEY.enter);
  await terminal.until("u takes it back");
  await terminal.until("1 secret in 1 place");
  expect(terminal.screen()).not.toMatch(/DEMO_PASSWORD +1 place/);
  expect(readFileSync(join(home.cwd, "unsprawl.yaml"), "utf8")).toMatch(
    /^ignore:\n {2}- \{ fingerprint: "?[0-9a-f]{16}"?, reason: "made up for the demo" \}\n$/,
  );
  // The same sitting scans again, and another one later.
  await terminal.press("r");
  await terminal.until(/1 secret in 1 place.*1 ignored/);
  await terminal.press("q");
  expect(await terminal.exit()).toBe(0);
  const later = begin(100, 30);
  await later.until(/1 secret in 1 place.*1 ignored/);
  expect(later.screen()).not.toContain("DEMO_PASSWORD");
  await later.press("q");
  expect(await later.exit()).toBe(0);
});

it("scrubs a finished run from the journal, and says that nothing shows its value any more", async () => {
  const password = secret();
  container("tui-api", { DB_PASSWORD: password });
  const terminal = begin(100, 30);
  await intoARun(terminal);
  await terminal.until("✓ migrated", 60);
  await terminal.press("L");
  await terminal.until("✓ done");
  await terminal.press(KEY.enter);
  await terminal.until("Receipts");
  expect(terminal.screen()).toMatch(/✓ done +put DB_PASSWORD into/);
  expect(engine.docker("ps", "-a", "--format", "{{.Names}}").split("\n")).toHaveLength(2);
  await terminal.press("S");
  await terminal.until("no undo then?");
  await terminal.press(KEY.enter);
  await terminal.press("y");
  await terminal.until("Scrubbed", 60);
  await terminal.until("✓ removed");
  expect(terminal.screen()).toMatch(/looked for 1 value in .*/);
  expect(terminal.screen()).toMatch(/nothing else shows\s+it/);
  expect(engine.docker("ps", "-a", "--format", "{{.Names}}")).toBe("tui-api");
  await terminal.press("L");
  await terminal.until("· scrubbed");
  await terminal.press("u");
  await terminal.until("there is nothing to undo");
  await terminal.press("q");
  expect(await terminal.exit()).toBe(0);
});

it("goes on from the journal with a run that was cut off, to its proof", async () => {
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
  await second.press("R");
  await second.until("where it was cut off?");
  await second.press("y");
  await second.until("✓ migrated", 60);
  expect(second.screen()).toContain("shows no value in any field");
  await second.press("q");
  expect(await second.exit()).toBe(0);
  expect(engine.docker("inspect", "tui-api")).not.toContain(password);
});
