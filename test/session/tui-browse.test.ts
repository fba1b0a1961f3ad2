import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { sample } from "../support/deep.ts";
import { KEY } from "./driver.ts";
import { begin, container, engine, home, secret, secrets, useStage } from "./stage.ts";

useStage();

it.each(
  sample(
    [
      [60, 15],
      [120, 40],
    ] as const,
    1,
  ),
)(
  "shows a secret from every side on a terminal of %i×%i: groups, facets, what a store would do, what was done",
  async (columns, rows) => {
    const shared = secret();
    container("tui-api", { DB_PASSWORD: shared, API_TOKEN: secret() });
    container("tui-worker", { DB_PASSWORD: shared });
    const terminal = begin(columns, rows);
    await terminal.until("2 secrets in 3 places");
    await terminal.until("container tui-worker");
    await terminal.press("bbb");
    await terminal.until("in no store");
    await terminal.press("bbb");
    // Several words, one of them inverted; then only by a facet.
    await terminal.press("/");
    await terminal.press("tui-api !token");
    await terminal.press(KEY.enter);
    await terminal.until("1 of 2");
    await terminal.press(KEY.esc);
    await terminal.press("2");
    await terminal.until("[2 Places]");
    await terminal.until(/[12] places? in [12] containers?/);
    await terminal.press("4");
    await terminal.until("Nothing is planned yet");
    await terminal.press(KEY.esc);
    await terminal.press("/");
    await terminal.press("db_pass");
    await terminal.press(KEY.enter);
    await terminal.press("m");
    await terminal.until("where?");
    await terminal.press(KEY.enter);
    await terminal.until("y apply");
    await terminal.press(KEY.esc);
    await terminal.until("where?");
    await terminal.press(KEY.esc);
    // The tab makes the plan of the store that was chosen, without a question.
    await terminal.press("4");
    await terminal.until("With local");
    // What restarts stands above it: on a small screen the rest is below.
    await terminal.until("2 containers restart");
    if (rows < 20) {
      await terminal.press(KEY.right);
      await terminal.press(KEY.pageDown);
    }
    await terminal.until(/create[\s│]+only/); // the path before it decides where the line ends
    for (const value of secrets) expect(terminal.raw()).not.toContain(value);
    await terminal.press("d");
    await terminal.until("y apply");
    await terminal.press("y");
    await terminal.until("✓ migrated");
    // Somebody starts it as it was: the journal of what is back says where it went.
    engine.docker("rm", "-f", "tui-api");
    container("tui-api", { DB_PASSWORD: shared });
    await terminal.press("r");
    await terminal.until("1 secret in 1 place");
    await terminal.press("5");
    await terminal.until("This secret");
    await terminal.until("DB_PASSWORD → local");
    await terminal.press("q");
    expect(await terminal.exit()).toBe(0);
    for (const value of secrets) expect(terminal.raw()).not.toContain(value);
    expect(engine.docker("inspect", "tui-worker")).not.toContain(shared);
  },
);

it("shows what has changed since the last saved scan, and filters by state", async () => {
  container("tui-stays", { DB_PASSWORD: secret() });
  container("tui-goes", { API_TOKEN: secret() });
  // Somebody's `watch --once` under cron.
  const watch = begin(120, 40, {}, ["watch", "--once"]);
  await watch.until("2 new");
  expect(await watch.exit()).toBe(3);
  engine.docker("rm", "-f", "tui-goes");
  container("tui-comes", { SESSION_SECRET: secret() });
  const terminal = begin(120, 40);
  await terminal.until("1 new, 1 gone since the last scan");
  await terminal.press("/");
  await terminal.press("known");
  await terminal.press(KEY.enter);
  await terminal.until("1 of 2");
  expect(terminal.screen()).toContain("DB_PASSWORD");
  await terminal.until(/since +\d{4}-\d\d-\d\d, when a saved scan first had it/);
  await terminal.press("q");
  expect(await terminal.exit()).toBe(0);
  expect(terminal.raw()).toMatch(/since the last saved scan: 1 new, 1 gone\s+new: SESSION_SECRET in container/);
  // A look changes nothing of what is remembered.
  const again = begin(60, 15);
  await again.until("2 secrets in 2 places");
  await again.press("q");
  expect(again.raw()).toContain("1 new, 1 gone");
});

it("shows what starts and no longer what is removed, without a key, and leaves the selection where it is", async () => {
  container("tui-first", { DB_PASSWORD: secret() });
  const terminal = begin(120, 40);
  await terminal.until("1 secret in 1 place");
  container("tui-earlier", { API_TOKEN: secret() });
  await terminal.until("2 secrets in 2 places");
  await terminal.until("container tui-earlier");
  engine.docker("rm", "-f", "tui-first");
  await terminal.until("1 secret in 1 place");
  // An engine event while something is decided waits for the list.
  await terminal.press("m");
  await terminal.until("where?");
  container("tui-late", { SESSION_SECRET: secret() });
  await terminal.press(KEY.esc);
  await terminal.until("2 secrets in 2 places");
  await terminal.press("q");
  expect(await terminal.exit()).toBe(0);
});

it("opens on the sources that are named, and scans others without a restart", async () => {
  const text = `services:\n  web:\n    image: nginx\n    environment:\n      DB_PASSWORD: ${secret()}\n`;
  writeFileSync(join(home.cwd, "compose.yaml"), text);
  container("tui-api", { API_TOKEN: secret() });
  const terminal = begin(120, 40, {}, ["compose:compose.yaml", "--read-only"]);
  await terminal.until("unsprawl, read-only  compose:compose.yaml  1 secret in 1 place");
  await terminal.press(":");
  await terminal.until("Scan: compose:compose.yaml");
  await terminal.press(" docker:\r");
  await terminal.until("compose:compose.yaml docker:  2 secrets in 2 places");
  await terminal.press("q");
  expect(await terminal.exit()).toBe(0);
  // The engines of configured hosts.
  const file = join(home.dir, "config/unsprawl/config.yaml");
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `hosts:\n  one: { address: "${engine.host}" }\n  two: { address: "${engine.host}" }\n`, {
    mode: 0o600,
  });
  const hosts = begin(120, 40, {}, ["--hosts", "t*"]);
  await hosts.until("docker: --hosts t*  1 secret in 1 place");
  await hosts.until("container tui-api on two");
  await hosts.press("m");
  await hosts.until("hosts are only scanned here");
  await hosts.press("q");
  expect(await hosts.exit()).toBe(0);
  const wrong = begin(80, 24, {}, ["composer:x"]);
  await wrong.until("did you mean compose:?");
  expect(await wrong.exit()).toBe(2);
});
