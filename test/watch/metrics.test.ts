import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { History } from "../../src/contract/history.ts";
import type { MetricsSettings } from "../../src/core/config/metrics.ts";
import { readWatch, WATCH } from "../../src/core/config/watch.ts";
import { parse } from "../../src/kit/schema/index.ts";
import { openSqliteHistory } from "../../src/history/sqlite.ts";
import type { Change } from "../../src/model/change.ts";
import { parseExposition } from "../../src/watch/exposition.ts";
import { openMetrics, type Metrics } from "../../src/watch/metrics.ts";
import { promtool } from "../services/promtool.ts";
import { makeWorld, type World } from "../support/world.ts";

/** As a configuration might call them: each is one series, whatever it is. */
const CHANNELS = ["ops", 'a "quoted" \\ one', "two\nlines", "\u001b[31mred", `long-${"x".repeat(500)}`];
const HERE: MetricsSettings = { listen: { host: "127.0.0.1", port: 0 }, file: null };
const NAME = `PAYMENT_${randomBytes(3).toString("hex").toUpperCase()}_PASSWORD`;

let world: World;
let history: History;
let secret: string;
let changes: readonly Change[];

beforeAll(async () => {
  world = makeWorld("unix:///nowhere");
  secret = randomBytes(12).toString("base64url");
  writeFileSync(
    join(world.dir, "app.env"),
    `${NAME}=${secret}\nOTHER_SECRET=${randomBytes(12).toString("base64url")}\n`,
  );
  const scanned = await world.unsprawl(["scan", "env:app.env", "--remember", "--fail-on", "never"]);
  expect(scanned.code, scanned.stderr).toBe(0);
  history = await openSqliteHistory(join(world.dir, "state/unsprawl"));
  changes = await history.changes(10);
  expect(changes).toHaveLength(2);
  // Both wait to be told on a channel.
  const host = changes[0]?.host ?? "";
  const addition = { findings: [], seen: [], changes, moved: [], undone: [] };
  const scan = { at: new Date().toISOString(), durationMs: 1, sources: [], subjects: 0, errors: 0, trend: null };
  await history.remember(host, "told", CHANNELS.slice(0, 2), () => ({
    ...addition,
    changes: changes.map((change) => ({ ...change, id: randomBytes(12).toString("hex") })),
    scan: { ...scan, id: "told" },
  }));
});

afterAll(async () => {
  await history.close();
  world.remove();
});

