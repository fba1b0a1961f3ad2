/** More people may write to the fleet's database than may name what a worker reads on its machine. */
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { PgBoss } from "pg-boss";
import { afterAll, beforeAll, expect, it } from "vitest";
import { signJob, trustedJob } from "../../src/fleet/jobs.ts";
import { EXPAND, SCAN, SCHEMA } from "../../src/fleet/queue.ts";
import { fingerprintKey } from "../../src/model/fingerprint.ts";
import { makeFleet, type FleetDatabase, type FleetWorld } from "../support/fleet-world.ts";

let fleet: FleetWorld;
let database: FleetDatabase;

beforeAll(async () => {
  fleet = await makeFleet({ hosts: 1, repositories: 1, images: 1 });
  database = await fleet.database();
});
afterAll(() => fleet?.stop());

it("a job that somebody put into the database is not done, and the fleet's own are", async () => {
  const worker = fleet.start(["worker"], database.env);
  const honest = await fleet.run(["serve", "--once"], database.env);
  expect({ code: honest.code, stderr: honest.stderr }).toEqual({ code: 0, stderr: "all units are scanned\n" });
  const before = await database.known();
  expect(before.present.length).toBeGreaterThan(0);

  const file = join(fleet.world.dir, "root-only.env");
  writeFileSync(file, `DB_PASSWORD=${randomBytes(12).toString("hex")}\n`, { mode: 0o600 });
  const boss = new PgBoss({
    connectionString: database.env["UNSPRAWL_DATABASE_URL"] ?? "",
    ...{ schema: SCHEMA, migrate: false, supervise: false, schedule: false },
  });
  await boss.start();
  const asked = fleet.gate.lines().length;
  const unit = { kind: "host", name: "web0", host: "web0", layers: false, registry: null, listed: false, gone: false };
  const jobs: [queue: string, data: object][] = [
    [SCAN, { ...unit, source: `env:${file}` }],
    [SCAN, { ...unit, source: `env:${file}`, mac: "0".repeat(64) }],
    [SCAN, signJob(SCAN, { ...unit, source: `env:${file}` }, fingerprintKey(randomBytes(32)))],
    [SCAN, { ...unit, kind: "repository", name: "x", host: "x", source: "dir:/" }],
    [SCAN, { ...unit, source: "registry:127.0.0.1:1/evil", registry: "127.0.0.1:1" }],
    [EXPAND, { source: `registry:${fleet.gate.host}/other`, layers: true }],
  ];
  for (const [at, [queue, data]] of jobs.entries()) await boss.send(queue, data, { singletonKey: `evil ${at}` });
  const refused = (): number => worker.said().split("no member of this fleet").length - 1;
  while (refused() < jobs.length) await sleep(50);
  await boss.stop();
  expect(await database.known()).toEqual(before);
  expect(fleet.gate.lines().length).toBe(asked);
  expect(worker.said()).not.toContain("root-only.env");

  const again = await fleet.run(["serve", "--once"], database.env);
  expect({ code: again.code, stderr: again.stderr }).toEqual({ code: 0, stderr: "all units are scanned\n" });

  // Who may write there plants no verdict either: each image is read again, and its finding stays.
  const planted = { name: "x", values: 1, findings: [], hidden: 0, ignored: [], advice: [] };
  const writer = await database.open();
  await writer.query("update unsprawl.judged set judged = $1", [JSON.stringify(planted)]);
  await writer.close();
  const third = await fleet.run(["serve", "--once"], database.env);
  expect({ code: third.code, stderr: third.stderr }).toEqual({ code: 0, stderr: "all units are scanned\n" });
  expect((await database.known()).present).toEqual(before.present);
  worker.child.kill("SIGTERM");
  await worker.ended;
});

it("a job's code is of its queue, its key and all that it says", () => {
  const key = fingerprintKey(randomBytes(32));
  const job = signJob("scan", { source: "docker:", layers: false }, key);
  expect(trustedJob("scan", { mac: job.mac, layers: false, source: "docker:" }, key)).toEqual({
    source: "docker:",
    layers: false,
  });
  for (const [queue, data, by] of [
    ["expand", job, key],
    ["scan", job, fingerprintKey(randomBytes(32))],
    ["scan", { ...job, layers: true }, key],
    ["scan", { ...job, more: 1 }, key],
    ["scan", null, key],
    ["scan", [], key],
  ] as const)
    expect(trustedJob(queue, data, by)).toBeNull();
});
