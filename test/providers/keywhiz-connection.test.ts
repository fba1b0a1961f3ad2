import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createTls } from "node:https";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Json } from "../../src/model/json.ts";
import { openSpec } from "../conformance/spec.ts";
import { fresh, freshName, keywhizBench, ORIGIN, type KeywhizBench } from "./keywhiz-world.ts";

let bench: KeywhizBench;
beforeAll(async () => {
  bench = await keywhizBench();
});
afterEach(() => bench.keywhiz.faults.clear());
afterAll(() => bench?.stop());

const KEY = { path: "api.DB_PASSWORD", field: "" };

/** A TLS server with this certificate, to which every path is unknown. */
async function elsewhere(pair: {
  readonly certFile: string;
  readonly keyFile: string;
}): Promise<{ readonly url: string; readonly close: () => void }> {
  const [cert, key] = [readFileSync(pair.certFile), readFileSync(pair.keyFile)];
  const server = createTls({ cert, key }, (_, answer) => answer.writeHead(404).end("nothing here"));
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, close };
}

describe("certificates", () => {
  test("that Keywhiz refuses, does not know, or does not let write, are denied, each with what to do", async () => {
    const refused = await bench.failure((await bench.open("foreign")).get(KEY), "denied");
    expect(refused.hint).toContain("certFile");
    const unknown = await bench.failure((await bench.open("nosecrets")).get(KEY), "denied");
    expect(unknown.hint).toMatch(/create the client/);
    const reading = await bench.failure((await bench.open("application")).get(KEY), "denied");
    expect(reading.hint).toMatch(/automationAllowed/);
    const p12 = { certFile: null, keyFile: null, ...bench.identity("foreign", "p12") };
    expect((await bench.failure((await bench.open("foreign", p12)).get(KEY), "denied")).hint).toContain("p12File");
  });

  test("of the server that are not to be trusted make it unreachable", async () => {
    const { foreign } = bench.keywhiz.clients;
    const unknown = await bench.failure((await bench.open("automation", { caFile: null })).get(KEY), "unreachable");
    expect(unknown.hint).toContain("caFile");
    const other = await bench.open("automation", { caFile: foreign.certFile });
    expect((await bench.failure(other.get(KEY), "unreachable")).hint).toContain(foreign.certFile);
    const { url, close } = await elsewhere(bench.keywhiz.clients.application);
    const named = await bench.failure((await bench.open("automation", { url })).get(KEY), "unreachable");
    expect(named.message).toMatch(/another name/);
    close();
  });

  test("are checked, whatever NODE_TLS_REJECT_UNAUTHORIZED says", async () => {
    const kept = process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
    process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
    try {
      await bench.failure((await bench.open("automation", { caFile: null })).get(KEY), "unreachable");
    } finally {
      if (kept === undefined) delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
      else process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = kept;
    }
  });

  test("that cannot be used are told by their key, and mended without opening the store again", async () => {
    const { automation, application } = bench.keywhiz.clients;
    const broken = join(bench.dir, "broken");
    writeFileSync(broken, "no PEM\n");
    const wrong: readonly { readonly [key: string]: Json }[] = [
      { keyFile: application.keyFile },
      { certFile: broken },
      { caFile: broken },
      { certFile: null, keyFile: null, p12File: broken },
      { certFile: null, keyFile: null, p12File: automation.p12File, p12PasswordFile: "application.password" },
    ];
    for (const more of wrong) await bench.failure((await bench.open("automation", more)).get(KEY), "config");
    const store = await bench.open("automation", { ...bench.identity("automation", "pem"), caFile: broken });
    await bench.failure(store.get(KEY), "config");
    writeFileSync(broken, readFileSync(bench.keywhiz.caFile));
    expect(await store.get(KEY)).toBe(null);
  });

  test.for(
    (["foreign", "nosecrets"] as const).flatMap((who) => (["pem", "p12"] as const).map((kind) => ({ who, kind }))),
  )("of $who that are replaced in their files are used from then on: $kind", async ({ who, kind }) => {
    const issue = (to: keyof typeof bench.keywhiz.clients): void => {
      const { certFile, keyFile, p12File, p12Password } = bench.keywhiz.clients[to];
      writeFileSync(join(bench.dir, "own.password"), p12Password, { mode: 0o600 });
      copyFileSync(keyFile, join(bench.dir, "own.key"));
      copyFileSync(kind === "pem" ? certFile : p12File, join(bench.dir, "own.crt"));
    };
    const files =
      kind === "pem"
        ? { certFile: "own.crt", keyFile: "own.key" }
        : { certFile: null, keyFile: null, p12File: "own.crt", p12PasswordFile: "own.password" };
    issue(who);
    const store = await bench.open("automation", files);
    await bench.failure(store.get(KEY), "denied");
    issue("automation");
    expect(await store.get(KEY)).toBe(null);
  });
});