describe("over HTTP", () => {
  let metrics: Metrics;
  const get = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`http://127.0.0.1:${metrics.port}${path}`, init);

  beforeAll(async () => {
    metrics = await open(HERE);
    metrics.scanned({ host: null, durationMs: 1500, subjects: 7, errors: 0, partial: false });
    metrics.scanned({ host: null, durationMs: 500, subjects: 1, errors: 2, partial: true });
    metrics.failed();
    metrics.changed([...changes, ...changes.map((change) => ({ ...change, kind: "regressed" as const }))]);
    for (let one = 0; one < 1000; one++) metrics.event();
  });

  afterAll(() => metrics.close());

  it("promtool has nothing to say against it", async () => {
    const response = await get("/metrics");
    expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    const judged = spawnSync(promtool(), ["check", "metrics"], { input: await response.text(), encoding: "utf8" });
    expect({ status: judged.status, said: judged.stdout + judged.stderr }).toEqual({ status: 0, said: "" });
  });

  it("counts what there is, and what was done", async () => {
    const found = parseExposition(await (await get("/metrics")).text());
    expect(Object.fromEntries(found)).toMatchObject({
      'unsprawl_build_info{version="1.2.3"}': 1,
      'unsprawl_findings{severity="high",state="new"}': 2,
      'unsprawl_findings{severity="high",state="regressed"}': 0,
      'unsprawl_changes_total{kind="new"}': 2,
      'unsprawl_changes_total{kind="regressed"}': 2,
      'unsprawl_changes_total{kind="gone"}': 0,
      'unsprawl_scans_total{result="complete"}': 1,
      'unsprawl_scans_total{result="incomplete"}': 1,
      'unsprawl_scans_total{result="failed"}': 1,
      unsprawl_scan_errors_total: 2,
      unsprawl_scan_duration_seconds_sum: 2,
      unsprawl_scan_duration_seconds_count: 2,
      unsprawl_subjects: 7,
      unsprawl_last_scan_duration_seconds: 1.5,
      unsprawl_engine_events_total: 1000,
      'unsprawl_outbox_waiting{channel="ops"}': 2,
      'unsprawl_outbox_waiting{channel="a \\"quoted\\" \\\\ one"}': 2,
      'unsprawl_outbox_waiting{channel="two\\\\nlines"}': 0,
    });
    const success = found.get("unsprawl_last_success_timestamp_seconds") ?? 0;
    expect(Math.abs(success - Date.now() / 1000)).toBeLessThan(600);
  });

  it("names no variable, no place, no fingerprint, no value, and nothing that a terminal obeys", async () => {
    const text = await (await get("/metrics")).text();
    const { finding } = changes[0] ?? { finding: null };
    for (const one of [NAME, secret, "app.env", finding?.fingerprint ?? "-", finding?.id ?? "-"])
      expect(text).not.toContain(one);
    expect(text).not.toContain("\u001b");
    expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThan(300);
  });

  it("what is known of findings is read again after a scan, and not at each question", async () => {
    let reads = 0;
    const counting = { ...history, hosts: () => (reads++, history.hosts()) };
    const own = await openMetrics(
      HERE,
      { version: "1", history: counting, channels: [], hosts: [] },
      expect.unreachable,
    );
    const ask = (): Promise<string> => fetch(`http://127.0.0.1:${own.port}/metrics`).then((one) => one.text());
    await Promise.all([ask(), ask(), ask()]);
    own.event();
    await ask();
    expect(reads).toBe(1);
    own.scanned({ host: null, durationMs: 1, subjects: 1, errors: 0, partial: true });
    await ask();
    expect(reads).toBe(2);
    await own.close();
  });

  it.each<[method: string, path: string, status: number]>([
    ["GET", "/healthz", 200],
    ["HEAD", "/metrics", 200],
    ["POST", "/metrics", 405],
    ["GET", "/", 404],
    ["GET", "/metrics/../etc/passwd%00", 404],
    ["GET", "/debug/pprof", 404],
  ])("%s %s is %i", async (method, path, status) => {
    const response = await get(path, { method });
    expect(response.status).toBe(status);
    expect(response.headers.get("cache-control")).toBe("no-store");
    const body = await response.text();
    if (method === "HEAD") expect(body).toBe("");
  });

  it.each([
    ["no path", "GET // HTTP/1.1\r\nHost: x\r\n\r\n", /^HTTP\/1\.1 404/],
    ["a header without an end", `GET /metrics HTTP/1.1\r\nX: ${"a".repeat(20_000)}\r\n\r\n`, /^HTTP\/1\.1 431/],
    ["no HTTP", "\u0000\u0001\r\n\r\n", /^HTTP\/1\.1 400/],
  ])("%s ends the connection, and nothing else", async (_what, bytes, says) => {
    expect(await raw(metrics.port ?? 0, bytes)).toMatch(says);
    expect((await get("/healthz")).status).toBe(200);
  });

  it("a history that cannot be read is said, and none of its error", async () => {
    const broken = { ...history, hosts: () => Promise.reject(new Error(`near ${secret}`)) };
    const own = await openMetrics(HERE, { version: "1", history: broken, channels: [], hosts: [] }, expect.unreachable);
    const response = await fetch(`http://127.0.0.1:${own.port}/metrics`);
    expect([response.status, await response.text()]).toEqual([500, "the history cannot be read\n"]);
    await own.close();
  });

  it("a port that somebody has is told with what to type", async () => {
    const taken = { listen: { host: "127.0.0.1", port: metrics.port ?? 0 }, file: null };
    await expect(open(taken)).rejects.toMatchObject({
      message: `metrics: cannot listen on 127.0.0.1:${metrics.port} (Error EADDRINUSE)`,
      hint: expect.stringContaining("watch.metrics.listen"),
    });
  });

  it("close answers no more, and gives the port back", async () => {
    const own = await open(HERE);
    const idle = connect(own.port ?? 0, "127.0.0.1");
    await once(idle, "connect");
    await own.close();
    await expect(fetch(`http://127.0.0.1:${own.port}/healthz`)).rejects.toThrow("fetch failed");
    const again = await open({ listen: { host: "127.0.0.1", port: own.port ?? 0 }, file: null });
    expect(again.port).toBe(own.port);
    await again.close();
    idle.destroy();
  });
});

