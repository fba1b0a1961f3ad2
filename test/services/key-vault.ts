import { execFileSync } from "node:child_process";
import { randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { need } from "./apt.ts";
import { answerOf } from "./key-vault-answers.ts";
import { createFaults, type Fault, type FaultRule } from "./key-vault-faults.ts";
import type { VaultKeys } from "./key-vault-keys.ts";
import { createLogin, type Expiry, type Right, type VaultClient } from "./key-vault-login.ts";
import { answerRequest } from "./key-vault-requests.ts";
import { receive, type Double, type Logged } from "./key-vault-server.ts";
import { createSecrets, type StoredVersion, type Windows } from "./key-vault-secrets.ts";

type ClientName = keyof typeof RIGHTS;

export type KeyVault = {
  readonly url: string;
  readonly authorityHost: string;
  readonly tenant: "adfs";
  readonly caFile: string;
  readonly dir: string;
  readonly clients: { readonly [name in ClientName]: VaultClient };
  /** Of the keys API. */
  readonly keys: VaultKeys;
  readonly log: readonly Logged[];
  /** How many tokens were given out. */
  readonly logins: number;
  /** What a process needs to come as this client; its `NODE_EXTRA_CA_CERTS` must be there before it starts. */
  env(client: ClientName): Record<string, string>;
  /** Lets something go wrong, once unless told. */
  fault(rule: FaultRule): Fault;
  clearFaults(): void;
  /** Ends the idle connections, and the next ones as soon as they are made, before TLS. */
  dropConnections(times: number): void;
  /** Makes every token given out so far invalid. */
  expireTokens(how?: Expiry): void;
  /** The secrets API as a client with every right, without the network, the log and the faults; throws unless it succeeds. */
  api(method: string, path: string, body?: unknown): unknown;
  /** Every version of a secret, deleted or not, in the order of their making. */
  peek(name: string): readonly StoredVersion[];
  stop(): Promise<void>;
};

const RIGHTS = {
  admin: ["get", "list", "set", "update", "delete", "recover", "purge"],
  writer: ["get", "list", "set", "update", "delete", "recover"],
  // As the role "Key Vault Secrets User" may.
  reader: ["get", "list"],
  // By an access policy that grants no more.
  getter: ["get"],
  setter: ["set"],
  nobody: [],
} as const satisfies { readonly [name: string]: readonly Right[] };

/**
 * A strict double of Azure Key Vault's secrets API and its token endpoint, over TLS on a free loopback port, in this
 * process; no real one is to be had on a test machine. `windows` makes delete and recover take their time.
 */
export async function startKeyVault(
  options: { readonly windows?: Partial<Windows>; readonly tokenSeconds?: number } = {},
): Promise<KeyVault> {
  const dir = mkdtempSync(join(tmpdir(), "unsprawl-key-vault-"));
  const clear = (): void => rmSync(dir, { recursive: true, force: true });
  process.once("exit", clear);
  await certificates(dir);
  const server = createServer({
    cert: readFileSync(join(dir, "server.crt")),
    key: readFileSync(join(dir, "server.key")),
  });
  const drops = dropsOf(server);
  await once(server.listen(0, "127.0.0.1"), "listening");
  const url = `https://localhost:${(server.address() as AddressInfo).port}`;
  const clients = makeClients(dir);
  const double: Double = {
    keys: new Map(),
    secrets: createSecrets(url, { deleting: 0, recovering: 0, settling: 0, ...options.windows }),
    login: createLogin(url, Object.values(clients), options.tokenSeconds ?? 3599),
    faults: createFaults(),
    log: [],
  };
  server.on("request", (request, response) => void receive(double, url, request, response));
  return {
    ...handle(double, url, dir, clients),
    get logins() {
      return double.login.count;
    },
    dropConnections(times) {
      drops.left = times;
      server.closeIdleConnections();
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
      process.off("exit", clear);
      clear();
    },
  };
}

function handle(
  double: Double,
  url: string,
  dir: string,
  clients: KeyVault["clients"],
): Omit<KeyVault, "logins" | "dropConnections" | "stop"> {
  const caFile = join(dir, "ca.crt");
  return {
    url,
    authorityHost: url,
    tenant: "adfs",
    caFile,
    dir,
    clients,
    keys: double.keys,
    log: double.log,
    env: (client) => ({
      AZURE_AUTHORITY_HOST: url,
      AZURE_TENANT_ID: "adfs",
      AZURE_CLIENT_ID: clients[client].id,
      AZURE_CLIENT_SECRET: clients[client].secret,
      NODE_EXTRA_CA_CERTS: caFile,
    }),
    fault: (rule) => double.faults.add(rule),
    clearFaults: () => double.faults.clear(),
    expireTokens: (how = "expired") => double.login.expire(how),
    api: (method, path, body) => direct(double, url, clients.admin, method, path, body),
    peek: (name) => double.secrets.peek(name),
  };
}

function makeClients(dir: string): KeyVault["clients"] {
  const make = (name: ClientName): VaultClient => ({
    name,
    id: randomUUID(),
    objectId: randomUUID(),
    secret: randomBytes(30).toString("base64url"),
    federated: randomBytes(60).toString("base64url"),
    certificateFile: join(dir, `${name}.crt`),
    rights: RIGHTS[name],
  });
  return {
    admin: make("admin"),
    writer: make("writer"),
    reader: make("reader"),
    getter: make("getter"),
    setter: make("setter"),
    nobody: make("nobody"),
  };
}

function dropsOf(server: Server): { left: number } {
  const drops = { left: 0 };
  server.prependListener("connection", (socket: Socket) => {
    if (drops.left <= 0) return;
    drops.left--;
    socket.destroy();
  });
  return drops;
}

function direct(
  { secrets }: Double,
  origin: string,
  caller: VaultClient,
  method: string,
  path: string,
  body: unknown,
): unknown {
  const url = new URL(path, origin);
  url.searchParams.set("api-version", "2026-04-01");
  const request = { method, url, contentType: "application/json", body: JSON.stringify(body) ?? "" };
  const answer = answerOf(() => answerRequest(secrets, caller, request));
  if (answer.status >= 300) throw new Error(`Key Vault ${method} ${url.pathname}: ${answer.status}`);
  return answer.body;
}

/** A CA and a server certificate of it for localhost and 127.0.0.1. */
async function certificates(dir: string): Promise<void> {
  const openssl = await need("openssl", ["openssl"]);
  const run = (...args: string[]): void => void execFileSync(openssl, args, { cwd: dir, stdio: "pipe" });
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const ca = ["-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial"];
  run("req", "-x509", ...key, "-keyout", "ca.key", "-out", "ca.crt", "-days", "2", "-subj", "/CN=unsprawl test CA");
  run("req", ...key, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=localhost");
  writeFileSync(join(dir, "san"), "subjectAltName=DNS:localhost,IP:127.0.0.1\n");
  run("x509", "-req", "-in", "server.csr", ...ca, "-out", "server.crt", "-days", "2", "-extfile", "san");
}
