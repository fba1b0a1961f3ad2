import { createServer, type Server } from "node:http";
import { createServer as createTcp } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { KEY, portOf, secureVault, type SecureVault } from "./secure-vault.ts";

let vault: SecureVault;
let open: SecureVault["open"];
let failure: SecureVault["failure"];
beforeAll(async () => {
  vault = await secureVault();
  ({ open, failure } = vault);
});
afterAll(() => vault?.stop());

describe.concurrent("servers that are none", () => {
  const answering = async (act: (server: Server) => void): Promise<{ address: string; close(): void }> => {
    const server = createServer();
    act(server);
    server.listen(0, "127.0.0.1");
    await new Promise((done) => server.once("listening", done));
    return {
      address: `http://127.0.0.1:${portOf(server)}`,
      close: () => {
        server.closeAllConnections();
        server.close();
      },
    };
  };

  test.for([
    ["a web page", 200, "<html>hello</html>"],
    ["no JSON", 200, "{"],
    ["another JSON", 200, "[1,2]"],
    ["an error page", 502, "<html>bad gateway</html>"],
    ["a page that is not there", 404, "not here"],
  ] as const)("%s is no absent value", async ([, status, body]) => {
    const server = await answering((one) =>
      one.on("request", (_, answer) => answer.writeHead(status, { "Content-Type": "text/html" }).end(body)),
    );
    const { code } = await failure(
      (await open({ config: { kvVersion: 2 }, env: { VAULT_ADDR: server.address } })).get(KEY),
    );
    expect(["malformed", "unreachable", "config"]).toContain(code);
    server.close();
  });

  test("one that breaks off, and one that never answers", async () => {
    const breaking = await answering((one) => one.on("request", (request) => request.socket.destroy()));
    expect(await failure((await open({ env: { VAULT_ADDR: breaking.address } })).get(KEY))).toMatchObject({
      code: "unreachable",
    });
    breaking.close();
    const silent = createTcp().listen(0, "127.0.0.1");
    const dripping = await answering((one) =>
      one.on("request", (_, answer) => {
        answer.writeHead(200);
        setInterval(() => answer.write(" "), 200).unref();
      }),
    );
    await new Promise((done) => (silent.listening ? done(null) : silent.once("listening", done)));
    for (const { code } of await Promise.all(
      [`http://127.0.0.1:${portOf(silent)}`, dripping.address].map(async (VAULT_ADDR) =>
        failure((await open({ env: { VAULT_ADDR } })).get(KEY)),
      ),
    ))
      expect(code).toBe("unreachable");
    silent.close();
    dripping.close();
  });

  test("a name that does not resolve", async () => {
    expect(await failure((await open({ env: { VAULT_ADDR: "http://vault.invalid:8200" } })).get(KEY))).toMatchObject({
      code: "unreachable",
    });
  });
});
