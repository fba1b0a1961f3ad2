import { randomBytes } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Finding } from "../../src/model/finding.ts";
import { fingerprintKey } from "../../src/model/fingerprint.ts";
import { Secret } from "../../src/model/secret.ts";
import { encodedForms } from "../../src/kit/text/redact.ts";
import type { Database } from "../../src/history/database.ts";
import { postgresHistory } from "../../src/history/postgres.ts";
import { file, folder, gone, sha256, tar } from "../images/layers/tar-bytes.ts";
import { DEEP } from "../support/deep.ts";
import { clientOf, forever, OCI, pushImage } from "../support/pushed.ts";
import { openSpec } from "../conformance/spec.ts";
import { makeFleet, type FleetDatabase, type FleetWorld, type Member } from "../support/fleet-world.ts";

// Each repository has as many images as the others.
const [HOSTS, REPOSITORIES, IMAGES, PER_REGISTRY] = [4, 12, DEEP ? 204 : 48, 3];

let fleet: FleetWorld;
let calm: FleetDatabase;
let worker: Member;

beforeAll(async () => {
  fleet = await makeFleet({
    ...{ hosts: HOSTS, repositories: REPOSITORIES, images: IMAGES },
    config: `  perRegistry: ${PER_REGISTRY}`,
  });
  calm = await fleet.database();
});
afterAll(() => fleet?.stop());

const digest = (bytes: Buffer): string => `sha256:${sha256(bytes)}`;

/** Waits for what will come, as long as the members that bring it are alive. */
async function until(come: () => boolean | Promise<boolean>, ...by: readonly Member[]): Promise<void> {
  for (; !(await come()); await sleep(100)) for (const member of by) expectAlive(member);
}

function expectAlive({ child, said }: Member): void {
  expect(child.exitCode ?? child.signalCode, said()).toBeNull();
}

const blobs = (): number => fleet.gate.lines().filter((line) => line.includes("/blobs/")).length;
const repositoryIn = (path: string): string | null => /^\/v2\/(.+)\/(?:manifests|blobs|tags)\//.exec(path)?.[1] ?? null;

