/** A container that an earlier version started still runs: `docker exec`, and its health check, get what its start got. */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { readResolved, resolveMain } from "../../src/delivery/runtime/resolve.ts";

const fresh = (): string => randomBytes(18).toString("base64url");
const [MINE, OTHER] = ["ref+vault://secret/apps/web#/DB_PASSWORD", "ref+vault://secret/apps/payroll#/DB_PASSWORD"];
const value = fresh();
const id = randomBytes(32).toString("hex");

let home: string;
beforeAll(() => {
  home = mkdtempSync("/dev/shm/unsprawl-upgrade-");
  mkdirSync(join(home, "resolved"), { mode: 0o700 });
  writeFileSync(
    join(home, "runtime.json"),
    JSON.stringify({ version: 1, realRuntime: "runc", memory: home, stores: [] }),
  );
});
afterAll(() => rmSync(home, { recursive: true, force: true }));
afterEach(() => void (process.exitCode = undefined));

const keep = (what: unknown): void => writeFileSync(join(home, `resolved/${id}.json`), JSON.stringify(what));

/** What the process gets; null when it does not start. */
async function exec(env: readonly string[]): Promise<readonly string[] | null> {
  const [file, out, log] = [join(home, "process.json"), join(home, "out.json"), join(home, "log.json")];
  writeFileSync(file, JSON.stringify({ args: ["env"], env }));
  rmSync(out, { force: true });
  await resolveMain([home, "exec", file, out, id, log], () => {
    throw new Error("no store is asked");
  });
  if (!existsSync(out)) return null;
  return (JSON.parse(readFileSync(out, "utf8")) as { env: string[] }).env;
}

it("what was kept by reference alone is handed on, and nothing else", async () => {
  keep({ [MINE]: Buffer.from(value).toString("base64") });
  expect(await exec(["A=1", `DB_PASSWORD=${MINE}`])).toEqual(["A=1", `DB_PASSWORD=${value}`]);
  expect(await exec([`DB_PASSWORD=${MINE}`, `Y=${OTHER}`])).toBeNull();
  expect(await exec(["Y=ref+__proto__", "A=1"])).toBeNull();
  expect(readResolved(home, id)).toEqual([]);
});

it("what is kept now is handed on in its variable alone", async () => {
  keep([{ variable: "DB_PASSWORD", reference: MINE, value: Buffer.from(value).toString("base64") }]);
  expect(await exec([`DB_PASSWORD=${MINE}`])).toEqual([`DB_PASSWORD=${value}`]);
  expect(await exec([`Y=${MINE}`])).toBeNull();
});

it("without anything kept no process starts with a reference", async () => {
  for (const none of [null, {}, [], 7, { [MINE]: 7 }]) {
    keep(none);
    expect(await exec([`DB_PASSWORD=${MINE}`])).toBeNull();
    expect(await exec(["A=1"])).toEqual(["A=1"]);
  }
});
