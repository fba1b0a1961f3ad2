import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { proxyEngine, type Verdict } from "../support/engine-proxy.ts";
import { answer, question } from "./ask.ts";
import { KEY } from "./driver.ts";
import { begin, container, engine, home, secret, secrets, useStage, world } from "./stage.ts";

useStage();

const FLAG = ["--accessible"];

it("goes from scan to proof to undo line by line, and writes not one escape sequence", async () => {
  const password = secret();
  container("tui-api", { DB_PASSWORD: password, API_TOKEN: secret(), GREETING: "hello" });
  const terminal = begin(80, 50, {}, FLAG);
  await answer(terminal, "2. high, DB_PASSWORD, 1 place, new", "2");
  await answer(terminal, "name says PASSWORD", "b");
  await answer(terminal, "m 1 3-5 migrate", "m all");
  await answer(terminal, "or enter for local", "");
  await answer(terminal, "create only, read back", "");
  await terminal.until("enter applies nothing");
  expect(engine.docker("inspect", "tui-api")).toContain(password);
  await answer(terminal, "enter applies nothing", "y");
  await answer(terminal, /migrated  tui-api[^]*shows no value in any field/, "L");
  for (const value of secrets) expect(engine.docker("inspect", "tui-api")).not.toContain(value);
  expect(engine.docker("exec", "tui-api", "cat", "/proc/1/environ")).toContain(password);
  await answer(terminal, /1. done[^]*u 1 undo/, "1");
  await answer(terminal, /done +put DB_PASSWORD into[^]*Receipts/, "b");
  await answer(terminal, /1. done[^]*u 1 undo/, "u 1");
  await answer(terminal, "Undo run", "");
  await answer(terminal, "Undo run", "y");
  await answer(terminal, "as before  tui-api", "r");
  expect(engine.docker("inspect", "tui-api")).toContain(password);
  await answer(terminal, "2 secrets in 2 places", "q");
  expect(await terminal.exit()).toBe(0);
  expect(terminal.raw()).not.toContain("\u001b");
});

it("ignores with a reason, takes it back, and does neither with --read-only", async () => {
  container("tui-api", { DB_PASSWORD: secret(), DEMO_PASSWORD: secret() });
  const terminal = begin(80, 50, {}, FLAG);
  await answer(terminal, "2. high, DEMO_PASSWORD", "i 2");
  await answer(terminal, "Why may DEMO_PASSWORD stay?", "");
  await answer(terminal, "a reason is what the next person needs", "made up for the demo");
  await answer(terminal, /\+ unsprawl.yaml[^]*Until which day/, "yesterday");
  await answer(terminal, "a day to come", "90d");
  await answer(terminal, /u undoes it[^]*1 secret in 1 place/, "r");
  expect(readFileSync(join(home.cwd, "unsprawl.yaml"), "utf8")).toMatch(
    /reason: "made up for the demo", until: "?20\d\d-\d\d-\d\d"? \}\n$/,
  );
  await answer(terminal, "1 secret in 1 place", "u");
  await answer(terminal, /undone[^]*2. high, DEMO_PASSWORD/, "q");
  expect(await terminal.exit()).toBe(0);
  expect(terminal.raw()).not.toContain("\u001b");
  const before = world();
  const second = begin(80, 50, {}, [...FLAG, "--read-only"]);
  await answer(second, "2. high, DEMO_PASSWORD", "i 2");
  await answer(second, "not understood", "m all");
  await answer(second, "or enter for local", "");
  await answer(second, "Apply it", "y");
  await answer(second, "not understood", "q");
  expect(await second.exit()).toBe(0);
  expect(world()).toBe(before);
});

it("takes no answer that was typed before its question: a paste applies nothing", async () => {
  container("tui-api", { DB_PASSWORD: secret() });
  const before = world();
  const terminal = begin(80, 50, { ACCESSIBLE: "1" });
  await question(terminal, "1. high");
  terminal.write("m 1\r\ry\ry\r");
  await answer(terminal, /typed before it was asked for[^]*Which store/, "local");
  await answer(terminal, "Apply it", "b");
  await answer(terminal, "Which store", "vault");
  await answer(terminal, "VAULT_ADDR", "b");
  await answer(terminal, "m 1 3-5 migrate", "/nothing like it");
  await answer(terminal, "filter: nothing like it", "/");
  await answer(terminal, "1. high", "9");
  await answer(terminal, "a number from 1 to 1", "?");
  await answer(terminal, "list of runs, with undo", "L");
  await answer(terminal, "Nothing was done yet", KEY.ctrlD);
  expect(await terminal.exit()).toBe(0);
  expect(world()).toBe(before);
});

it("puts back what was begun when ctrl-c calls a run off, and says so", async () => {
  const password = secret();
  container("tui-api", { DB_PASSWORD: password });
  const terminal = begin(80, 50, { TERM: "dumb" });
  await answer(terminal, "1 secret in 1 place", "m");
  await answer(terminal, "Which store", "local");
  await answer(terminal, "Apply it", "y");
  await terminal.until(/recreate \S+: done/);
  await terminal.press(KEY.ctrlC);
  await answer(terminal, /cancelled: putting back what was begun[^]*as before  tui-api/, "q");
  expect(await terminal.exit()).toBe(130);
  expect(engine.docker("inspect", "tui-api")).toContain(password);
  expect(engine.docker("ps", "--all", "--format", "{{.Names}} {{.State}}")).toBe("tui-api running");
});

