import { randomBytes } from "node:crypto";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { webhook } from "../../src/notify/webhook.ts";
import { freePort, selfSigned } from "../services/tls.ts";
import { change, changes, never, opened, shown, thrown } from "./changes.ts";
import { genuine, startReceiver, type Receiver } from "./receiver.ts";

const key = randomBytes(24).toString("base64");
const token = randomBytes(18).toString("hex");
let dir = "";
const running: Receiver[] = [];

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "unsprawl-notify-"));
  await selfSigned(dir);
  writeFileSync(join(dir, "hook.key"), `${key}\n`, { mode: 0o600 });
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop();
});

async function receiver(...given: Parameters<typeof startReceiver>): Promise<Receiver> {
  const started = await startReceiver(...given);
  running.push(started);
  return started;
}

test("a batch is posted, signed so that the receiver can tell by itself, under an id that stays the same", async () => {
  const { origin, received } = await receiver();
  const { channel } = opened(webhook, { url: `${origin}/hook`, secretFile: "hook.key" }, { dir });
  const batch = changes(3);
  await channel.send(batch, never);
  await channel.send(batch.toReversed(), never);
  const [first, second] = received;
  expect([first, second].map((one) => one && genuine(one, key, new Date()))).toEqual([true, true]);
  expect(first && genuine({ ...first, body: `${first.body} ` }, key, new Date())).toBe(false);
  expect(first && genuine(first, `${key}x`, new Date())).toBe(false);
  expect(JSON.parse(first?.body ?? "")).toEqual({
    version: 1,
    batch: first?.headers["idempotency-key"],
    changes: batch.map((one) => ({ ...one, next: "unsprawl plan docker:api --to STORE" })),
  });
  expect(first?.headers["idempotency-key"]).toMatch(/^[0-9a-f]{32}$/);
  expect(second?.headers["idempotency-key"]).toBe(first?.headers["idempotency-key"]);
  expect(first?.path).toBe("/hook");
  await channel.send(changes(2), never);
  expect(received[2]?.headers["idempotency-key"]).not.toBe(first?.headers["idempotency-key"]);
});

test("the signature is of the time at which it is sent, and the key is read anew each time", async () => {
  const { origin, received } = await receiver();
  const file = join(dir, "rotated.key");
  writeFileSync(file, `${key}1\n`, { mode: 0o600 });
  let now = new Date("2026-11-25T10:00:00Z");
  const { channel, known } = opened(webhook, { url: origin, secretFile: file }, { now: () => now });
  await channel.send(changes(1), never);
  await channel.send(changes(1), never);
  writeFileSync(file, `${key}2\n`);
  now = new Date("2026-11-25T11:00:00Z");
  await channel.send(changes(1), never);
  expect(received.map(({ headers }) => headers["x-unsprawl-timestamp"])).toEqual([
    "1795600800",
    "1795600800",
    "1795604400",
  ]);
  expect(received[1] && genuine(received[1], `${key}1`, new Date("2026-11-25T10:00:00Z"))).toBe(true);
  expect(received[2] && genuine(received[2], `${key}2`, now)).toBe(true);
  // The redactor keeps what it is told: the same key is told once.
  expect(known.map((one) => one.exposeText())).toEqual([`${key}1`, `${key}2`]);
});

test("without a key nothing is signed; headers, address and key may come from files and references", async () => {
  const { origin, received } = await receiver();
  writeFileSync(join(dir, "headers"), `# ours\nAuthorization: Bearer ${token}\n\nX-Team: ops\n`, { mode: 0o600 });
  const { channel, known } = opened(
    webhook,
    { url: "ref+vault://a#/url", headersFile: "headers" },
    {
      dir,
      references: { "ref+vault://a#/url": `${origin}/services/${token}` },
    },
  );
  await channel.send(changes(1), never);
  expect(received[0]?.headers).toMatchObject({ authorization: `Bearer ${token}`, "x-team": "ops" });
  expect(received[0]?.headers).not.toHaveProperty("x-unsprawl-signature");
  expect(received[0]?.path).toBe(`/services/${token}`);
  expect(known.map((one) => one.exposeText())).toContain(`/services/${token}`);
});

test.each([
  [429, { "retry-after": "7" }, "throttled", { do: "again", afterMs: 7000 }],
  [429, {}, "throttled", { do: "again", afterMs: null }],
  [500, {}, "unreachable", { do: "again", afterMs: null }],
  [503, { "retry-after": "120" }, "unreachable", { do: "again", afterMs: 120_000 }],
  [408, {}, "unreachable", { do: "again", afterMs: null }],
  [401, {}, "denied", { do: "fix" }],
  [403, {}, "denied", { do: "fix" }],
  [404, {}, "denied", { do: "fix" }],
  [410, {}, "denied", { do: "fix" }],
  [405, {}, "malformed", { do: "fix" }],
  [400, {}, "malformed", { do: "refused" }],
  [413, {}, "malformed", { do: "refused" }],
])("%i %o: %s, and what is to be done", async (status, headers, code, remedy) => {
  const { origin } = await receiver((response) => response.writeHead(status, headers).end(`no ${token}`));
  const { channel } = opened(webhook, { url: `${origin}/${token}`, secretFile: "hook.key" }, { dir });
  const error = await thrown(channel.send(changes(1), never));
  expect(error).toMatchObject({ code, remedy });
  expect(error.message).toContain(`ops (${origin})`);
  expect(shown(error)).not.toContain(token);
  expect(shown(error)).not.toContain(key);
});

