import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { answerOf, type Answer } from "./key-vault-answers.ts";
import {
  createLogin,
  makeAccount,
  TOKEN_PATH,
  type Account,
  type GoogleLogin,
  type Permission,
} from "./secret-manager-login.ts";
import { answerCryptoKey, type CryptoKeys } from "./secret-manager-keys.ts";
import { answerRequest } from "./secret-manager-requests.ts";
import { Secrets } from "./secret-manager-secrets.ts";

type AccountName = keyof typeof ROLES;

export type SecretManager = {
  readonly url: string;
  readonly projectId: string;
  readonly dir: string;
  readonly accounts: { readonly [name in AccountName]: Account };
  readonly login: GoogleLogin;
  readonly secrets: Secrets;
  /** Of Cloud KMS, which the same address serves. */
  readonly cryptoKeys: CryptoKeys;
  /** `GET secrets/NAME 200`, in order; never a value. */
  readonly log: string[];
  /** The project that each request counts against, if it names one. */
  readonly quotas: unknown[];
  /** The file of an account's key, and of a person's login. */
  keyFile(account: AccountName): string;
  userFile(account: AccountName): string;
  /** What a process needs to come as this account. */
  env(account: AccountName): Record<string, string>;
  stop(): Promise<void>;
};

const READ: readonly Permission[] = ["versions.access"];
const VIEW: readonly Permission[] = ["secrets.get", "secrets.list", "versions.get", "versions.list"];
const ROLES = {
  // roles/secretmanager.admin
  admin: [
    ...READ,
    ...VIEW,
    "secrets.create",
    "secrets.update",
    "secrets.delete",
    "versions.add",
    "versions.enable",
    "versions.disable",
    "versions.destroy",
  ],
  // The least that docs/stores says a migration needs.
  writer: [...READ, ...VIEW, "secrets.create", "secrets.update", "secrets.delete", "versions.add"],
  // roles/secretmanager.secretAccessor and roles/secretmanager.viewer
  reader: [...READ, ...VIEW],
  // roles/secretmanager.secretAccessor
  accessor: READ,
  nobody: [],
} as const satisfies { readonly [name: string]: readonly Permission[] };

const NUMBER = "417230985541";

/**
 * A strict double of Google Cloud's Secret Manager (v1, REST), of its token endpoint and of a machine's metadata server, on
 * a free loopback port in this process: the emulators in the registries store no versions. Google's own client works
 * with it (test/providers/gcp-own-client.test.ts).
 */
export async function startSecretManager(options: { readonly tokenSeconds?: number } = {}): Promise<SecretManager> {
  const dir = mkdtempSync(join(tmpdir(), "unsprawl-secret-manager-"));
  const clear = (): void => rmSync(dir, { recursive: true, force: true });
  process.once("exit", clear);
  const projectId = "unsprawl-test";
  const make = (name: AccountName): Account => makeAccount(name, projectId, ROLES[name]);
  const accounts = {
    admin: make("admin"),
    writer: make("writer"),
    reader: make("reader"),
    accessor: make("accessor"),
    nobody: make("nobody"),
  };
  const server = createServer();
  await once(server.listen(0, "127.0.0.1"), "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const login = createLogin(Object.values(accounts), options.tokenSeconds ?? 3599);
  const cryptoKeys: CryptoKeys = new Map();
  const [secrets, log, quotas] = [new Secrets(NUMBER), [] as string[], [] as unknown[]];
  server.on(
    "request",
    (request, response) => void receive({ secrets, cryptoKeys, login, log, quotas, projectId }, url, request, response),
  );
  const file = (name: string, json: object): string => {
    const path = join(dir, name);
    // Once: another store may be reading it.
    if (!existsSync(path)) writeFileSync(path, JSON.stringify(json), { mode: 0o600 });
    return path;
  };
  const keyFile = (account: AccountName): string => file(`${account}.json`, keyJson(accounts[account], projectId, url));
  return {
    ...{ url, projectId, dir, accounts, login, secrets, cryptoKeys, log, quotas, keyFile },
    userFile: (account) => file(`${account}-user.json`, userJson(accounts[account], projectId, url)),
    env: (account) => ({
      GOOGLE_CLOUD_PROJECT: projectId,
      GOOGLE_APPLICATION_CREDENTIALS: keyFile(account),
      CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER: url,
      CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS: url,
    }),
    async stop() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
      process.off("exit", clear);
      clear();
    },
  };
}

/** As `gcloud iam service-accounts keys create` writes it. */
function keyJson({ email, keyId, privateKey }: Account, project_id: string, url: string): object {
  return {
    ...{ type: "service_account", project_id, private_key_id: keyId, private_key: privateKey, client_email: email },
    ...{
      client_id: "104",
      auth_uri: `${url}/auth`,
      token_uri: `${url}${TOKEN_PATH}`,
      universe_domain: "googleapis.com",
    },
  };
}

/** As `gcloud auth application-default login` writes it; that one has no `token_uri`, which is Google's own. */
function userJson({ user }: Account, quota_project_id: string, url: string): object {
  const { clientId: client_id, clientSecret: client_secret, refreshToken: refresh_token } = user;
  const token_uri = `${url}${TOKEN_PATH}`;
  return { type: "authorized_user", client_id, client_secret, refresh_token, quota_project_id, token_uri };
}

type Double = Pick<SecretManager, "secrets" | "cryptoKeys" | "login" | "log" | "quotas" | "projectId">;

async function receive(
  { secrets, cryptoKeys, login, log, quotas, projectId }: Double,
  origin: string,
  request: IncomingMessage,
  response: ServerResponse,
) {
  const { method = "", headers } = request;
  const url = new URL(request.url ?? "/", origin);
  const body = await text(request).catch(() => null);
  // A request that broke off in its middle was never made.
  if (body === null) return;
  const answer = answerOf(() => {
    if (!url.pathname.startsWith("/v1/")) return login.answer({ method, path: url.pathname, headers, body });
    const caller = login.caller(headers.authorization);
    const key = answerCryptoKey(cryptoKeys, caller, { method, path: url.pathname, body });
    if (key !== null) return key;
    const asked = { method, url, contentType: headers["content-type"], body };
    return answerRequest(secrets, caller, asked, [projectId, NUMBER]);
  });
  quotas.push(headers["x-goog-user-project"]);
  log.push(`${method} ${url.pathname.replace(/^\/v1\/projects\/[^/]+\//, "")} ${answer.status}`);
  send(response, answer);
}

function send(response: ServerResponse, { status, body, headers = {} }: Answer): void {
  const isPage = typeof body === "string";
  const bytes = Buffer.from(isPage ? body : body === undefined ? "" : JSON.stringify(body));
  const type = isPage ? "text/html; charset=UTF-8" : "application/json; charset=UTF-8";
  response
    .writeHead(status, { "Content-Type": type, "Content-Length": bytes.length, "Cache-Control": "private", ...headers })
    .end(bytes);
}