it("leaves at once on ctrl-c and on a closed window, and says in place why an engine cannot be read", async () => {
  const gone = { DOCKER_HOST: `unix://${join(home.dir, "nothing.sock")}` };
  const terminal = begin(80, 24, gone, FLAG);
  await answer(terminal, /failed: [^]*next: /, KEY.ctrlC);
  expect(await terminal.exit()).toBe(130);
  const second = begin(80, 24, gone, FLAG);
  await second.until(/>$/);
  second.closeWindow();
  await expect.poll(() => second.running()).toBe(false);
});

it("narrows, groups and marks by words and numbers, shows one value after a question, and begins afresh", async () => {
  const shown = randomBytes(18).toString("hex");
  container("tui-api", { DB_PASSWORD: shown, API_TOKEN: secret() });
  container("tui-worker", { SMTP_PASSWORD: secret() });
  const terminal = begin(80, 24, {}, FLAG);
  await answer(terminal, /2. high, DB_PASSWORD[^]*3. high, SMTP/, "x 2");
  await answer(terminal, "the scrollback, and whatever records or reads out this terminal, keeps it", "n");
  await answer(terminal, "What next?", "x 2");
  await question(terminal, "Show the value of DB_PASSWORD?");
  expect(terminal.raw()).not.toContain(shown);
  await terminal.press(`y${KEY.enter}`);
  await question(terminal, shown);
  await terminal.press(KEY.enter);
  await answer(terminal, /DB_PASSWORD was shown[^]*What next/, "2");
  // Out of sight, and said no second time.
  expect(terminal.screen()).not.toContain(shown);
  expect(terminal.raw().split(shown)).toHaveLength(2);
  const [record = "", ...more] = readFileSync(join(home.dir, "state/unsprawl/reveals.jsonl"), "utf8")
    .trim()
    .split("\n");
  expect(more).toEqual([]);
  expect(JSON.parse(record)).toMatchObject({ fingerprint: expect.any(String) });
  await answer(terminal, "name says PASSWORD", "b");
  await answer(terminal, "What next?", "g");
  await answer(terminal, "g container, g secret, g image, g store, g severity", "g container");
  await answer(terminal, /by container[^]*1. container tui-api, 2 secrets[^]*4. container tui-worker/, "1");
  await answer(terminal, /tui-api\s+2 secrets in 2 places/, "b");
  await answer(terminal, "by container", "g secret");
  await answer(terminal, "3. high, SMTP_PASSWORD", "f");
  const value = /(\d+)\. in tui-worker, 1 secret/;
  await question(terminal, value);
  await terminal.press(`${value.exec(terminal.raw())?.[1] ?? ""}${KEY.enter}`);
  await answer(terminal, "only in:tui-worker; 1 of 3 secrets", "b");
  await answer(terminal, /only in:tui-worker; 1 of 3[^]*1. high, SMTP_PASSWORD/, "c");
  await answer(terminal, "3. high, SMTP_PASSWORD", "/tui-api !token");
  await answer(terminal, /filter: tui-api !token; 1 of 3[^]*1. high, DB_PASSWORD/, "mark 1");
  await answer(terminal, "1 marked: m migrates them", "mark");
  await answer(terminal, "which? numbers from 1 to 1", "q");
  expect(await terminal.exit()).toBe(0);
  const second = begin(80, 24, {}, [...FLAG, "--read-only"]);
  await answer(second, /1. high, API_TOKEN, 1 place, new\s/, "x 1");
  await answer(second, "not understood", "");
  await answer(second, "2. high, DB_PASSWORD", "q");
  expect(await second.exit()).toBe(0);
  expect(second.raw()).not.toContain(shown);
  for (const one of [terminal, second]) expect(one.raw()).not.toContain("\u001b");
});

it("tells how many there are while the scan goes on, begins with those on Enter, and says when it has ended", async () => {
  // The newest is read first.
  container("tui-slow", { API_TOKEN: secret() });
  container("tui-api", { DB_PASSWORD: secret() });
  const slow = engine.docker("inspect", "--format", "{{.Id}}", "tui-slow");
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  const proxy = await proxyEngine(engine.socket, join(home.dir, "slow.sock"), async (_, path): Promise<Verdict> => {
    if (path.startsWith(`/containers/${slow}/`)) await opened;
    return "pass";
  });
  try {
    const terminal = begin(80, 24, { DOCKER_HOST: proxy.host }, FLAG);
    await answer(terminal, /1 secret so far, \d+ of \d+ read; press Enter to begin with these/, "what?");
    await answer(terminal, "not understood: Enter begins", "");
    await answer(terminal, /scanning \d[^]*1. high, DB_PASSWORD/, "1");
    await answer(terminal, "name says PASSWORD", "m");
    await answer(terminal, "Which store", "local");
    await terminal.until("waiting for the scan to end");
    expect(terminal.raw()).not.toContain("API_TOKEN");
    open();
    await answer(terminal, /the scan has ended, 2 secrets; Enter in the list[^]*Apply it/, "b");
    await answer(terminal, "Which store", "b");
    await answer(terminal, /2 secrets in 2 places[^]*API_TOKEN/, "q");
    expect(await terminal.exit()).toBe(0);
  } finally {
    open();
    await proxy.stop();
  }
});
