import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { BUSYBOX } from "../services/images.ts";
import { sample } from "../support/deep.ts";
import { KEY, SANE } from "./driver.ts";
import { begin, container, engine, home, secret, secrets, useStage, world } from "./stage.ts";

useStage();

const COLOUR = /\u001b\[(\d+;)*(3|4|9|10)[0-7](;\d+)*m/;

// The smallest, which shows the least, and one that is drawn.
describe.each<[number, number]>([
  [60, 15],
  ...sample<[number, number]>(
    [
      [80, 24],
      [120, 40],
      [200, 60],
    ],
    1,
  ),
])("on a terminal of %i×%i", (columns, rows) => {
  it("goes from scan to proof, and inspect is clean", async () => {
    const password = secret();
    container("tui-api", { DB_PASSWORD: password, API_TOKEN: secret(), GREETING: "hello" });
    const terminal = begin(columns, rows);
    await terminal.until("2 secrets in 2 places");
    expect(terminal.screen()).toMatch(/▲ (high +)?DB_PASSWORD +own variable/);
    await terminal.press("a");
    await terminal.until("2 marked");
    await terminal.press("m");
    await terminal.until("where?");
    expect(terminal.screen()).toMatch(/▸ local/);
    await terminal.press(KEY.enter);
    await terminal.until("Migrate 2 secrets in 1 container → local");
    expect(terminal.screen()).toContain("1 container restarts.");
    // Which of the two comes first follows from their random values: a small screen shows one of them.
    await terminal.press(KEY.pageDown);
    await terminal.until(/DB_PASSWORD|API_TOKEN/);
    await terminal.press(KEY.enter);
    await terminal.until("y apply");
    expect(engine.docker("inspect", "tui-api")).toContain(password);
    await terminal.press("y");
    await terminal.until("Apply → local");
    await terminal.until("✓ migrated");
    // The conclusion stands first: it is on a small screen too.
    expect(terminal.screen().replaceAll(/\s+/g, " ")).toContain(
      "Verified: the store gave back the same bytes; a fresh inspect shows no value; the running application",
    );
    await terminal.press("G");
    await terminal.until("shows no value in any field");
    await terminal.until("gave back the same bytes for 2 of 2");
    await terminal.press("r");
    await terminal.until("no secrets found");
    await terminal.press("q");
    expect(await terminal.exit()).toBe(0);
    expect(terminal.left()).toEqual(SANE);
    expect(terminal.screen()).toMatch(/run \S+: done: tui-api/);
    for (const value of secrets) expect(engine.docker("inspect", "tui-api")).not.toContain(value);
    // PID 1 was given each by its own entrypoint, as before.
    expect(engine.docker("exec", "tui-api", "cat", "/proc/1/environ")).toContain(password);
  });
});

describe.each(
  sample(
    [
      [60, 15],
      [100, 30],
    ] as const,
    1,
  ),
)("on a terminal of %i×%i", (columns, rows) => {
  it("goes back from every step and leaves the world untouched", async () => {
    container("tui-api", { DB_PASSWORD: secret() });
    const before = world();
    const terminal = begin(columns, rows);
    await terminal.until("1 secret in 1 place");
    await terminal.press(KEY.enter);
    await terminal.until("name says PASSWORD");
    await terminal.press(KEY.esc);
    await terminal.until("space mark");
    await terminal.press("/");
    await terminal.press("nothing like it");
    await terminal.until("nothing matches");
    await terminal.press(KEY.esc);
    await terminal.until("DB_PASSWORD");
    await terminal.press("?");
    await terminal.until("Keys of the list");
    await terminal.press(KEY.esc);
    await terminal.until("space mark");
    await terminal.press("m");
    await terminal.until("where?");
    await terminal.press(KEY.esc);
    await terminal.until("space mark");
    await terminal.press("m");
    await terminal.until("where?");
    await terminal.press("k");
    await terminal.until("▸ vault");
    await terminal.press(KEY.enter);
    await terminal.until("VAULT_ADDR");
    await terminal.until("next:");
    await terminal.press("j");
    await terminal.press(KEY.enter);
    await terminal.until("y apply");
    // A paste is no answer, and neither is a burst of typing.
    terminal.paste("y");
    await terminal.press(KEY.esc);
    await terminal.until("where?");
    await terminal.press(KEY.esc);
    await terminal.until("space mark");
    await terminal.press("L");
    await terminal.until("nothing was done yet");
    await terminal.press(KEY.esc);
    await terminal.until("space mark");
    await terminal.press("q");
    expect(await terminal.exit()).toBe(0);
    expect(world()).toBe(before);
  });
});

it("shows what cannot be moved and why, and y does nothing then", async () => {
  container("tui-plain", {}, BUSYBOX, ["-l", `deploy_token=${secret("ghp_")}`]);
  const before = world();
  const terminal = begin(100, 30);
  await terminal.until("1 secret in 1 place");
  await terminal.press("m");
  await terminal.until("where?");
  await terminal.press(KEY.enter);
  await terminal.until("Not moved");
  await terminal.press("y");
  await terminal.until("nothing can be moved");
  await terminal.press("q");
  expect(await terminal.exit()).toBe(0);
  expect(world()).toBe(before);
});

it("lets no name move the cursor, colour or reorder the screen", async () => {
  const hostile = "\u001b[31m\u001b]8;;http://x\u0007\u001b[2J\u202e\u009b5mEVIL_PASSWORD";
  container("tui-hostile", { [hostile]: secret(), "L\u200bIST_TOKEN": secret() }, BUSYBOX, [
    "-l",
    `\u001b]0;title\u0007api_token=${secret()}`,
  ]);
  const terminal = begin(100, 30, { NO_COLOR: "1" });
  await terminal.until(/[23] secrets? in/);
  await terminal.until("\\e[31m");
  for (const key of ["j", "j", KEY.enter]) await terminal.press(key);
  await terminal.press(KEY.ctrlC);
  expect(await terminal.exit()).toBe(130);
  const raw = terminal.raw();
  for (const sequence of ["\u001b]8;", "\u001b[2J", "\u001b]0;", "\u202e", "\u009b", "\u200b"])
    expect(raw.includes(sequence)).toBe(false);
  // NO_COLOR: not one colour, from us or from a name.
  expect(raw).not.toMatch(COLOUR);
});

it("leaves the terminal sane on Ctrl-C, also before the scan has ended", async () => {
  container("tui-api", { DB_PASSWORD: secret() });
  const terminal = begin(100, 30);
  await terminal.until("unsprawl");
  await terminal.press(KEY.ctrlC);
  expect(await terminal.exit()).toBe(130);
  expect(terminal.left()).toEqual(SANE);
});

it("colours when nothing speaks against it", async () => {
  container("tui-api", { DB_PASSWORD: secret() });
  const terminal = begin(100, 30);
  await terminal.until("1 secret in 1 place");
  await terminal.press("q");
  expect(await terminal.exit()).toBe(0);
  expect(terminal.raw()).toMatch(COLOUR);
});

it("follows the size of the terminal, and decides nothing on one that is too small to read", async () => {
  container("tui-api", { DB_PASSWORD: secret() });
  const before = world();
  const terminal = begin(100, 30);
  await terminal.until("1 secret in 1 place");
  await terminal.until("Evidence");
  await terminal.resize(60, 15);
  await terminal.until(/Secrets  1\/1\n/);
  expect(terminal.screen()).not.toContain("Evidence");
  await terminal.press("m");
  await terminal.until("where?");
  await terminal.press(KEY.enter);
  await terminal.until("y apply");
  await terminal.resize(38, 8);
  await terminal.until("too small");
  await terminal.press("y");
  await terminal.resize(120, 40);
  await terminal.until("y apply");
  await terminal.press("q");
  expect(await terminal.exit()).toBe(0);
  expect(world()).toBe(before);
});

it("says in place why an engine cannot be read, and what to type", async () => {
  const terminal = begin(80, 24, { DOCKER_HOST: `unix://${join(home.dir, "nothing.sock")}` });
  await terminal.until("scan failed");
  await terminal.until("next:");
  await terminal.press("q");
  expect(await terminal.exit()).toBe(0);
  expect(terminal.screen()).toContain("scan failed");
});
