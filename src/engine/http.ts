import type { Agent, IncomingMessage } from "node:http";
import type { EngineConnection } from "./connection.ts";
import { pipelinedClient } from "./pipeline.ts";

/**
 * Reads one document from the engine. Throws what `engineError` accepts: an error with `statusCode` and `json`, or a
 * socket error with a code.
 */
export type EngineRead = ((path: string) => Promise<unknown>) & {
  /** Closes the connections. */
  readonly close: () => void;
};

/** Opens a streamed response, which the caller must read to its end or destroy. Throws like `EngineRead`. */
export type OpenEngineStream = (path: string, signal: AbortSignal) => Promise<IncomingMessage>;

const SOCKETS = 12;

/**
 * A client for plain GETs on keep-alive connections. dockerode does all writes; a scan only reads, and loading
 * dockerode (with SSH and gRPC) would take longer than inspecting a hundred containers.
 */
export async function engineReader(connection: EngineConnection, version: string | null): Promise<EngineRead> {
  const prefix = version === null ? "" : `/v${version}`;
  if (connection.via === "unix") {
    const ask = pipelinedClient(connection.socketPath ?? "");
    const get = async (path: string): Promise<unknown> => {
      const { status, body } = await ask(prefix + path);
      return new Promise((done, fail) => settle(status, body, done, fail));
    };
    return Object.assign(get, { close: ask.close });
  }
  // Importing node:http would evaluate all its exports, one of which loads a WebSocket client.
  const http = process.getBuiltinModule("node:http");
  const https = process.getBuiltinModule("node:https");
  const secure = connection.tls !== null;
  const agent: Agent =
    connection.via === "ssh"
      ? (await import("./ssh-agent.ts")).sshAgent(connection)
      : new (secure ? https : http).Agent({ keepAlive: true, maxSockets: SOCKETS });
  const where = { host: connection.host ?? "", port: connection.port ?? (secure ? 2376 : 2375), ...connection.tls };
  const get = (path: string): Promise<unknown> =>
    new Promise((done, fail) => {
      // Over TLS the certificate is checked against this header's name, so it must be the real one.
      const headers = connection.via === "tcp" ? {} : { host: "docker" };
      const request = (secure ? https : http).get({ ...where, agent, path: prefix + path, headers }, (answer) => {
        collect(answer).then((text) => settle(answer.statusCode ?? 0, text, done, fail), fail);
      });
      request.on("error", fail);
    });
  return Object.assign(get, { close: () => agent.destroy() });
}

/** A client for GETs with large responses: each uses its own connection. */
export async function streamOpener(connection: EngineConnection, version: string | null): Promise<OpenEngineStream> {
  const http = process.getBuiltinModule("node:http");
  const https = process.getBuiltinModule("node:https");
  const secure = connection.tls !== null;
  const prefix = version === null ? "" : `/v${version}`;
  const agent = connection.via === "ssh" ? (await import("./ssh-agent.ts")).sshAgent(connection) : false;
  const where =
    connection.via === "unix"
      ? { socketPath: connection.socketPath ?? "" }
      : { host: connection.host ?? "", port: connection.port ?? (secure ? 2376 : 2375), ...connection.tls, agent };
  const headers = connection.via === "tcp" ? {} : { host: "docker" };
  return (path, signal) =>
    new Promise((done, fail) => {
      const request = (secure ? https : http).get({ ...where, path: prefix + path, headers, signal }, (answer) => {
        const status = answer.statusCode ?? 0;
        if (status < 300) done(answer);
        else collect(answer).then((text) => settle(status, text, fail, fail), fail);
      });
      request.on("error", fail);
    });
}

async function collect(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

function settle(
  statusCode: number,
  text: string,
  done: (value: unknown) => void,
  fail: (error: unknown) => void,
): void {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = { message: statusCode < 300 ? "an answer that is not JSON" : text.slice(0, 300) };
    if (statusCode < 300) statusCode = 502;
  }
  if (statusCode < 300) done(json);
  else fail(Object.assign(new Error("engine"), { statusCode, json }));
}