describe("a server that is not there, or something else", () => {
  test("plain HTTP, and a TLS server that is no Keywhiz", async () => {
    const server = createServer((_, answer) => answer.writeHead(404).end("nothing here")).listen(0, "127.0.0.1");
    await new Promise((done) => server.once("listening", done));
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    expect((await bench.failure((await bench.open("automation", { url })).get(KEY), "unreachable")).hint).toMatch(
      /url/,
    );
    server.close();
    const ofServer = (kind: string): string => join(dirname(bench.keywhiz.caFile), `server.${kind}`);
    const other = await elsewhere({ certFile: ofServer("crt"), keyFile: ofServer("key") });
    for (const more of [{}, { delivery: "client" }]) {
      const store = await bench.open("automation", { url: other.url, ...more });
      await bench.failure(store.get(KEY), "malformed");
      await bench.failure(store.list(""), "malformed");
    }
    other.close();
  });

  test.for([
    [429, "throttled"],
    [503, "unreachable"],
  ] as const)("%i is waited for as long as it asks, and no longer than is sensible", async ([status, code]) => {
    const store = await bench.open();
    const [key, value] = [store.key({ subject: freshName(), project: "", name: "A" }), fresh()];
    bench.keywhiz.faults.add({ kind: "status", status, retryAfter: "1", path: /secrets$/, method: /POST/ });
    const began = Date.now();
    await store.put(key, value, null, ORIGIN);
    expect(Date.now() - began).toBeGreaterThan(950);
    const date = new Date(Date.now() + 3_600_000).toUTCString();
    for (const retryAfter of ["3600", date]) {
      bench.keywhiz.faults.add({ kind: "status", status, retryAfter, path: /./, times: 2 });
      expect((await bench.failure(store.get(key), code)).hint).toMatch(/3[56]\d\d seconds/);
      bench.keywhiz.faults.clear();
    }
    bench.keywhiz.faults.add({ kind: "status", status: 500, path: /./, times: 2 });
    await bench.failure(store.get(key), "failed");
  });
});

describe("the configuration", () => {
  const open = (config: { readonly [key: string]: Json }, env = {}): Promise<unknown> =>
    openSpec({ provider: "keywhiz", config, env, dir: bench.dir });

  test.for([
    ["no url", { url: null }, /KEYWHIZ_URL/],
    ["http", { url: "http://keywhiz:4444" }, /https/],
    ["a path in the url", { url: "https://keywhiz:4444/api" }, /host:4444/],
    ["no certificate", { certFile: null, keyFile: null }, /certFile and keyFile/],
    ["half a certificate", { keyFile: null }, /keyFile/],
    ["both kinds", { p12File: "automation.password" }, /leave one/],
    ["a file that is not there", { caFile: "nowhere.pem" }, /nowhere\.pem/],
    ["a name without {name}", { name: "{subject}" }, /\{name\}/],
    ["a name that Keywhiz does not take", { name: "apps/{name}" }, /letters/],
    ["groups that are none", { groups: "api" }, /groups/],
    ["another delivery", { delivery: "direct" }, /automation or client/],
    ["a reader's unknown key", { reader: { certfile: "x" } }, /reader\.certFile/],
  ] as const)("%s", async ([, more, says]) => {
    const config = { url: bench.keywhiz.url, ...bench.identity("automation", "pem"), ...more };
    const error = await bench.failure(open(config), "config");
    expect(`${error.message} ${error.hint}`).toMatch(says);
  });

  test("takes the url from KEYWHIZ_URL, and keeps the certificate's files in the target", async () => {
    const { certFile, keyFile } = bench.keywhiz.clients.automation;
    const opened = open(bench.identity("automation", "pem"), { KEYWHIZ_URL: `${bench.keywhiz.url}/` });
    await expect(opened).resolves.toMatchObject({
      target: { settings: { url: bench.keywhiz.url, certFile, keyFile, name: "{project..}{subject}.{name}" } },
    });
  });
});
