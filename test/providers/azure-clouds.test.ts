import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { credential } from "../../providers/azure-key-vault/credential.ts";
import { readSettings } from "../../providers/azure-key-vault/settings.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { password } from "../migrations/files-world.ts";

// Where a login for a vault goes to, seen by the proxy that all of it must pass: nothing here reaches a real login server.

const asked: string[] = [];
const proxy = createServer().on("connect", (request, socket) => {
  asked.push(request.url ?? "");
  socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
});

beforeAll(async () => {
  await once(proxy.listen(0, "127.0.0.1"), "listening");
});
afterAll(() => void proxy.close());
beforeEach(() => void asked.splice(0));

const CLIENT = { AZURE_TENANT_ID: "72a1c4f0-5d3e-4b8a-9c67-0e1f2a3b4c5d", AZURE_CLIENT_ID: "app" };

async function login(url: string, more: { readonly [name: string]: string } = {}): Promise<unknown> {
  vi.stubEnv("HTTPS_PROXY", `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`);
  vi.stubEnv("NO_PROXY", "");
  const env = { ...CLIENT, AZURE_CLIENT_SECRET: password(), ...more };
  const settings = readSettings({ url }, { env, dir: "/" });
  const transport = {
    tlsOptions: { rejectUnauthorized: true },
    retryOptions: { maxRetries: 0 },
    redirectOptions: { maxRetries: 0 },
  } as const;
  const who = await credential(settings, env, transport);
  return who.getToken("https://vault.example/.default").catch((error: unknown) => error);
}

test.each<[vault: string, host: string, more: { readonly [name: string]: string }]>([
  ["https://team.vault.azure.net", "login.microsoftonline.com", {}],
  ["https://team.vault.azure.cn", "login.partner.microsoftonline.cn", {}],
  ["https://team.vault.usgovcloudapi.net", "login.microsoftonline.us", {}],
  // A name that only looks like one of them.
  ["https://vault.usgovcloudapi.net.example.org", "login.microsoftonline.com", {}],
  ["https://team.vault.azure.cn", "login.example.org", { AZURE_AUTHORITY_HOST: "https://login.example.org" }],
])("%s: the login goes to %s", async (vault, host, more) => {
  const error = await login(vault, more);
  expect(error).toBeInstanceOf(UnsprawlError);
  expect(new Set(asked)).toEqual(new Set([`${host}:443`]));
  expect(String((error as Error).message)).toContain(`https://${host}`);
});
