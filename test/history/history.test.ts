import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openDatabase, type Database } from "../../src/history/database.ts";
import { postgresHistory } from "../../src/history/postgres.ts";
import { openSqliteHistory } from "../../src/history/sqlite.ts";
import { historyConformance } from "../conformance/history.ts";
import { startPostgres, type TestPostgres } from "../services/postgres.ts";

describe("sqlite", () => {
  const dir = mkdtempSync(join(tmpdir(), "unsprawl-history-"));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));
  historyConformance(async () => {
    const state = mkdtempSync(join(dir, "state-"));
    const again = () => openSqliteHistory(state);
    return { history: await again(), again };
  });
});

describe("postgres", () => {
  let server: TestPostgres;
  const password = randomBytes(12).toString("hex");
  const url = (database: string, as = password): string =>
    `postgres://fleet:${as}@127.0.0.1:${server.port}/${database}`;
  const opened: Database[] = [];
  const open = async (database: string, lost?: () => void): Promise<Database> => {
    const one = await openDatabase(url(database), { patience: 20_000, ...(lost && { lost }) });
    opened.push(one);
    return one;
  };
  let made = 0;
  const newDatabase = async (): Promise<string> => {
    const name = `history_${made++}`;
    await server.sql(`create database ${name} owner fleet`);
    return name;
  };

  beforeAll(async () => {
    server = await startPostgres("host all fleet 127.0.0.1/32 scram-sha-256");
    await server.sql(`create role fleet login password '${password}'`);
  });
  afterAll(() => server?.stop());

  historyConformance(async () => {
    const name = await newDatabase();
    const again = async () => postgresHistory(await open(name));
    return { history: await again(), again };
  });

  test("processes that begin at once make one schema", async () => {
    const name = await newDatabase();
    const all = await Promise.all(Array.from({ length: 6 }, async () => postgresHistory(await open(name))));
    expect(await all[0]?.hosts()).toEqual([]);
    for (const one of all) await one.close();
  });

  test("a schema of a later version is left alone", async () => {
    const name = await newDatabase();
    const database = await open(name);
    await (await postgresHistory(database)).hosts();
    await database.query("update unsprawl.version set version = 99");
    await expect(postgresHistory(database)).rejects.toMatchObject({ code: "refused" });
    await database.close();
  });

  test("a connection that the server ends is made again, and what was under way is done", async () => {
    const name = await newDatabase();
    let lost = 0;
    const database = await open(name, () => lost++);
    const history = await postgresHistory(database);
    const end = `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`;
    let tries = 0;
    const counted = await database.transaction(async (query) => {
      await query("create table if not exists public.twice (at integer)");
      await query("insert into public.twice values (1)");
      if (tries++ === 0) await server.sql(end);
      return query<{ count: string }>("select count(*) from public.twice");
    });
    expect(counted).toEqual([{ count: "1" }]);
    expect([tries, lost]).toEqual([2, 1]);
    await server.sql(end);
    expect(await history.hosts()).toEqual([]);
    await history.close();
  });

  test.each([
    ["a wrong password", (): string => url("postgres", "wrong"), "denied"],
    ["no such database", (): string => url("nowhere"), "absent"],
    ["nobody there", (): string => "postgres://u:topsecretword@127.0.0.1:1/x", "unreachable"],
  ])("%s is told without the URL", async (_what, where, code) => {
    const database = await openDatabase(where(), { patience: 0 });
    const error = await database.query("select 1").catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code });
    expect(JSON.stringify([error, (error as Error).message, (error as Error).cause])).not.toMatch(/wrong|topsecret/);
    await database.close();
  });
});
