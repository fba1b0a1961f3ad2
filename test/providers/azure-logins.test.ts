import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { request } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { stringify } from "yaml";
import { need } from "../services/apt.ts";
import { startKeyVault, type KeyVault } from "../services/key-vault.ts";
import { makeWorld, type World } from "../support/world.ts";

// The logins that Azure gives a workload, without a client secret. Vault and login server are a double, and so is the endpoint
// of a managed identity; @azure/identity is the real one.

let vault: KeyVault;
let world: World;

beforeAll(async () => {
  vault = await startKeyVault();
  world = makeWorld("unix:///nowhere", { NODE_EXTRA_CA_CERTS: vault.caFile });
  const store = { provider: "azure-key-vault", url: vault.url, challengeResourceVerification: false };
  writeFileSync(join(world.dir, "unsprawl.yaml"), stringify({ stores: { azure: store } }));
});
afterAll(async () => {
  await vault?.stop();
  world?.remove();
});

const writer = (): { readonly [name: string]: string } => ({
  AZURE_AUTHORITY_HOST: vault.authorityHost,
  AZURE_TENANT_ID: vault.tenant,
  AZURE_CLIENT_ID: vault.clients.writer.id,
});

async function expectAllRights(env: { readonly [name: string]: string }): Promise<void> {
  const ran = await world.unsprawl(["stores", "check", "azure"], { env });
  expect(ran.stdout + ran.stderr).not.toContain("✗");
  expect(ran.code, ran.stderr).toBe(0);
}

test("workload identity: a token that the cluster has written into a file", async () => {
  const file = join(world.dir, "federated-token");
  writeFileSync(file, vault.clients.writer.federated);
  await expectAllRights({ ...writer(), AZURE_FEDERATED_TOKEN_FILE: file });
  writeFileSync(file, vault.clients.reader.federated);
  const ran = await world.unsprawl(["stores", "check", "azure"], {
    env: { ...writer(), AZURE_FEDERATED_TOKEN_FILE: file },
  });
  expect(ran.code).toBe(4);
});

test("a service principal's certificate", async () => {
  const openssl = await need("openssl", ["openssl"]);
  const { certificateFile } = vault.clients.writer;
  const keyFile = join(vault.dir, "writer.key");
  const subject = ["-days", "2", "-subj", "/CN=writer"];
  execFileSync(
    openssl,
    ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", keyFile, "-out", certificateFile, ...subject],
    { stdio: "pipe" },
  );
  const both = join(world.dir, "writer.pem");
  writeFileSync(both, readFileSync(keyFile, "utf8") + readFileSync(certificateFile, "utf8"), { mode: 0o600 });
  await expectAllRights({ ...writer(), AZURE_CLIENT_CERTIFICATE_PATH: both });
});

test("the managed identity of an App Service or a Container App, also a user-assigned one", async () => {
  const asked: string[] = [];
  const endpoint = createServer((incoming, answer) => {
    const { searchParams } = new URL(incoming.url ?? "", "http://localhost");
    asked.push(searchParams.get("client_id") ?? "");
    const isKnown = incoming.headers["x-identity-header"] === "sesame";
    const token = isKnown ? tokenOf(vault, "writer") : Promise.resolve("");
    void token.then((access_token) => {
      answer.writeHead(isKnown ? 200 : 401, { "Content-Type": "application/json" });
      answer.end(
        JSON.stringify({ access_token, expires_on: Math.floor(Date.now() / 1000) + 3000, token_type: "Bearer" }),
      );
    });
  });
  await once(endpoint.listen(0, "127.0.0.1"), "listening");
  const at = `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}/token`;
  const env = { IDENTITY_ENDPOINT: at, IDENTITY_HEADER: "sesame" };
  await expectAllRights(env);
  await expectAllRights({ ...env, AZURE_CLIENT_ID: vault.clients.writer.id });
  endpoint.close();
  expect(new Set(asked)).toEqual(new Set(["", vault.clients.writer.id]));
});

/** What the platform gets of the directory. */
function tokenOf({ authorityHost, caFile, clients }: KeyVault, client: "writer"): Promise<string> {
  const { id, secret } = clients[client];
  const form = new URLSearchParams({
    ...{ grant_type: "client_credentials", client_id: id, client_secret: secret },
    scope: "https://vault.azure.net/.default",
  });
  const headers = { "Content-Type": "application/x-www-form-urlencoded" };
  return new Promise((done, fail) => {
    const sent = request(
      `${authorityHost}/adfs/oauth2/token`,
      { method: "POST", ca: readFileSync(caFile), headers },
      (answer) => {
        let text = "";
        answer.setEncoding("utf8").on("data", (part: string) => (text += part));
        answer.on("end", () => done((JSON.parse(text) as { access_token: string }).access_token));
      },
    );
    sent.on("error", fail).end(form.toString());
  });
}
