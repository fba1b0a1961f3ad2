import { createPublicKey } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { STATUS_CODES, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { failed, Refusal, unreadable, type Answer, type Headers } from "./keywhiz-answer.ts";
import { makeAuthority, type KeywhizClient } from "./keywhiz-certificates.ts";
import { KeywhizFaults, type Interruption } from "./keywhiz-faults.ts";
import { guard } from "./keywhiz-gate.ts";
import { fieldsOf, toJson, type Fields } from "./keywhiz-json.ts";
import { route } from "./keywhiz-routes.ts";
import { Store, type Client } from "./keywhiz-store.ts";

export type KeywhizRequest = {
  readonly method: string;
  /** With its query, as it was sent. */
  readonly path: string;
  /** Null without a certificate. */
  readonly cn: string | null;
  readonly status: number;
};

export type Keywhiz = {
  readonly url: string;
  readonly caFile: string;
  readonly clients: {
    /** May use the automation API. */
    readonly automation: KeywhizClient;
    /** A client from the start that may only have secrets delivered; in all of the `groups` of the options. */
    readonly application: KeywhizClient;
    /** Of a name that Keywhiz does not know until it first asks for a delivery. */
    readonly nosecrets: KeywhizClient;
    /** Of another CA: refused in the handshake. */
    readonly foreign: KeywhizClient;
  };
  /** Every request so far, in the order of the answers. */
  readonly requests: readonly KeywhizRequest[];
  readonly faults: KeywhizFaults;
  /** The names of all secrets, sorted. */
  secretNames(): string[];
  /** The groups that have the secret, sorted; none for a secret that does not exist. */
  groupsOf(name: string): string[];
  /** The ids of all versions of a secret, the newest first. */
  versionsOf(name: string): bigint[];
  /** The current value of a secret in base64. */
  contentOf(name: string): string | null;
  stop(): Promise<void>;
};

export type KeywhizOptions = {
  /** Groups that exist from the start. */
  readonly groups?: readonly string[];
  /** The largest value that the database takes: 16 MiB unless told. */
  readonly maxValueBytes?: number;
  /** The time in seconds, for tests in which the order of what was made counts. */
  readonly clock?: () => number;
};

const DAY = 24 * 60 * 60;

/** A double of a Keywhiz server on a free loopback port, in this process, held to what a real one was recorded to answer. */
export async function startKeywhiz(options: KeywhizOptions = {}): Promise<Keywhiz> {
  const dir = mkdtempSync(join(tmpdir(), "unsprawl-keywhiz-"));
  const [own, other] = await Promise.all([makeAuthority(dir, "ca"), makeAuthority(dir, "foreign-ca")]);
  const [server, automation, application, nosecrets, foreign] = await Promise.all([
    own.issue("server", "localhost", "DNS:localhost,IP:127.0.0.1"),
    own.issue("automation", "client"),
    own.issue("application", "application"),
    own.issue("nosecrets", "noSecretsClient"),
    other.issue("foreign", "client"),
  ]);
  const clients = { automation, application, nosecrets, foreign };
  const store = filledStore(options, automation.cn, application.cn);
  const [requests, faults]: [KeywhizRequest[], KeywhizFaults] = [[], new KeywhizFaults()];
  const listening = await listen(own.caFile, server, async (request, response) => {
    const [method, path] = [request.method ?? "", request.url ?? ""];
    const body = await read(request);
    const fault = await faults.meet(method, path, body);
    if (fault?.kind === "undone") return void response.destroy();
    const answer = fault?.kind === "status" ? refused(fault) : answerTo(store, request, body);
    requests.push({ method, path, cn: cnOf(request), status: answer.status });
    send(response, method, answer, fault);
  });
  return {
    url: `https://127.0.0.1:${listening.port}`,
    caFile: own.caFile,
    clients,
    requests,
    faults,
    secretNames: () =>
      store.secrets
        .all()
        .map(({ name }) => name)
        .sort(),
    groupsOf: (name) => [...(store.secrets.get(name)?.groups ?? [])].map((group) => group.name).sort(),
    versionsOf: (name) => (store.secrets.get(name)?.versions ?? []).map(({ id }) => id).reverse(),
    contentOf: (name) => store.secrets.get(name)?.current.content ?? null,
    async stop() {
      await listening.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function filledStore(options: KeywhizOptions, automation: string, application: string): Store {
  const clock = options.clock ?? ((): number => Math.floor(Date.now() / 1000));
  const store = new Store(clock, options.maxValueBytes ?? 16 * 1024 * 1024);
  store.addClient(store.row(automation, "", "", ""), "", true);
  const { groups } = store.addClient(store.row(application, "", "", ""), "", false);
  for (const name of options.groups ?? []) groups.add(store.addGroup(store.row(name, "", "", ""), {}));
  return store;
}

type Serve = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

async function listen(
  caFile: string,
  { certFile, keyFile }: KeywhizClient,
  serve: Serve,
): Promise<{ readonly port: number; close(): Promise<void> }> {
  const ca = readFileSync(caFile);
  const pair = { cert: readFileSync(certFile), key: readFileSync(keyFile) };
  const only = { minVersion: "TLSv1.2", maxVersion: "TLSv1.2" } as const;
  const server = createServer({ ca, ...pair, ...only, requestCert: true, rejectUnauthorized: false });
  // A caller that is gone before it was answered is none of the server's business.
  server.on("request", (request, response) => void serve(request, response).catch(() => response.destroy()));
  const door = guard(server, createPublicKey(ca));
  await new Promise<void>((done, fail) => server.once("error", fail).listen(0, "127.0.0.1", done));
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = new Promise((done) => server.close(done));
      door.close();
      await closed;
    },
  };
}

/** The answer to a request, in the order of Keywhiz: is there such a path, who is it, and only then what do they say. */
function answerTo(store: Store, request: IncomingMessage, body: string): Answer {
  try {
    const [path = "", search] = (request.url ?? "").split("?", 2);
    const { handler, names } = route(request.method ?? "", path);
    const client = authenticated(store, request, path.startsWith("/automation/"));
    const fields = /^(?:POST|PUT)$/.test(request.method ?? "") ? sentFields(request, path, body) : {};
    const query = new URLSearchParams(search);
    const base = `https://${request.headers.host ?? "localhost"}`;
    return handler({ store, client, names, query, fields, base });
  } catch (error) {
    return refusal(error instanceof Refusal ? error : failed());
  }
}

/** Who calls, by the name in the certificate: only a delivery makes a client of a name that is new. */
function authenticated(store: Store, request: IncomingMessage, automation: boolean): Client {
  const cn = cnOf(request);
  if (cn === null) throw unauthorized("Not authorized as Keywhiz client");
  const known = store.clients.get(cn);
  if (!known && automation) throw unauthorized(`No authorized Client for connection using principal CN=${cn}`);
  const description = "Client created automatically from valid certificate authentication";
  const client = known ?? store.addClient(store.row(cn, "automatic", description, ""), "", false);
  const before = { ...client };
  if (known) see(store, client, request);
  if (automation && !client.automationAllowed)
    throw new Refusal(403, `Client ${client.name} not authorized as a AutomationClient`);
  return before;
}

/** Notes the contact, though not more often than once a day; the request itself goes on with what was known before. */
function see(store: Store, client: Client, request: IncomingMessage): void {
  const now = store.now();
  if (client.lastSeen !== null && now <= client.lastSeen + DAY) return;
  client.lastSeen = now;
  client.expiration = Math.floor(Date.parse((request.socket as TLSSocket).getPeerCertificate().valid_to) / 1000);
}

function unauthorized(challenge: string): Refusal {
  return new Refusal(401, undefined, { "WWW-Authenticate": challenge });
}

function sentFields(request: IncomingMessage, path: string, body: string): Fields {
  const type = (request.headers["content-type"] ?? "").split(";")[0] ?? "";
  if (type.trim().toLowerCase() !== "application/json") throw new Refusal(415);
  // A rename says everything in its path.
  const fields = body === "" && path.includes("/rename/") ? {} : fieldsOf(body);
  if (!fields) throw unreadable();
  return fields;
}

function cnOf(request: IncomingMessage): string | null {
  const cn: unknown = (request.socket as TLSSocket).getPeerCertificate().subject?.CN;
  return typeof cn === "string" ? cn : null;
}

function refused({ status, retryAfter }: Extract<Interruption, { kind: "status" }>): Answer {
  return refusal(new Refusal(status, undefined, retryAfter === undefined ? {} : { "Retry-After": retryAfter }));
}

function refusal({ status, message, headers }: Refusal): Answer {
  return { status, headers, body: { code: status, message } };
}

function send(response: ServerResponse, method: string, answer: Answer, fault: Interruption | null): void {
  const body = Buffer.from(answer.body === undefined ? "" : toJson(answer.body));
  const headers: Headers = { ...answer.headers, ...typed(method, answer) };
  if (fault?.kind === "lost") response.destroy();
  else if (fault?.kind === "reset") sendHalf(response, answer.status, headers, body);
  else {
    response.writeHead(answer.status, method === "HEAD" ? headers : { ...headers, ...sized(answer, body) });
    response.end(method === "HEAD" ? undefined : body);
  }
}

/** Half of the body, or of the head where there is no body, and then the end of the connection. */
function sendHalf({ socket }: ServerResponse, status: number, headers: Headers, body: Buffer): void {
  const lines = Object.entries({ ...headers, "Content-Length": String(body.length) }).map(
    ([key, value]) => `${key}: ${value}\r\n`,
  );
  const head = Buffer.from(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${lines.join("")}\r\n`);
  const half =
    body.length > 0 ? Buffer.concat([head, body.subarray(0, body.length >> 1)]) : head.subarray(0, head.length >> 1);
  socket?.write(half, () => socket.destroy());
}

/** The type of the answer; to a HEAD that fails, the servlet container's own page of errors answers. */
function typed(method: string, { status, body }: Answer): Headers {
  if (method === "HEAD" && status >= 400)
    return { "Cache-Control": "must-revalidate,no-cache,no-store", "Content-Type": "text/html;charset=iso-8859-1" };
  return body === undefined ? {} : { "Content-Type": "application/json" };
}

function sized({ status }: Answer, body: Buffer): Headers {
  return status === 204 ? {} : { "Content-Length": String(body.length) };
}

async function read(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}
