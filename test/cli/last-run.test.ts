import { spawnSync } from "node:child_process";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { runIds } from "../../src/core/journal/journal.ts";
import { kit } from "../../src/detect/index.ts";
import { SEED } from "../support/deep.ts";
import { MAIN, makeWorld } from "../support/world.ts";

const world = makeWorld("unix:///nowhere");
const make = kit(SEED);
afterAll(() => world.remove());

const state = join(world.env["XDG_STATE_HOME"] ?? join(world.dir, ".local/state"), "unsprawl");
const read = (name: string): string => readFileSync(join(world.dir, name), "utf8");

async function ran(...args: string[]): Promise<string> {
  const { code, stderr } = await world.unsprawl(args);
  expect(code, stderr).toBe(0);
  return stderr;
}

it("`last` is the run that began last, not the newest plan; after a clock that went back it is none", async () => {
  const [before, other] = [make.base64(18), make.base64(18)].map((value) => `DB_PASSWORD=${value}\n`);
  for (const [name, text] of [
    ["saved.env", before],
    ["other.env", other],
  ] as const)
    writeFileSync(join(world.dir, name), text ?? "");
  await ran("plan", "env:saved.env", "--to", "local", "-o", "saved.json");
  await ran("migrate", "env:other.env", "--to", "local", "--yes");
  await ran("apply", "saved.json");
  const rewritten = read("other.env");
  await ran("rollback", "last");
  expect([read("saved.env"), read("other.env")]).toEqual([before, rewritten]);

  const [first = ""] = runIds(state);
  const file = (id: string): string => join(state, "runs", `${id}.jsonl`);
  writeFileSync(file("20990101-000000-0000"), "");
  const unsure = await world.unsprawl(["scrub", "last", "--accept", "key-backup"]);
  expect([unsure.code, unsure.stderr]).toEqual([2, expect.stringContaining("the clock was set back since run 2099")]);
  renameSync(file("20990101-000000-0000"), file("20000101-000000-0000"));
  expect(runIds(state).slice(0, 2)).toEqual(["20000101-000000-0000", first]);
});

it("a plan as Markdown goes into the file as that, and nothing is applied from it", async () => {
  writeFileSync(join(world.dir, "ticket.env"), `DB_PASSWORD=${make.base64(18)}\n`);
  const words = ["plan", "env:ticket.env", "--to", "local", "--format", "markdown", "-o", "ticket.md"];
  const { code, stdout, stderr } = await world.unsprawl(words);
  expect([code, stdout, stderr]).toEqual([0, "", "wrote ticket.md\n"]);
  expect(read("ticket.md")).toMatch(/^# Plan \d+-\d+-\w+: 1 secret [^]*\n## Diff\n/);
});

it("a plan that moves nothing starts no run", async () => {
  writeFileSync(join(world.dir, "plain.env"), "PORT=8080\n");
  await ran("plan", "env:plain.env", "--to", "local", "-o", "empty.json");
  const runs = runIds(state);
  expect(await ran("apply", "empty.json")).toContain("nothing to move");
  const { stdout } = await world.unsprawl(["apply", "empty.json", "--json"]);
  expect(JSON.parse(stdout)).toMatchObject({ run: null, state: "done", units: [] });
  expect(runIds(state)).toEqual(runs);
});

it("a folder that was removed under the shell is one clear line", () => {
  const script = 'mkdir gone && cd gone && rmdir ../gone && exec "$@"';
  const { status, stderr } = spawnSync("sh", ["-c", script, "sh", process.execPath, MAIN, "runs"], {
    cwd: world.dir,
    env: world.env,
    encoding: "utf8",
  });
  expect([status, stderr]).toEqual([
    1,
    expect.stringMatching(/^error: the current folder does not exist.*\n  next: cd .*\n$/),
  ]);
});
