import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { BUSYBOX } from "../services/images.ts";
import { DEEP, sample } from "../support/deep.ts";
import { KEY, SANE, type Terminal } from "./driver.ts";
import { begin, beginInShell, container, engine, intoARun, secret, useStage, world } from "./stage.ts";

useStage();

// What a container can be called and hold: the title, links, the clipboard, colours, cursor moves, other reading orders.
const HOSTILE = [
  "\u001b]0;owned\u0007",
  "\u001b]8;;http://evil\u0007link\u001b]8;;\u0007",
  "\u001b]52;c;ZXZpbA==\u0007",
  "\u001b[2J\u001b[1;1H",
  "\u001b[31m",
  "\u001b[?1049l",
  "\u009b5m",
  "\rover",
  "\u202edrow\u2066",
  "\u200b",
].join("");

it.each([
  ["on the screens", [], ["j", KEY.enter, KEY.esc, "m", KEY.enter]],
  ["line by line", ["--accessible"], ["1\r", "b\r", "m 1\r", "local\r"]],
] as const)("lets nothing that a container holds reach the terminal, %s", async (_, args, keys) => {
  // An engine takes these in names of variables, labels, values and commands; in a container's own name it does not.
  const command = ["sh", "-c", `true '${HOSTILE}' --password=${secret()}; sleep 100000`];
  const env = { [`${HOSTILE}DB_PASSWORD`]: `${HOSTILE}${secret()}`, API_TOKEN: secret() };
  container("tui-hostile", env, BUSYBOX, ["-l", `${HOSTILE}api_token=${secret()}`], command);
  const terminal = begin(100, 40, { NO_COLOR: "1" }, [...args]);
  await terminal.until("API_TOKEN");
  await terminal.until("\\e]0;owned");
  for (const key of keys) {
    await terminal.press(key);
    await sleep(500);
  }
  await terminal.press(KEY.ctrlC);
  expect(await terminal.exit()).toBe(130);
  // What the program itself writes: moves, erasing, styles and modes of its own; never an OSC, a C1 or a bidi control.
  const raw = terminal.raw();
  expect(raw).not.toMatch(/\u001b[\]PX^_]|[\u0080-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/);
  expect(raw).not.toMatch(/\u001b\[(2J|31m)/);
  expect(terminal.left()).toEqual(SANE);
});

it("takes keys that were typed before anything was loaded, and shows none of them", async () => {
  container("tui-api", { DB_PASSWORD: secret() });
  const terminal = begin(100, 30);
  await terminal.until("unsprawl");
  terminal.write("?");
  await terminal.until("Keys of the list");
  expect(terminal.screen()).not.toMatch(/^\?/m);
  await terminal.press(KEY.ctrlC);
  expect(await terminal.exit()).toBe(130);
  expect(terminal.left()).toEqual(SANE);
});

/** The processor time of a process, in clock ticks. */
function ticks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return Number(fields[11]) + Number(fields[12]);
}

it("writes nothing and computes nothing while nobody types and nothing changes", async () => {
  container("tui-api", { DB_PASSWORD: secret() });
  const terminal = begin(100, 30);
  await terminal.until("1 secret in 1 place");
  const rest = async (): Promise<readonly [bytes: number, ticks: number]> => {
    const [bytes, used] = [terminal.raw().length, ticks(terminal.pid)];
    await sleep(3000);
    return [terminal.raw().length - bytes, ticks(terminal.pid) - used];
  };
  // The start has to end first, and takes longer on a busy machine: the compile cache is written, timers of the scan end.
  // A hundredth of a second each: garbage collection may take one.
  const quiet = ([bytes, used]: Awaited<ReturnType<typeof rest>>): boolean => bytes === 0 && used <= 3;
  await expect.poll(async () => quiet(await rest())).toBe(true);
  await terminal.press("q");
  expect(await terminal.exit()).toBe(0);
});

it("follows the size of the terminal while a run works, down to one that is too small and back", async () => {
  const password = secret();
  container("tui-api", { DB_PASSWORD: password });
  const terminal = begin(120, 40);
  await intoARun(terminal);
  for (const [columns, rows] of [
    [60, 15],
    [300, 100],
    [30, 8],
    [80, 24],
  ] as const) {
    await terminal.resize(columns, rows);
    await terminal.until(columns > 40 ? /^ unsprawl .*\n Apply → local/ : /^too small/);
    expect(terminal.screen().split("\n").length).toBeLessThanOrEqual(rows);
  }
  await terminal.until("✓ migrated");
  expect(engine.docker("inspect", "tui-api")).not.toContain(password);
  await terminal.press("q");
  expect(await terminal.exit()).toBe(0);
  expect(terminal.left()).toEqual(SANE);
});

const STEPS: readonly (readonly [string, (terminal: Terminal) => Promise<void>])[] = [
  ["the evidence", (terminal) => terminal.press(KEY.enter)],
  ["the filter", (terminal) => terminal.press("/")],
  ["the help", (terminal) => terminal.press("?")],
  ["the runs", (terminal) => terminal.press("L")],
  [
    "the stores",
    async (terminal) => {
      await terminal.press("m");
      await terminal.until("where?");
    },
  ],
  [
    "the plan",
    async (terminal) => {
      await terminal.press("m");
      await terminal.until("where?");
      await terminal.press(KEY.enter);
      await terminal.until("y apply");
    },
  ],
];

it("leaves at once, the world untouched and the terminal sane, on Ctrl-C or a hang-up at any step", async () => {
  container("tui-api", { DB_PASSWORD: secret() });
  const before = world();
  // The first and the last step and one in between, in turn by the one and the other; a deep run has every pair.
  const steps = [...STEPS.slice(0, 1), ...sample(STEPS.slice(1, -1), 1), ...STEPS.slice(-1)];
  const ways = ["ctrl-c", "SIGHUP"];
  for (const [at, [, go]] of steps.entries())
    for (const how of DEEP ? ways : [ways[at % 2] ?? ""]) {
      const terminal = begin(100, 30);
      await terminal.until("1 secret in 1 place");
      await go(terminal);
      if (how === "ctrl-c") await terminal.press(KEY.ctrlC);
      else terminal.kill(how);
      expect(await terminal.exit()).toBe(130);
      expect(terminal.left()).toEqual(SANE);
    }
  expect(world()).toBe(before);
});

it.each([
  ["the screens", "", "1 secret in 1 place"],
  ["line by line", "--accessible", "What next?"],
])("is suspended by Ctrl-Z and comes back with fg: %s", async (_, flag, ready) => {
  container("tui-api", { DB_PASSWORD: secret() });
  const terminal = beginInShell(100, 30, flag);
  await terminal.until(ready);
  await terminal.press(KEY.ctrlZ);
  await terminal.until(/Stopped/);
  expect(terminal.left()).toEqual(SANE);
  await terminal.press("fg\r");
  await terminal.until(flag === "" ? /space mark/ : /fg[^]*\n>$/);
  await terminal.press(flag === "" ? "q" : "q\r");
  await terminal.until(/secret in 1 place of docker:[^]*\$$/);
  await terminal.press("exit\r");
  expect(await terminal.exit()).toBe(0);
});
