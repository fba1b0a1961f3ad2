import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { KEY } from "./driver.ts";
import { begin, container, home, secret } from "./stage.ts";

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