describe("in a text file", () => {
  it("can be read by all, is one that promtool takes, and goes on where it was", async () => {
    const file = join(world.dir, "unsprawl.prom");
    for (let run = 0; run < 3; run++) {
      const metrics = await open({ listen: null, file });
      expect(metrics.port).toBeNull();
      metrics.changed(changes);
      metrics.scanned({ host: null, durationMs: 250, subjects: 1, errors: run, partial: false });
      await metrics.close();
    }
    expect(statSync(file).mode & 0o777).toBe(0o644);
    const text = readFileSync(file, "utf8");
    const judged = spawnSync(promtool(), ["check", "metrics"], { input: text, encoding: "utf8" });
    expect({ status: judged.status, said: judged.stdout + judged.stderr }).toEqual({ status: 0, said: "" });
    expect(Object.fromEntries(parseExposition(text))).toMatchObject({
      'unsprawl_changes_total{kind="new"}': 6,
      'unsprawl_scans_total{result="complete"}': 1,
      'unsprawl_scans_total{result="incomplete"}': 2,
      unsprawl_scan_duration_seconds_sum: 0.75,
    });
    // node_exporter has its own.
    expect(text).not.toContain("process_");
  });

  it("tells the last whole scan of each host of the configuration, and forgets hosts that are no more", async () => {
    const file = join(world.dir, "hosts.prom");
    const scan = { durationMs: 250, subjects: 3, partial: false };
    const first = await open({ listen: null, file }, undefined, ["web1", "web2"]);
    first.scanned({ ...scan, host: "web1", errors: 0 });
    first.scanned({ ...scan, host: "web2", errors: 1 });
    await first.close();
    const of = (): string[] =>
      [...parseExposition(readFileSync(file, "utf8")).keys()].filter((one) => one.includes("host="));
    expect(of()).toEqual([
      'unsprawl_subjects{host="web1"}',
      'unsprawl_subjects{host="web2"}',
      'unsprawl_last_scan_duration_seconds{host="web1"}',
      'unsprawl_last_scan_duration_seconds{host="web2"}',
      'unsprawl_last_success_timestamp_seconds{host="web1"}',
    ]);
    await (await open({ listen: null, file }, undefined, ["web2"])).close();
    expect(of()).toEqual(['unsprawl_subjects{host="web2"}', 'unsprawl_last_scan_duration_seconds{host="web2"}']);
  });

  it("is written soon after a scan, without being closed", async () => {
    const file = join(world.dir, "soon.prom");
    const metrics = await open({ listen: null, file });
    metrics.scanned({ host: null, durationMs: 1, subjects: 1, errors: 0, partial: false });
    while (!(statSync(file, { throwIfNoEntry: false })?.size ?? 0)) await sleep(50);
    expect(readFileSync(file, "utf8")).toContain('unsprawl_scans_total{result="complete"} 1\n');
    await metrics.close();
  });

  it("what was no metrics before is replaced; what cannot be written is said once", async () => {
    const file = join(world.dir, "other.prom");
    writeFileSync(file, 'unsprawl_scans_total{result="complete"} nonsense\n\u0000\nunsprawl_scan_errors_total -5\n');
    const metrics = await open({ listen: null, file });
    await metrics.close();
    expect(parseExposition(readFileSync(file, "utf8")).get("unsprawl_scan_errors_total")).toBe(0);

    const folder = join(world.dir, "folder.prom");
    mkdirSync(folder);
    chmodSync(folder, 0o755);
    const said: string[] = [];
    const never = await open({ listen: null, file: folder }, (text) => void said.push(text));
    never.failed();
    await sleep(1200);
    await never.close();
    expect(said).toEqual([`metrics: ${folder} is not a plain file`]);
  });
});