describe("a fleet", () => {
  test("scans every host and repository once, and no more of a registry at once than it may", async () => {
    worker = fleet.start(["worker", "--jobs", "8"], calm.env);
    const second = fleet.start(["worker", "--jobs", "8"], calm.env);
    const open = new Map<string, number>();
    let most = 0;
    fleet.answer = ({ path }, response) => {
      const repository = repositoryIn(path);
      if (repository === null) return false;
      open.set(repository, (open.get(repository) ?? 0) + 1);
      most = Math.max(most, [...open.values()].filter((count) => count > 0).length);
      response.once("close", () => open.set(repository, (open.get(repository) ?? 0) - 1));
      return false;
    };
    const { code, stderr } = await fleet.run(["serve", "--once"], calm.env);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "all units are scanned\n" });
    const { present, changes } = await calm.known();
    expect(present).toHaveLength(IMAGES + 2 * HOSTS);
    expect(Object.entries(changes).filter(([change, count]) => !change.startsWith("new ") || count !== 1)).toEqual([]);
    expect(Object.keys(changes)).toHaveLength(present.length);
    // The same password on all hosts has one fingerprint, under the key that all share.
    const prints = present.filter((one) => one.includes(" api ")).map((one) => one.split(" ")[3]);
    expect([prints.length, new Set(prints).size]).toEqual([HOSTS, 1]);
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(PER_REGISTRY);
    second.child.kill("SIGTERM");
    await second.ended;
    expect(second.child.exitCode).toBe(0);
    // The other goes on for weeks: it keeps no connection to a host that it is done with.
    const connections = (): Promise<readonly number[]> =>
      Promise.all(Object.values(fleet.hosts).map((host) => host.connections()));
    await until(async () => (await connections()).every((count) => count === 0), worker);
    expect(worker.child.exitCode).toBeNull();
  });

  test("killed workers, servers and connections lose nothing and double nothing", { timeout: 600_000 }, async () => {
    const wild = await fleet.database();
    // More at once, so that others go on while those of the dead are not known to be dead.
    const file = join(fleet.world.dir, "unsprawl.yaml");
    const config = readFileSync(file, "utf8").replace(`perRegistry: ${PER_REGISTRY}`, "perRegistry: 8");
    const hook = 'notify: { hook: { kind: command, command: [/bin/sh, -c, "cat >> told.json"] } }';
    writeFileSync(join(fleet.world.dir, "wild.yaml"), `${config}\n${hook}\n`);
    const as = (...args: string[]): string[] => [...args, "--config", "wild.yaml"];
    const [first, server] = [fleet.start(as("worker"), wild.env), fleet.start(as("serve"), wild.env)];
    let manifests = 0;
    fleet.answer = ({ method, path }) => {
      if (method === "GET" && path.includes("/manifests/")) manifests++;
      return false;
    };
    await until(() => manifests > IMAGES / 5, first, server);
    first.child.kill("SIGKILL");
    const second = fleet.start(as("worker"), wild.env);
    server.child.kill("SIGKILL");
    const done = fleet.run(as("serve", "--once"), wild.env);
    await until(() => manifests > IMAGES / 2.2, second);
    await fleet.postgres.sql(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${wild.name}' and pid <> pg_backend_pid()`,
    );
    const opened = await wild.open();
    const { code, stderr } = await hurried(opened, done, second);
    expect({ code, stderr }, second.said()).toEqual({
      code: 0,
      stderr: expect.stringMatching(/all units are scanned\n$/) as string,
    });
    expect(await wild.known()).toEqual(await calm.known());
    const history = await postgresHistory(opened);
    // What the killed server had claimed is told once its lease is over, which is not waited for here.
    await opened.query("update unsprawl.outbox set due = clock_timestamp()");
    expect((await fleet.run(as("serve", "--once"), wild.env)).code).toBe(0);
    const told = readFileSync(join(fleet.world.dir, "told.json"), "utf8");
    expect((await history.changes(1000)).filter(({ id }) => !told.includes(id))).toEqual([]);
    expect(await history.waiting("hook")).toEqual({ count: 0, oldest: null });
    second.child.kill("SIGTERM");
    await second.ended;
    fleet.answer = () => false;
  });

  test("status: who works, what waits, each unit", async () => {
    const { stdout, code } = await fleet.run(["status", "--json"], calm.env);
    expect(code).toBe(0);
    const status = JSON.parse(stdout) as {
      processes: { role: string; alive: boolean }[];
      units: { name: string; findings: number; errors: unknown[] }[];
    };
    expect(status.processes).toEqual([expect.objectContaining({ role: "worker", alive: true })]);
    expect(status.units).toHaveLength(HOSTS + REPOSITORIES);
    expect(status.units.find(({ name }) => name === `${fleet.gate.host}/team/app-0`)).toMatchObject({
      findings: IMAGES / REPOSITORIES,
      errors: [],
    });
    expect((await fleet.run(["status"], calm.env)).stdout).toMatch(
      /^Processes\n {2}worker .* alive[^]*\nQueue\n {2}empty\n/,
    );
  });

  test("what was judged is read no more, wherever it is; what is there no more is gone", async () => {
    await fleet.push("team/other", ["first"]);
    const copy = await fetch(`http://${fleet.registry.host}/v2/team/other/manifests/first`, {
      headers: { accept: "application/vnd.oci.image.manifest.v1+json" },
    });
    expect(copy.status).toBe(200);
    const before = blobs();
    expect((await fleet.run(["serve", "--once"], calm.env)).code).toBe(0);
    expect(blobs() - before).toBe(1);
    // The same image in another repository: mounted there, since the registry has its parts.
    const { config, layers } = (await copy.clone().json()) as {
      config: { digest: string };
      layers: { digest: string }[];
    };
    for (const { digest } of [config, ...layers])
      await fetch(`http://${fleet.registry.host}/v2/team/mirror/blobs/uploads/?mount=${digest}&from=team/other`, {
        method: "POST",
      });
    await fetch(`http://${fleet.registry.host}/v2/team/mirror/manifests/second`, {
      method: "PUT",
      headers: { "content-type": "application/vnd.oci.image.manifest.v1+json" },
      body: await copy.text(),
    });
    rmSync(join(fleet.registry.dir, "data/docker/registry/v2/repositories/team/app-1"), { recursive: true });
    const [blobsThen, then] = [blobs(), await calm.known()];
    expect((await fleet.run(["serve", "--once"], calm.env)).code).toBe(0);
    expect(blobs()).toBe(blobsThen);
    const now = await calm.known();
    const mirrored = now.present.filter((one) => one.includes("team/mirror:second"));
    const first = now.present.find((one) => one.includes("team/other:first"));
    expect(mirrored).toHaveLength(1);
    expect(mirrored[0]?.split(" ")[3]).toBe(first?.split(" ")[3]);
    const gone = Object.entries(now.changes).filter(([change]) => change.startsWith("gone "));
    expect(gone).toHaveLength(IMAGES / REPOSITORIES);
    expect(gone.every(([change, count]) => change.includes("team/app-1 ") && count === 1)).toBe(true);
    expect(now.present).toHaveLength(then.present.length - gone.length + 1);
  });

  test("a registry that asks to wait is left alone by all until then", async () => {
    const database = await fleet.database();
    const asked = (): number => fleet.gate.lines().filter((line) => line.includes("/tags/list")).length;
    fleet.answer = ({ path }, response) => {
      if (!path.includes("/tags/list")) return false;
      response.writeHead(429, { "retry-after": "3600" }).end();
      return true;
    };
    const before = asked();
    const other = fleet.start(["worker", "--jobs", "1"], database.env);
    const serving = fleet.start(["serve"], database.env);
    await until(async () => (await fleet.run(["status"], database.env)).code === 0, other, serving);
    const db = await database.open();
    const units = (): Promise<readonly { failed: Date | null; errors: string }[]> =>
      db.query("select failed, errors from unsprawl.unit");
    await until(async () => (await units()).length === HOSTS + 1, other, serving);
    const [failed, ...others] = (await units()).filter((one) => one.failed !== null);
    expect(failed?.errors).toContain("too many requests");
    expect(others).toEqual([]);
    const held = async (): Promise<number | undefined> =>
      (
        await db.query<{ count: number }>(
          `select count(*)::integer as count from unsprawl_queue.job
           where name = 'scan' and group_id = $1 and state < 'active' and start_after > now() + interval '50 minutes'`,
          [fleet.gate.host],
        )
      )[0]?.count;
    const all = (await repositories()).length;
    await until(async () => (await held()) === all, other, serving);
    expect(asked() - before).toBe(1);
    for (const { child } of [other, serving]) child.kill("SIGTERM");
    await Promise.all([other.ended, serving.ended]);
    fleet.answer = () => false;
  });

  test("its database and what its processes say hold no value", async () => {
    worker.child.kill("SIGTERM");
    await worker.ended;
    const told = [worker.said(), await fleet.postgres.dump(calm.name)].join("\n");
    expect(told).toContain("DB_PASSWORD");
    const shown = fleet.values.filter((value) =>
      [value, ...encodedForms(Buffer.from(value), value)].some((form) => told.includes(form)),
    );
    expect(shown).toEqual([]);
  });
});

