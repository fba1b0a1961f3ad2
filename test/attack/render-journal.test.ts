/**
 * At boot `render` puts values back into memory. A journal that is not whole stops no other run, and neither an upgrade
 * nor a lost key stops a host; but nothing that others could have written is rendered, and nothing else than rendered.
 */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { holders, migrate, password } from "../migrations/files-world.ts";
import { makeWorld, type Ran } from "../support/world.ts";

const world = makeWorld("unix:///nonexistent");
afterAll(() => world.remove());

const state = join(world.dir, "state/unsprawl");
const fileOf = (run: string): string => join(state, "runs", `${run}.jsonl`);
const values = [password(), password()] as const;
const runs: string[] = [];
let honest: readonly string[];
let index: string;
let keys: ReadonlyMap<string, Buffer>;

beforeAll(async () => {
  for (const [at, value] of values.entries()) {
    const dir = join(world.dir, `units-${at}`);
    mkdirSync(dir);
    const unit = `[Service]\nExecStart=/bin/true\nEnvironment=DB_PASSWORD=${value}\n`;
    writeFileSync(join(dir, `app${at}.service`), unit);
    const { ran, run } = await migrate(world, `systemd:${dir}`, ["--deliver", "file"]);
    expect(ran.code, ran.stderr).toBe(0);
    runs.push(run);
  }
  index = readFileSync(join(state, "consumers.json"), "utf8");
  honest = runs.map((run) => readFileSync(fileOf(run), "utf8"));
  const names = readdirSync(state).filter((name) => name.startsWith("fingerprint."));
  keys = new Map(names.map((name) => [name, readFileSync(join(state, name))]));
});

/** The host boots: memory is empty, and the state is as it was. */
beforeEach(() => {
  for (const name of readdirSync(world.memory)) rmSync(join(world.memory, name), { recursive: true });
  for (const [at, run] of runs.entries()) writeFileSync(fileOf(run), honest[at] ?? "");
  rmSync(join(state, "fingerprint.cred"), { force: true });
  for (const [name, bytes] of keys) writeFileSync(join(state, name), bytes, { mode: 0o600 });
  // What an earlier version leaves: journals, and no index of consumers.
  rmSync(join(state, "consumers.json"), { force: true });
});

const inMemory = (): boolean[] => values.map((value) => holders(world.memory, [value]).length > 0);
const without = (text: string): string => text.replaceAll(/,"mac":"[0-9a-f]+"(?=\}$)/gm, "");
const changed = (text: string): string => text.replace('"createdAt":"2', '"createdAt":"3');
const render = (...args: string[]): Promise<Ran> => world.unsprawl(["render", ...args]);

function lose(): void {
  for (const name of keys.keys()) rmSync(join(state, name));
  writeFileSync(join(state, "fingerprint.cred"), "sealed by another host", { mode: 0o600 });
}

describe("a journal that is not whole", () => {
  it("keeps no other run from being rendered, and is named with the reason", async () => {
    writeFileSync(fileOf(runs[0] ?? ""), changed(honest[0] ?? ""));
    const ran = await render("--all");
    expect([ran.code, inMemory()]).toEqual([5, [false, true]]);
    expect(ran.stderr).toContain(`the journal of run ${runs[0]} has been changed since it was written`);
    const listed = JSON.parse((await render("--all", "--json")).stdout) as { failed: { run: string }[] };
    expect(listed.failed.map(({ run }) => run)).toEqual([runs[0]]);
  });

  it("is no success where nothing else is left to render", async () => {
    for (const [at, run] of runs.entries()) writeFileSync(fileOf(run), changed(honest[at] ?? ""));
    const ran = await render("--all");
    expect([ran.code, ran.stdout.trim(), inMemory()]).toEqual([1, "nothing rendered", [false, false]]);
    for (const run of runs) expect(ran.stderr).toContain(run);
  });

  it("is none of a run that was killed before its first record: nothing was done", async () => {
    const killed = fileOf("20261125-000000-0000");
    writeFileSync(killed, '{"at":"');
    expect([(await render("--all")).code, inMemory()]).toEqual([0, [true, true]]);
    rmSync(killed);
  });
});

