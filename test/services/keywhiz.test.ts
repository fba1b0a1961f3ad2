import { readFileSync } from "node:fs";
import { request, type RequestOptions } from "node:https";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { FIRST_TRANSCRIPT } from "./keywhiz-transcripts.ts";
import { SECOND_TRANSCRIPT } from "./keywhiz-transcripts-more.ts";
import { startKeywhiz, type Keywhiz } from "./keywhiz.ts";

type Caller = keyof Keywhiz["clients"] | "none";

type Reply = { readonly status: number; readonly headers: { readonly [name: string]: unknown }; readonly text: string };

/** One request on a connection of its own, with nothing between the test and the wire. */
function call(
  to: Keywhiz,
  who: Caller,
  method: string,
  path: string,
  body: string | null = null,
  more: RequestOptions = {},
): Promise<Reply> {
  const { hostname, port } = new URL(to.url);
  const { certFile = null, keyFile = null } = who === "none" ? {} : to.clients[who];
  const identity = certFile && keyFile ? { cert: readFileSync(certFile), key: readFileSync(keyFile) } : {};
  const headers = { Host: "127.0.0.1:4444", ...(body === null ? {} : { "Content-Type": "application/json" }) };
  const options = { hostname, port, method, path, headers, ca: readFileSync(to.caFile), ...identity, agent: false };
  return new Promise((done, fail) => {
    const sent = request({ ...options, ...more }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (part: string) => (text += part));
      answer.on("end", () => done({ status: answer.statusCode ?? 0, headers: answer.headers, text })).on("error", fail);
    });
    sent.on("error", fail).end(body ?? undefined);
  });
}

const SECRETS = "/automation/v2/secrets";

const create = (to: Keywhiz, name: string, more: object = {}): Promise<Reply> =>
  call(to, "automation", "POST", SECRETS, JSON.stringify({ name, content: "YQ==", ...more }));

const contents = async (to: Keywhiz, ...secrets: string[]): Promise<string> =>
  (await call(to, "automation", "POST", `${SECRETS}/request/contents`, JSON.stringify({ secrets }))).text;