describe("of the program", () => {
  it("watch --once counts each run, those that come to nothing too", async () => {
    const own = makeWorld("unix:///nowhere");
    writeFileSync(join(own.dir, "app.env"), `${NAME}=${secret}\n`);
    writeFileSync(
      join(own.dir, "unsprawl.yaml"),
      'watch: { sources: ["env:app.env"], every: 1h, metrics: { file: own.prom } }\n',
    );
    const first = await own.unsprawl(["watch", "--once"]);
    expect(first.code, first.stderr).toBe(3);
    expect((await own.unsprawl(["watch", "--once"])).code).toBe(0);
    expect((await own.unsprawl(["watch", "docker:", "--once"])).code).toBe(1);
    const text = readFileSync(join(own.dir, "own.prom"), "utf8");
    const found = Object.fromEntries(parseExposition(text));
    expect(found).toMatchObject({
      'unsprawl_changes_total{kind="new"}': 1,
      'unsprawl_findings{severity="high",state="known"}': 1,
      'unsprawl_scans_total{result="complete"}': 2,
    });
    const [incomplete = 0, failed = 0] = ["incomplete", "failed"].map(
      (result) => found[`unsprawl_scans_total{result="${result}"}`],
    );
    expect(incomplete + failed).toBe(1);
    expect(text).not.toContain(NAME);
    expect(first.stdout + first.stderr).not.toContain(secret);
    own.remove();
  });

  it("the documentation's alerts are rules to promtool", () => {
    const page = readFileSync(new URL("../../docs/watch.md", import.meta.url), "utf8");
    const file = join(world.dir, "rules.yaml");
    writeFileSync(file, /```yaml\n(groups:\n[^`]*)```/.exec(page)?.[1] ?? "");
    const judged = spawnSync(promtool(), ["check", "rules", file], { encoding: "utf8" });
    expect(judged.stdout + judged.stderr).toContain("SUCCESS: 2 rules found");
    expect(judged.status).toBe(0);
  });
});

describe("its configuration", () => {
  const read = (metrics: unknown): MetricsSettings =>
    readWatch(parse(WATCH, { metrics }, "unsprawl.yaml", "watch"), "/etc/unsprawl")?.metrics ?? HERE;

  it.each<[given: unknown, settings: MetricsSettings]>([
    [undefined, { listen: null, file: null }],
    [{ listen: 9464 }, { listen: { host: "127.0.0.1", port: 9464 }, file: null }],
    [{ listen: "0.0.0.0:9464" }, { listen: { host: "0.0.0.0", port: 9464 }, file: null }],
    [{ listen: "[::1]:9464" }, { listen: { host: "::1", port: 9464 }, file: null }],
    [{ file: "x.prom" }, { listen: null, file: "/etc/unsprawl/x.prom" }],
  ])("%j", (given, settings) => {
    expect(read(given)).toEqual(settings);
  });

  it.each<[given: unknown, says: RegExp]>([
    [{ listen: "localhost" }, /watch\.metrics\.listen must be/],
    [{ listen: "x:99999" }, /watch\.metrics\.listen must be/],
    [{ listen: "http://x:1" }, /watch\.metrics\.listen must be/],
    [{ file: "/etc/passwd" }, /ends in \.prom/],
    [{ port: 1 }, /unknown key watch\.metrics\.port/],
    ["on", /watch\.metrics must be a map/],
  ])("%j is refused", (given, says) => {
    expect(() => read(given)).toThrow(says);
  });
});

function open(
  settings: MetricsSettings,
  say: (text: string) => void = expect.unreachable,
  hosts: readonly string[] = [],
): Promise<Metrics> {
  return openMetrics(settings, { version: "1.2.3", history, channels: CHANNELS, hosts }, say);
}

/** What a server answers to these bytes until it ends the connection. */
async function raw(port: number, bytes: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  let answered = "";
  socket.setTimeout(500, () => socket.end()).on("data", (chunk: Buffer) => (answered += chunk.toString("latin1")));
  socket.on("error", () => undefined);
  socket.write(bytes);
  await once(socket, "close");
  return answered;
}
