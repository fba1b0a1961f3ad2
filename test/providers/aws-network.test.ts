import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Secret } from "../../src/model/secret.ts";
import { openSpec } from "../conformance/spec.ts";
import { startMoto, type Moto } from "../services/moto.ts";

/** What is between us and AWS: proxies by their variables, IPv6, and clocks that differ. */

let moto: Moto;
beforeAll(async () => {
  moto = await startMoto();
});
afterAll(() => moto?.stop());

const ORIGIN = { runId: "test", subject: "api" };

const open = (env: { readonly [name: string]: string }) =>
  openSpec({ provider: "aws-ssm", config: {}, env: { ...moto.env, ...env }, dir: moto.dir });

/** A forward proxy on loopback; gives the absolute URLs that it was asked for. */
async function proxy(
  host = "127.0.0.1",
): Promise<{ readonly port: number; readonly seen: string[]; readonly server: Server }> {
  const seen: string[] = [];
  const server = createServer((incoming, outgoing) => {
    const asked = incoming.url ?? "";
    seen.push(asked);
    const target = asked.startsWith("http") ? asked : `${moto.url}${asked}`;
    const sent = request(
      target,
      { method: incoming.method ?? "GET", headers: incoming.headers, agent: false },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      },
    );
    sent.on("error", () => outgoing.destroy());
    incoming.pipe(sent);
  });
  await new Promise<void>((done) => server.listen(0, host, done));
  return { port: (server.address() as AddressInfo).port, seen, server };
}

async function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
}

test("a proxy of the environment is used, and NO_PROXY passes it by", async () => {
  const { port, seen, server } = await proxy();
  try {
    const through = await open({ HTTP_PROXY: `http://127.0.0.1:${port}` });
    const key = through.key({ subject: "proxied", project: "", name: "A" });
    await through.put(key, Secret.of("one"), null, ORIGIN);
    expect((await through.get(key))?.value.equals(Secret.of("one"))).toBe(true);
    expect(seen.length).toBeGreaterThan(1);
    for (const url of seen) expect(url.startsWith(moto.url)).toBe(true);
    const before = seen.length;
    const direct = await open({ HTTP_PROXY: `http://127.0.0.1:${port}`, NO_PROXY: "127.0.0.1" });
    expect((await direct.get(key))?.value.equals(Secret.of("one"))).toBe(true);
    expect(seen.length).toBe(before);
  } finally {
    await stop(server);
  }
});

test("an endpoint by its IPv6 address", async () => {
  const { port, server } = await proxy("::1");
  try {
    const store = await open({ AWS_ENDPOINT_URL: `http://[::1]:${port}` });
    expect(await store.get(store.key({ subject: "six", project: "", name: "A" }))).toBe(null);
  } finally {
    await stop(server);
  }
});