describe("the recorded exchanges", () => {
  const recorded = { client: "automation", nosecrets: "nosecrets", none: "none" } as const;
  const exchanges = `${FIRST_TRANSCRIPT}${SECOND_TRANSCRIPT}`
    .split(/^# /m)
    .slice(1)
    .map((block) => {
      const lines = block.trimEnd().split("\n");
      const marked = (mark: string): string[] => lines.filter((line) => line.startsWith(mark)).map((l) => l.slice(2));
      const [[what = "", body = null], [status = "", ...back]] = [marked("> "), marked("< ")];
      const [who = "", method = "", path = ""] = what.split(" ");
      const isHeader = (line: string): boolean => /^[A-Z][\w-]+: /.test(line);
      return {
        title: lines[0],
        who: recorded[who as keyof typeof recorded],
        method,
        path,
        sent: body && filled(body),
        status: Number(status),
        headers: back.filter(isHeader).map((line) => line.split(/: (.*)/s, 2)),
        body: back.find((line) => !isHeader(line)) ?? "",
      };
    });
  let keywhiz: Keywhiz;
  let seconds = 1_795_561_000;

  beforeAll(async () => {
    const groups = ["Web", "Blackops", "DeprecatedGroup", "Security", "iOS"];
    keywhiz = await startKeywhiz({ groups, clock: () => seconds });
    const owned = { Nobody_PgPass: { mode: "0400", owner: "nobody" }, Database_Password: {}, General_Password: {} };
    const all = { ...owned, NonexistentOwner_Pass: { owner: "NonExistant", mode: "0400" } };
    for (const [name, metadata] of Object.entries(all))
      await create(keywhiz, name, {
        content: "eA==",
        metadata,
        groups: ["Security", ...(metadata === owned.Nobody_PgPass ? ["Web"] : [])],
      });
    const security = JSON.stringify({ addGroups: ["Security"], removeGroups: [] });
    await call(keywhiz, "automation", "PUT", "/automation/v2/clients/client/groups", security);
  });
  beforeEach(() => void seconds++);
  afterAll(() => keywhiz.stop());

  function filled(text: string): string {
    const long = (length: number): string => `${"n".repeat(length - 3)}-u1`;
    return text.replaceAll("<tick>", "`").replace(/<name-of-(\d+)>/g, (_, length: string) => long(Number(length)));
  }

  function pattern(text: string): RegExp {
    const any: { readonly [name: string]: string } = {
      long: String.raw`-?\d{1,19}`,
      seconds: String.raw`\d{10}`,
      hmac: "[0-9A-F]{64}",
      date: String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z`,
      hex: "[0-9a-f]{16}",
      name: '[^"]+',
    };
    const source = filled(text).replace(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
    return new RegExp(`^${source.replace(/<(\w+)>/g, (all, name: string) => any[name] ?? all)}$`);
  }

  test("are all there", () => expect(exchanges.length).toBe(82));

  test.each(exchanges)("$title", async ({ who, method, path, sent, status, headers, body }) => {
    const reply = await call(keywhiz, who, method, path, sent);
    expect(reply.text).toMatch(pattern(body));
    expect(reply.status).toBe(status);
    for (const [name = "", value] of headers) expect(reply.headers[name.toLowerCase()]).toBe(value);
    if (method !== "HEAD") expect(reply.headers["content-type"]).toBe(body === "" ? undefined : "application/json");
  });

  test("list delivered", async () => {
    const reply = await call(keywhiz, "automation", "GET", "/secrets");
    const list = JSON.parse(reply.text) as { readonly name: string }[];
    expect(list.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["NEW-t1", "DB_PASSWORD-t1", "Nobody_PgPass", "NonexistentOwner_Pass"]),
    );
    expect(JSON.stringify(list.find(({ name }) => name === "Nobody_PgPass"))).toMatch(
      pattern(
        '{"name":"Nobody_PgPass","secret":"","secretLength":0,"checksum":"<hmac>","creationDate":"<date>","updateDate":"<date>","mode":"0400","owner":"nobody"}',
      ),
    );
  });
});

describe("a double with a group", () => {
  let keywhiz: Keywhiz;

  beforeAll(async () => void (keywhiz = await startKeywhiz({ groups: ["api"] })));
  beforeEach(() => keywhiz.faults.clear());
  afterAll(() => keywhiz.stop());

  test("ends the handshake with a certificate of another CA by an alert, without a request", async () => {
    const before = keywhiz.requests.length;
    await expect(call(keywhiz, "foreign", "GET", "/secrets")).rejects.toThrow("SSL alert number 46");
    expect(keywhiz.requests.length).toBe(before);
  });

  test("does not speak TLS 1.3", async () => {
    const only = { minVersion: "TLSv1.3" } as const;
    await expect(call(keywhiz, "automation", "GET", SECRETS, null, only)).rejects.toThrow("alert protocol version");
  });

  test("takes a PKCS#12 file's identity and its own name", async () => {
    const { p12File, p12Password } = keywhiz.clients.automation;
    const more = { pfx: readFileSync(p12File), passphrase: p12Password, hostname: "localhost", family: 4 };
    expect(await call(keywhiz, "none", "GET", SECRETS, null, more)).toMatchObject({ status: 200, text: "[]" });
  });

  test("lets a name that it does not know make a client by a delivery only", async () => {
    const { cn } = keywhiz.clients.nosecrets;
    const challenge = { "www-authenticate": `No authorized Client for connection using principal CN=${cn}` };
    expect(await call(keywhiz, "nosecrets", "GET", SECRETS)).toMatchObject({ status: 401, headers: challenge });
    expect(await call(keywhiz, "nosecrets", "GET", "/secrets")).toMatchObject({ status: 200, text: "[]" });
    expect(await call(keywhiz, "nosecrets", "GET", SECRETS)).toMatchObject({ status: 403 });
    expect(await call(keywhiz, "application", "GET", SECRETS)).toMatchObject({ status: 403 });
  });

  test("delivers to the application what its groups have, and forgets the grants of what was deleted", async () => {
    await create(keywhiz, "granted", { groups: ["api", "nowhere"], metadata: { filename: "one" } });
    expect(keywhiz.groupsOf("granted")).toEqual(["api"]);
    const delivery = await call(keywhiz, "application", "GET", "/secret/granted");
    expect(JSON.parse(delivery.text)).toMatchObject({ secret: "YQ==", secretLength: 1, filename: "one" });
    await call(keywhiz, "automation", "DELETE", `${SECRETS}/granted`);
    await create(keywhiz, "granted");
    expect(await call(keywhiz, "application", "GET", "/secret/granted")).toMatchObject({ status: 403 });
    const batch = await call(keywhiz, "application", "POST", "/batchsecret", '{"secrets":["granted"]}');
    expect(batch).toMatchObject({ status: 403 });
  });

  test("compares names without regard to case", async () => {
    await create(keywhiz, "Case-x");
    expect(await create(keywhiz, "CASE-X")).toMatchObject({ status: 409 });
    expect(await contents(keywhiz, "cAsE-x")).toBe('{"successSecrets":{"cAsE-x":"YQ=="},"missingSecrets":[]}');
  });

  test("writes versions as bare 64-bit numbers and takes them back to the digit", async () => {
    await create(keywhiz, "versions");
    for (const content of ["Yg==", "Yw=="])
      await call(keywhiz, "automation", "POST", `${SECRETS}/versions`, JSON.stringify({ content }));
    const [newest, , oldest = 0n] = keywhiz.versionsOf("versions");
    expect((await call(keywhiz, "automation", "GET", `${SECRETS}/versions`)).text).toContain(`"version":${newest},`);
    const old = `{"secret":"versions","version":${oldest}}`;
    const read = await call(keywhiz, "automation", "POST", `${SECRETS}/request/contents-at-version`, old);
    expect(read).toMatchObject({ status: 200, text: '{"secret":"YQ=="}' });
    const set = (version: bigint): Promise<Reply> =>
      call(keywhiz, "automation", "POST", `${SECRETS}/versions/setversion`, `{"name":"versions","version":${version}}`);
    expect(await set(oldest ^ 1n)).toMatchObject({ status: 400 });
    expect(await set(oldest)).toMatchObject({ status: 201, text: "" });
    expect(keywhiz.contentOf("versions")).toBe("YQ==");
  });

  test("takes values up to the column's size, and calls anything beyond a conflict", async () => {
    const sized = (bytes: number): Promise<Reply> =>
      create(keywhiz, `big-${bytes}`, { content: Buffer.alloc(bytes, 1).toString("base64") });
    for (const bytes of [16_000, 64_000, 1_024_000, 12_288_000])
      expect(await sized(bytes)).toMatchObject({ status: 201 });
    const text = '{"code":409,"message":"Cannot create secret big-17000000."}';
    expect(await sized(17_000_000)).toMatchObject({ status: 409, text });
    expect(keywhiz.contentOf("big-17000000")).toBe(null);
  });

  test("lets one of many creates of a name win", async () => {
    const replies = await Promise.all(Array.from({ length: 8 }, () => create(keywhiz, "raced")));
    const count = (wanted: number): number => replies.filter(({ status }) => status === wanted).length;
    expect([count(201), count(409)]).toEqual([1, 7]);
  });

  test("refuses as often as told, with or without a time to wait, and does nothing then", async () => {
    keywhiz.faults.add(
      { kind: "status", path: /secrets$/, method: /POST/, status: 429, retryAfter: "2" },
      { kind: "status", path: /secrets$/, status: 503, times: 2 },
    );
    const text = '{"code":429,"message":"HTTP 429 Too Many Requests"}';
    expect(await create(keywhiz, "late")).toMatchObject({ status: 429, text, headers: { "retry-after": "2" } });
    for (let time = 0; time < 2; time++) {
      const reply = await create(keywhiz, "late");
      expect([reply.status, reply.headers["retry-after"]]).toEqual([503, undefined]);
    }
    expect(keywhiz.secretNames()).not.toContain("late");
    expect([keywhiz.faults.left, (await create(keywhiz, "late")).status]).toEqual([0, 201]);
  });

  test("breaks off in the middle of an answer or before it, though all is done", async () => {
    keywhiz.faults.add({ kind: "reset", path: /contents$/ });
    await expect(contents(keywhiz, "late")).rejects.toMatchObject({ code: "ECONNRESET" });
    for (const kind of ["reset", "lost"] as const) {
      keywhiz.faults.add({ kind, path: /secrets$/, method: /POST/ });
      await expect(create(keywhiz, kind)).rejects.toMatchObject({ code: "ECONNRESET" });
      expect(keywhiz.secretNames()).toContain(kind);
    }
    const { method, path, cn, status } = keywhiz.requests.at(-1) ?? {};
    expect({ method, path, cn, status }).toEqual({ method: "POST", path: SECRETS, cn: "client", status: 201 });
  });

  test("breaks off before anything is done", async () => {
    keywhiz.faults.add({ kind: "undone", path: /secrets$/, method: /POST/ });
    await expect(create(keywhiz, "undone")).rejects.toMatchObject({ code: "ECONNRESET" });
    expect(keywhiz.secretNames()).not.toContain("undone");
  });

  test("delays, and then lets the next rule have its way", async () => {
    keywhiz.faults.add({ kind: "delay", path: /secrets/, ms: 120 }, { kind: "status", path: /secrets/, status: 503 });
    const start = performance.now();
    expect(await call(keywhiz, "automation", "GET", SECRETS)).toMatchObject({ status: 503 });
    expect(performance.now() - start).toBeGreaterThan(110);
  });
});