test("a date in Retry-After counts from now", async () => {
  const at = new Date(Date.now() + 3_600_000).toUTCString();
  const { origin } = await receiver((response) => response.writeHead(429, { "retry-after": at }).end());
  const error = await thrown(opened(webhook, { url: origin }).channel.send(changes(1), never));
  const { afterMs } = error.remedy as { afterMs: number };
  expect(afterMs).toBeGreaterThan(3_500_000);
  expect(afterMs).toBeLessThanOrEqual(3_600_000);
});

test("a redirect is not followed, to the same host or another", async () => {
  const other = await receiver();
  const { origin, received } = await receiver((response) =>
    response.writeHead(307, { location: `${other.origin}/elsewhere` }).end(),
  );
  const error = await thrown(opened(webhook, { url: origin }).channel.send(changes(1), never));
  expect(error).toMatchObject({ code: "malformed", remedy: { do: "fix" } });
  expect([received.length, other.received.length]).toEqual([1, 0]);
});

test("refused, reset midway and silent: each is tried again, and says why", async () => {
  const port = await freePort();
  const refused = opened(webhook, { url: `http://127.0.0.1:${port}/${token}` }).channel;
  expect(await thrown(refused.send(changes(1), never))).toMatchObject({
    code: "unreachable",
    remedy: { do: "again", afterMs: null },
    message: `ops (http://127.0.0.1:${port}): the connection is refused`,
  });
  const midway = await receiver((response) => {
    response.writeHead(200, { "content-length": "100" });
    response.write("half");
    setImmediate(() => response.destroy());
  });
  expect((await thrown(opened(webhook, { url: midway.origin }).channel.send(changes(1), never))).message).toContain(
    "it closed the connection without an answer",
  );
  let waiting: ServerResponse | null = null;
  const giveUp = new AbortController();
  const silent = await receiver((response) => {
    waiting = response;
    giveUp.abort();
  });
  expect(await thrown(opened(webhook, { url: silent.origin }).channel.send(changes(1), giveUp.signal))).toMatchObject({
    code: "unreachable",
    message: expect.stringContaining("interrupted before it answered") as string,
  });
  expect(waiting).not.toBeNull();
});

test("TLS is verified whatever the environment says; caFile names one's own authority", async () => {
  const pem = {
    key: readFileSync(join(dir, "server.key"), "utf8"),
    cert: readFileSync(join(dir, "server.crt"), "utf8"),
  };
  const { origin, received } = await receiver(undefined, pem);
  const env = { NODE_TLS_REJECT_UNAUTHORIZED: "0" };
  const strange = opened(webhook, { url: `${origin}/${token}` }, { env }).channel;
  for (const act of [() => strange.send(changes(1), never), () => strange.probe(never)]) {
    const error = await thrown(act());
    expect(error.message).toBe(`ops (${origin}): its certificate is not trusted here`);
    expect(shown(error)).not.toContain(token);
  }
  expect(received).toEqual([]);
  const own = opened(webhook, { url: origin, caFile: "ca.crt" }, { dir, env }).channel;
  expect(await own.probe(never)).toBe(`${origin} answers, its certificate is trusted`);
  expect(received).toEqual([]);
  await own.send(changes(1), never);
  expect(received).toHaveLength(1);
});

test("the environment's proxy is gone through", async () => {
  const proxy = await receiver();
  const env = { HTTP_PROXY: proxy.origin };
  const { channel } = opened(webhook, { url: "http://hooks.test/path" }, { env });
  await channel.send(changes(1), never);
  expect(proxy.received.map(({ path }) => path)).toEqual(["http://hooks.test/path"]);
  expect(await channel.probe(never)).toContain("proxy");
  expect(proxy.received).toHaveLength(1);
});

test("what is wrong with the settings is said by their keys, and quotes no secret", async () => {
  const wrong = (keys: Parameters<typeof opened>[1]): string => {
    try {
      opened(webhook, keys, { dir });
    } catch (error) {
      return shown(error);
    }
    return "";
  };
  expect(wrong({})).toContain("notify.ops.url is missing");
  expect(wrong({ url: `ftp://host/${token}` })).toContain("notify.ops.url is not a web address");
  expect(wrong({ url: `ftp://host/${token}` })).not.toContain(token);
  expect(wrong({ url: 5 })).toContain("notify.ops.url must be a line of text");
  expect(wrong({ url: "https://a", secret: token })).toContain("notify.ops.secret is a secret");
  expect(wrong({ url: "https://a", secret: token })).not.toContain(token);
  expect(wrong({ url: "https://a", urlFile: "b" })).toContain("is set twice");
  const late = async (keys: Parameters<typeof opened>[1]): Promise<string> =>
    shown(await thrown(opened(webhook, keys, { dir }).channel.send([change(1)], never)));
  expect(await late({ url: "https://a.test", secretFile: "none.key" })).toContain("names a file that is not there");
  expect(await late({ url: "https://a.test", secret: "ref+vault://none" })).toContain("is a reference that no");
  writeFileSync(join(dir, "empty"), "\n");
  expect(await late({ url: "https://a.test", secretFile: "empty" })).toContain("names a file that is empty");
  writeFileSync(join(dir, "bad-headers"), `Authorization: ok\nno header ${token}\n`);
  expect(await late({ url: "https://a.test", headersFile: "bad-headers" })).toContain("no header in its line 2");
  expect(await late({ url: "https://a.test", headersFile: "bad-headers" })).not.toContain(token);
});

test("a secret's file that everyone may read is warned of", () => {
  const file = join(dir, "open.key");
  writeFileSync(file, key);
  chmodSync(file, 0o644);
  expect(opened(webhook, { url: "https://a", secretFile: file }).warnings).toEqual([
    `notify.ops.secretFile: everyone on this machine may read ${file}: chmod 600`,
  ]);
  chmodSync(file, 0o640);
  expect(opened(webhook, { url: "https://a", secretFile: file }).warnings).toEqual([]);
});
