import { randomUUID } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createTls } from "node:https";
import { connect } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Secret } from "../../src/model/secret.ts";
import { KEY, ORIGIN, portOf, secureVault, type SecureVault } from "./secure-vault.ts";

let vault: SecureVault;
let bao: SecureVault["bao"];
let dir: SecureVault["dir"];
let open: SecureVault["open"];
let failure: SecureVault["failure"];
beforeAll(async () => {
  vault = await secureVault();
  ({ bao, dir, open, failure } = vault);
});
afterAll(() => vault?.stop());

describe("TLS", () => {
  test("a CA by VAULT_CACERT or caCert, relative to the configuration", async () => {
    writeFileSync(join(dir, "ca.crt"), readFileSync(bao.caFile ?? ""));
    expect(await (await open()).get(KEY)).toBe(null);
    expect(await (await open({ config: { caCert: "ca.crt" }, env: { VAULT_CACERT: "" } })).get(KEY)).toBe(null);
  });

  test("an unknown CA, another name, no such file", async () => {
    const unknown = await failure((await open({ env: { VAULT_CACERT: "" } })).get(KEY));
    expect(unknown).toMatchObject({
      code: "unreachable",
      hint: expect.stringMatching(/caCert.*NODE_EXTRA_CA_CERTS/) as string,
    });
    const name = await failure(
      (await open({ env: { VAULT_ADDR: bao.address.replace("127.0.0.1", "127.0.0.2") } })).get(KEY),
    );
    expect(name.code).toBe("unreachable");
    expect(await failure((await open({ config: { caCert: "/nowhere/ca.crt" } })).get(KEY))).toMatchObject({
      code: "config",
      message: expect.stringContaining("/nowhere/ca.crt") as string,
    });
  });

  test("http to an https port, and https to an http port", async () => {
    const plain = await failure((await open({ env: { VAULT_ADDR: bao.address.replace("https", "http") } })).get(KEY));
    expect(plain).toMatchObject({ code: "unreachable", hint: expect.stringContaining("https://") as string });
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((done) => server.once("listening", done));
    expect(
      await failure((await open({ env: { VAULT_ADDR: `https://127.0.0.1:${portOf(server)}` } })).get(KEY)),
    ).toMatchObject({ code: "unreachable" });
    server.close();
  });

  test("nothing turns certificates off: neither the variables of the process nor the store's", async () => {
    await expect(open({ env: { VAULT_SKIP_VERIFY: "true" } })).rejects.toMatchObject({
      code: "config",
      hint: expect.stringContaining("VAULT_CACERT") as string,
    });
    await open({ env: { VAULT_SKIP_VERIFY: "false" } });
    const kept = { ...process.env };
    Object.assign(process.env, {
      VAULT_SKIP_VERIFY: "1",
      NODE_TLS_REJECT_UNAUTHORIZED: "0",
      VAULT_TOKEN: "other",
      VAULT_NAMESPACE: "other",
      VAULT_PREFIX: "/other",
      VAULT_ADDR: "http://127.0.0.1:1",
    });
    try {
      expect(await failure((await open({ env: { VAULT_CACERT: "" } })).get(KEY))).toMatchObject({
        code: "unreachable",
      });
      expect(await (await open()).get(KEY)).toBe(null);
    } finally {
      for (const name of Object.keys(process.env)) if (!(name in kept)) delete process.env[name];
      Object.assign(process.env, kept);
    }
  });

  test("a proxy sees a tunnel and no token", async () => {
    const heard: string[] = [];
    const proxy = createServer().listen(0, "127.0.0.1");
    proxy.on("connect", (request, client) => {
      heard.push(`${request.url} ${JSON.stringify(request.headers)}`);
      const onward = connect(Number(request.url?.split(":")[1]), "127.0.0.1", () => {
        client.write("HTTP/1.1 200 OK\r\n\r\n");
        client.pipe(onward).pipe(client);
      });
      for (const socket of [client, onward]) socket.on("error", () => {});
    });
    await new Promise((done) => proxy.once("listening", done));
    const env = { HTTPS_PROXY: `http://127.0.0.1:${portOf(proxy)}` };
    expect(await (await open({ env })).get(KEY)).toBe(null);
    expect(heard.length).toBeGreaterThan(0);
    expect(heard.join("")).not.toContain(bao.token);
    expect(await failure((await open({ env: { ...env, VAULT_CACERT: "" } })).get(KEY))).toMatchObject({
      code: "unreachable",
    });
    const tunnels = heard.length;
    expect(await (await open({ env: { ...env, NO_PROXY: "127.0.0.1" } })).get(KEY)).toBe(null);
    expect(heard.length).toBe(tunnels);
    proxy.close();
    const closed = createServer().listen(0, "127.0.0.1");
    closed.on("connect", (_, client) => client.end("HTTP/1.1 403 Forbidden\r\n\r\n"));
    await new Promise((done) => closed.once("listening", done));
    const word = randomUUID();
    for (const HTTPS_PROXY of [`http://me:${word}@127.0.0.1:${portOf(closed)}`, `http://me:${word}@[`])
      expect(await failure((await open({ env: { HTTPS_PROXY } })).get(KEY), word)).toMatchObject({
        code: "unreachable",
        hint: expect.stringContaining("HTTPS_PROXY") as string,
      });
    closed.close();
  });

  test("a redirect that leaves TLS gets no token", async () => {
    const heard: string[] = [];
    const plain = createServer((request, answer) => {
      heard.push(request.url ?? "");
      answer.end("{}");
    }).listen(0, "127.0.0.1");
    await new Promise((done) => plain.once("listening", done));
    const [cert, tlsKey] = [readFileSync(join(bao.dir, "server.crt")), readFileSync(join(bao.dir, "server.key"))];
    const server = createTls({ cert, key: tlsKey }, (request, answer) =>
      answer.writeHead(307, { Location: `http://127.0.0.1:${portOf(plain)}${request.url}` }).end(),
    ).listen(0, "127.0.0.1");
    await new Promise((done) => server.once("listening", done));
    const { code, message } = await failure(
      (await open({ env: { VAULT_ADDR: `https://127.0.0.1:${portOf(server)}` } })).get(KEY),
    );
    expect([code, message]).toEqual(["unreachable", expect.stringContaining("without TLS")]);
    expect(heard).toEqual([]);
    server.close();
    plain.close();
  });

  test("a standby's redirect to the active server is followed, with the token and the body", async () => {
    const [cert, tlsKey] = [readFileSync(join(bao.dir, "server.crt")), readFileSync(join(bao.dir, "server.key"))];
    let sent = 0;
    const standby = createTls({ cert, key: tlsKey }, (request, answer) => {
      sent++;
      answer.writeHead(307, { Location: `${bao.address}${request.url}` }).end();
    }).listen(0, "127.0.0.1");
    await new Promise((done) => standby.once("listening", done));
    const store = await open({ env: { VAULT_ADDR: `https://127.0.0.1:${portOf(standby)}` } });
    const value = Secret.of(randomUUID());
    await store.put(KEY, value, null, ORIGIN);
    expect((await store.get(KEY))?.value.equals(value)).toBe(true);
    expect(sent).toBeGreaterThan(1);
    standby.close();
    const round = createTls({ cert, key: tlsKey }, (_, answer) => answer.writeHead(307, { Location: "/" }).end());
    round.listen(0, "127.0.0.1");
    await new Promise((done) => round.once("listening", done));
    expect(
      await failure((await open({ env: { VAULT_ADDR: `https://127.0.0.1:${portOf(round)}` } })).get(KEY)),
    ).toMatchObject({ code: "unreachable", message: expect.stringContaining("too many") as string });
    round.close();
  });
});