/**
 * What comes of this, while jobs that failed are taken again at once: on a busy machine one loses its heartbeat more than
 * once, and the queue waits longer before each further attempt, for minutes in the end.
 */
async function hurried<T>({ query }: Database, result: Promise<T>, by: Member): Promise<T> {
  for (;;) {
    expectAlive(by);
    const late = sleep(500, null);
    const first = await Promise.race([result.then((value) => ({ value })), late]);
    if (first !== null) return first.value;
    await query("update unsprawl_queue.job set start_after = now() where state = 'retry' and start_after > now()");
  }
}

async function repositories(): Promise<readonly string[]> {
  const answer = await fetch(`http://${fleet.registry.host}/v2/_catalog`);
  return ((await answer.json()) as { repositories: string[] }).repositories;
}

test("a layer is read once for all images that have it; the key comes from a store, the database's URL from a file", async () => {
  const [secret, own] = [`93${randomBytes(16).toString("hex")}`, `94${randomBytes(16).toString("hex")}`];
  fleet.values.push(secret, own);
  const base = tar(folder("app/"), file("app/.env", `DB_PASSWORD=${secret}\n`));
  const client = clientOf(fleet.registry);
  const push = async (repository: string, upper: Buffer): Promise<void> => {
    const layers = [base, upper];
    for (const layer of layers) await client.putBlob(repository, layer, forever);
    const described = layers.map((layer) => ({ mediaType: OCI.layer, digest: digest(layer), size: layer.length }));
    const rootfs = { type: "layers", diff_ids: layers.map(digest) };
    await pushImage(client, repository, ["one"], { rootfs }, { uploaded: true, manifest: { layers: described } });
  };
  await push("layered/first", tar(file("app/own.env", `API_TOKEN=${own}\n`)));
  const database = await fleet.database();
  const key = randomBytes(32).toString("hex");
  const { stores, own: settings } = await kept(database, key);
  const config = (what: string): string => {
    const source = `{ source: "registry:${fleet.gate.host}/${what}", layers: true }`;
    writeFileSync(join(fleet.world.dir, "layers.yaml"), `${stores}\nfleet: { ${settings}, sources: [${source}] }`);
    return "layers.yaml";
  };
  const serve = (what: string) => fleet.run(["serve", "--once", "--config", config(what)], {});
  config("layered/first");
  const reading = fleet.start(["worker", "--config", "layers.yaml"], {});
  expect((await serve("layered/first:one")).code).toBe(0);
  const before = fleet.gate.lines().length;
  // The second image deletes what the layer holds: nobody had asked for that before.
  await push("layered/second", tar(gone("app/.env")));
  expect((await serve("layered/*")).code).toBe(0);
  const read = fleet.gate.lines().slice(before);
  expect(read.some((line) => line.includes("layered/second/blobs/"))).toBe(true);
  expect(read.filter((line) => line.includes(digest(base)))).toEqual([]);
  const history = await postgresHistory(await database.open());
  const found = [...(await history.past(`${fleet.gate.host}/layered/second`)).findings.values()];
  const earlier = [...(await history.past(`${fleet.gate.host}/layered/first`)).findings.values()];
  expect(found.map(({ finding }) => finding.location.path)).toEqual([
    "/app/.env line 1, layer 1 of 2, deleted in layer 2",
  ]);
  const same = earlier.find(({ finding }) => finding.location.path === "/app/.env line 1, layer 1 of 2")?.finding;
  const told = ({ name, fingerprint, masked, length, why, score }: Finding) => [
    name,
    fingerprint,
    masked,
    length,
    why,
    score,
  ];
  expect(same && told(same)).toEqual(found[0] && told(found[0].finding));
  expect(same).toMatchObject({ name: "DB_PASSWORD", length: secret.length });
  reading.child.kill("SIGTERM");
  await reading.ended;
  const [setting] = await (await database.open()).query("select value from unsprawl.setting");
  expect(setting).toEqual({ value: fingerprintKey(Buffer.from(key)).id });
  expect(reading.said()).not.toContain(key);
  expect(await fleet.postgres.dump(database.name)).not.toContain(secret);
});

