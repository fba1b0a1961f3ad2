import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Change } from "../../src/model/change.ts";
import { freePort } from "../services/tls.ts";
import { variableCanaries, Watch, type Canary } from "../support/canary.ts";
import { inspected } from "../support/inspected.ts";
import { makeWorld, type Ran } from "../support/world.ts";
import { genuine, startReceiver, type Receiver } from "./receiver.ts";

// The whole way: what a watch notices is told on every channel, and no value and no secret of a channel with it.

const world = makeWorld("unix:///nowhere");
const canaries = variableCanaries();
const own: readonly Canary[] = ["hook key", "chat path", "collector token"].map((name) => {
  const value = randomBytes(18).toString("base64url");
  return { name, value, parts: [value] };
});
const [key = "", path = "", token = ""] = own.map(({ value }) => value);
const spy = new Watch([...canaries, ...own]);
let receiver: Receiver;
let port = 0;

beforeAll(async () => {
  receiver = await startReceiver((response, one) => response.writeHead(one.path.startsWith("/chat") ? 404 : 200).end());
  port = await freePort();
  put("hook.key", `${key}\n`);
  put("chat.url", `${receiver.origin}/chat/${path}\n`);
  put("headers", `Authorization: Bearer ${token}\n`);
  put("tell", `#!/bin/sh\ncat >> "${world.dir}/heard"\necho >> "${world.dir}/heard"\n`);
  chmodSync(join(world.dir, "tell"), 0o700);
  put(
    "unsprawl.yaml",
    `notify:
  ops: { kind: webhook, url: "${receiver.origin}/ops", secretFile: hook.key }
  chat: { kind: slack, urlFile: chat.url }
  logs: { kind: otlp, url: "${receiver.origin}", headersFile: headers }
  hook: { kind: command, command: [./tell], on: [gone] }
  away: { kind: webhook, url: "http://127.0.0.1:${port}/", minSeverity: critical }
`,
  );
});
afterAll(async () => {
  await receiver?.stop();
  world.remove();
});

function put(file: string, text: string): void {
  writeFileSync(join(world.dir, file), text, { mode: 0o600 });
}

async function watched(variables: readonly Canary[]): Promise<Ran> {
  put("shop.json", inspected({ shop: { env: Object.fromEntries(variables.map(({ name, value }) => [name, value])) } }));
  const ran = await world.unsprawl(["watch", "--once", "inspect:shop.json"]);
  expect(ran.stderr).not.toMatch(/\n\s+at /);
  expect(spy.find(`${ran.stdout}\n${ran.stderr}`)).toEqual([]);
  return ran;
}

test("what is new is told once on each channel that works; one that does not is said, with what to do", async () => {
  const first = await watched(canaries);
  const told = receiver.received.filter(({ path: to }) => to === "/ops");
  expect(told).toHaveLength(1);
  expect(told.map((one) => genuine(one, key, new Date()))).toEqual([true]);
  const { changes } = JSON.parse(told[0]?.body ?? "") as { readonly changes: readonly Change[] };
  expect(changes.length).toBeGreaterThan(10);
  expect(
    receiver.received.filter(({ path: to }) => to === "/v1/logs").map(({ headers }) => headers.authorization),
  ).toEqual([`Bearer ${token}`]);
  expect(first.stderr).toContain(
    `chat (${receiver.origin}): nothing is there (404); ${changes.length} changes wait; next:`,
  );
  expect(first.stderr).toMatch(
    new RegExp(`away \\(http://127\\.0\\.0\\.1:${port}\\): the connection is refused; \\d+ changes? waits?`),
  );
  const before = receiver.received.length;
  await watched(canaries);
  expect(receiver.received).toHaveLength(before);
  expect(existsSync(join(world.dir, "heard"))).toBe(false);
});

test("what is gone is told where that is asked for", async () => {
  const before = receiver.received.length;
  await watched(canaries.filter(({ name }) => name !== "DB_PASSWORD"));
  expect(receiver.received).toHaveLength(before);
  const heard = JSON.parse(readFileSync(join(world.dir, "heard"), "utf8")) as { readonly changes: readonly Change[] };
  expect(heard.changes.map(({ kind, finding }) => [kind, finding.name])).toEqual([["gone", "DB_PASSWORD"]]);
});

test("names stay whole on each channel, though a weak value is a part of one", async () => {
  const before = receiver.received.length;
  const [strong] = canaries.filter(({ name }) => name === "DB_PASSWORD");
  const env = { MYSQL_PASSWORD: "nextcloud", MYSQL_ROOT_PASSWORD: strong?.value ?? "" };
  put("weak.json", inspected({ "nextcloud-db": { env }, "weak-run": { env: { REDIS_PASSWORD: "weak" } } }));
  const ran = await world.unsprawl(["watch", "--once", "inspect:weak.json"]);
  expect(spy.find(`${ran.stdout}\n${ran.stderr}`)).toEqual([]);
  const sent = receiver.received.slice(before);
  expect(new Set(sent.map(({ path: to }) => to))).toEqual(new Set(["/ops", `/chat/${path}`, "/v1/logs"]));
  for (const { body } of [...sent, { body: ran.stdout }]) {
    expect(body).not.toContain("[secret]");
    expect(body).toMatch(/nextcloud-db.*weak-run|weak-run.*nextcloud-db/s);
    expect(spy.find(body)).toEqual([]);
  }
});

test("no value and no channel's secret in what was told, and none in the state folder", () => {
  expect(spy.find(receiver.received.map(({ body }) => body).join("\n"))).toEqual([]);
  expect(spy.find(readFileSync(join(world.dir, "heard"), "utf8"))).toEqual([]);
  expect(existsSync(join(world.dir, "state/unsprawl/history.db"))).toBe(true);
  expect(spy.findInFiles(join(world.dir, "state"))).toEqual([]);
});