describe("a journal that cannot be authenticated", () => {
  it("of an earlier version is rendered, with a warning; no other verb works by it", async () => {
    writeFileSync(fileOf(runs[0] ?? ""), without(honest[0] ?? ""));
    const ran = await render("--all");
    expect([ran.code, inMemory()]).toEqual([0, [true, true]]);
    expect(ran.stderr.match(/warning: .*not authenticated/g)).toHaveLength(1);
    for (const verb of ["rollback", "resume", "scrub"])
      expect((await world.unsprawl([verb, runs[0] ?? ""])).stderr).toContain("carries no authentication codes");
  });

  it("for want of the key is rendered, with a warning; no other verb works without the key", async () => {
    lose();
    const ran = await render("--all");
    expect([ran.code, inMemory()], ran.stderr).toEqual([0, [true, true]]);
    expect(ran.stderr.match(/warning: .*key cannot be opened/g)).toHaveLength(2);
    const tried = await world.unsprawl(["rollback", runs[0] ?? ""]);
    expect([tried.code, tried.stderr]).toEqual([4, expect.stringContaining("sealed to one host")]);
    // No other key took its place.
    expect(readdirSync(state).filter((name) => name.startsWith("fingerprint."))).toEqual(["fingerprint.cred"]);
  });

  it("is refused with some of its codes, with or without the key", async () => {
    const [first = "", ...rest] = (honest[0] ?? "").split("\n");
    writeFileSync(fileOf(runs[0] ?? ""), [without(first), ...rest].join("\n"));
    expect([(await render(runs[0] ?? "")).code, inMemory()]).toEqual([1, [false, false]]);
    lose();
    expect([(await render(runs[0] ?? "")).code, inMemory()]).toEqual([1, [false, false]]);
  });

  it("is refused when others could have written it, or when it is no plan of ours in form", async () => {
    const [run = "", text = ""] = [runs[0], honest[0]];
    writeFileSync(fileOf(run), without(text));
    chmodSync(join(state, "runs"), 0o770);
    const open = await render(run);
    expect([open.code, open.stderr]).toEqual([1, expect.stringContaining("others can write")]);
    chmodSync(join(state, "runs"), 0o700);
    writeFileSync(fileOf(run), without(text).replaceAll('"name":"DB_PASSWORD"', '"name":"../../DB_PASSWORD"'));
    expect([(await render(run)).code, inMemory()]).toEqual([1, [false, false]]);
  });
});

describe("the index of consumers", () => {
  const put = (text: string, mode = 0o600): void => {
    rmSync(join(state, "consumers.json"), { force: true });
    writeFileSync(join(state, "consumers.json"), text, { mode });
    chmodSync(join(state, "consumers.json"), mode);
  };

  it("is rendered without the journals", async () => {
    put(index);
    expect([(await render("--all")).code, inMemory()]).toEqual([0, [true, true]]);
  });

  it("is refused when others could have written it", async () => {
    put(index, 0o660);
    const ran = await render("--all");
    expect([ran.code, ran.stderr, inMemory()]).toEqual([
      1,
      expect.stringContaining("others can write"),
      [false, false],
    ]);
  });

  it("names no folder beside those for values", async () => {
    const outside = join(world.dir, "outside");
    put(index.replaceAll(/"folder": ?"[^"]*"/g, `"folder":"${outside}"`));
    expect([(await render("--all")).code === 0, existsSync(outside)]).toEqual([false, false]);
  });

  it("names no file beside those of its folders", async () => {
    put(index.replaceAll(/"name": ?"DB_PASSWORD"/g, '"name":"../DB_PASSWORD"'));
    expect([(await render("--all")).code === 0, inMemory()]).toEqual([false, [false, false]]);
  });
});