/** Puts a fleet's key into a store, and the URL of its database into a file; what the configuration says of them. */
async function kept(database: FleetDatabase, key: string): Promise<{ readonly stores: string; readonly own: string }> {
  const { world } = fleet;
  const config = { file: "fleet.sops.yaml" };
  const store = await openSpec({ provider: "local", config, env: world.env, dir: world.dir });
  const at = store.key({ subject: "fleet", project: "", name: "FINGERPRINT_KEY" });
  await store.put(at, Secret.of(key), null, { runId: "r", subject: "fleet" });
  writeFileSync(join(world.dir, "database.url"), `${database.env["UNSPRAWL_DATABASE_URL"]}\n`, { mode: 0o600 });
  return {
    stores: "stores: { here: { provider: local, file: fleet.sops.yaml } }",
    own: `key: "${store.reference(at)}", database: { urlFile: database.url }`,
  };
}

describe("what a fleet cannot begin with is said before anything is done", () => {
  const key = "UNSPRAWL_FINGERPRINT_KEY_FILE";
  test.each([
    ["no database", { UNSPRAWL_DATABASE_URL: "" }, 2, "no database for the fleet", "fleet: { database: { urlFile"],
    ["no key", { [key]: "" }, 2, "shares one fingerprint key", "fleet: { key: ref+vault"],
    ["another key", { [key]: "other.key" }, 2, "the fleet's fingerprint key is", "give all of them one key"],
  ])("%s", async (_what, env, code, message, hint) => {
    writeFileSync(join(fleet.world.dir, "other.key"), Buffer.alloc(32, 7));
    const ran = await fleet.run(["worker", "--json"], { ...calm.env, ...env });
    expect(ran.code).toBe(code);
    const { error } = JSON.parse(ran.stderr) as { error: { message: string; hint: string } };
    expect(error.message).toContain(message);
    expect(error.hint).toContain(hint);
  });

  test("no fleet to tell of", async () => {
    const { code, stderr } = await fleet.run(["status"], (await fleet.database()).env);
    expect(code).toBe(1);
    expect(stderr).toContain("there is no fleet in this database");
  });
});
