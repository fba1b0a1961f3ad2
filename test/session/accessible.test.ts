import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { KEY, type Terminal } from "./driver.ts";
import { begin, container, engine, home, secret, secrets, world } from "./stage.ts";

const FLAG = ["--accessible"];

/** How much of what a terminal was told was answered already. */
const heard = new WeakMap<Terminal, number>();

/** Waits for a question, with this in what is said since the last answer. */
async function question(terminal: Terminal, said: string | RegExp): Promise<void> {
  const since = (): string => terminal.raw().slice(heard.get(terminal) ?? 0);
  const asked = (): boolean => {
    const text = since();
    return /(?:\n> |y or n: )$/.test(text) && (typeof said === "string" ? text.includes(said) : said.test(text));
  };
  for (const end = Date.now() + 30_000; !asked(); await sleep(25))
    if (Date.now() > end) throw new Error(`nobody says and asks ${String(said)}:\n${since()}`);
  heard.set(terminal, terminal.raw().length);
}

async function answer(terminal: Terminal, said: string | RegExp, typed: string): Promise<void> {
  await question(terminal, said);
  await terminal.press(typed === KEY.ctrlC || typed === KEY.ctrlD ? typed : typed + KEY.enter);
}

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
  await answer(terminal, /\+ unsprawl.yaml[^]*Until which day/, "");
  await answer(terminal, /u takes it back[^]*1 secret in 1 place/, "r");
  await answer(terminal, "1 secret in 1 place", "u");
  await answer(terminal, /taken back[^]*2. high, DEMO_PASSWORD/, "q");
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
  await answer(terminal, "what was done: list of runs", "L");
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
  await terminal.until("again and swap: done");
  await terminal.press(KEY.ctrlC);
  await answer(terminal, /called off: putting back what was begun[^]*as before  tui-api/, "q");
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
  await expect.poll(() => second.running(), { timeout: 10_000 }).toBe(false);
});
