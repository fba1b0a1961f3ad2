import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { twelveSecrets } from "../support/secrets.ts";
import { makeWorld, type Ran, type World } from "../support/world.ts";

const { DB_PASSWORD = "", GITHUB_TOKEN = "", SESSION_SECRET = "", STRIPE_SECRET_KEY = "" } = twelveSecrets();
let world: World;

beforeAll(() => void (world = makeWorld("unix:///nobody")));
afterAll(() => world?.remove());

type Told = { readonly name: string; readonly state: string };
const states = ({ stdout }: Ran): string[] =>
  (JSON.parse(stdout) as { findings: Told[] }).findings.map(({ name, state }) => `${name} ${state}`).sort();
const write = (text: string): void => writeFileSync(join(world.dir, "app.env"), text);
const scan = (...more: readonly string[]): Promise<Ran> => world.unsprawl(["scan", "env:app.env", "--json", ...more]);

it("what an earlier scan saw is known and does not fail; only scans that ask are remembered", async () => {
  write(`DB_PASSWORD=${DB_PASSWORD}\n`);
  const first = await scan("--remember");
  expect([first.code, states(first)]).toEqual([3, ["DB_PASSWORD new"]]);
  const apart = await scan();
  expect([apart.code, states(apart)]).toEqual([3, ["DB_PASSWORD new"]]);
  const second = await scan("--remember");
  expect([second.code, states(second)]).toEqual([0, ["DB_PASSWORD known"]]);
  write(`DB_PASSWORD=${DB_PASSWORD}\nAPI_TOKEN=${GITHUB_TOKEN}\n`);
  const third = await scan("--remember");
  expect([third.code, states(third)]).toEqual([3, ["API_TOKEN new", "DB_PASSWORD known"]]);
  const file = join(world.dir, "state/unsprawl/history.db");
  expect(statSync(file).mode & 0o777).toBe(0o600);
  for (const value of [DB_PASSWORD, GITHUB_TOKEN]) expect(readFileSync(file).includes(value)).toBe(false);
});

it("a secret that a run moved and that is there again is regressed, with a history or without", async () => {
  const held = `DB_PASSWORD=${DB_PASSWORD}\n`;
  write(held);
  const moved = await world.unsprawl(["migrate", "env:app.env", "--to", "local", "--yes"]);
  expect(moved.code, moved.stderr).toBe(0);
  const clean = await scan("--remember");
  expect([clean.code, states(clean)]).toEqual([0, []]);
  write(held);
  for (const flags of [[], ["--remember"], ["--remember"]]) {
    const back = await scan(...flags);
    expect([back.code, states(back)]).toEqual([3, ["DB_PASSWORD regressed"]]);
  }
});

it("a baseline is one line a finding, the same each time, and says what of it is gone", async () => {
  write(`DB_PASSWORD=${SESSION_SECRET}\nAPI_TOKEN=${STRIPE_SECRET_KEY}\n`);
  const texts = [];
  for (const name of ["one", "two"]) {
    await world.unsprawl(["scan", "env:app.env", "--format", "baseline", "-o", name]);
    texts.push(readFileSync(join(world.dir, name), "utf8"));
  }
  expect(texts[0]).toBe(texts[1]);
  expect(texts[0]?.split("\n")).toHaveLength(5);
  write(`# a line more\nAPI_TOKEN=${STRIPE_SECRET_KEY}\n`);
  const ran = await scan("--baseline", "one");
  expect([ran.code, states(ran)]).toEqual([0, ["API_TOKEN known"]]);
  expect((JSON.parse(ran.stdout) as { notes: string[] }).notes).toEqual([
    "1 of the baseline one is no longer there: write it again",
  ]);
});

it("a history that cannot be used is an error that says what to do", async () => {
  writeFileSync(join(world.dir, "state/unsprawl/history.db"), "no database at all, but a text of some length");
  const ran = await scan("--remember");
  expect([ran.code, ran.stdout]).toEqual([1, ""]);
  expect(JSON.parse(ran.stderr)).toMatchObject({
    error: { code: "malformed", hint: "move it away: a new one is made" },
  });
});
