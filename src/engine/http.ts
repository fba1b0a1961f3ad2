import type { IncomingMessage } from "node:http";
import { HttpClient } from "../kit/net/client.ts";
import { NAMED } from "../kit/net/outgoing.ts";
import { headOf } from "../kit/text/cut.ts";
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
      return parsed(status, body);
    };
    return Object.assign(get, { close: ask.close });
  }
  const { client, at } = await connected(connection, SOCKETS);
  const get = async (path: string): Promise<unknown> => {
    const { status, bytes } = await client.read({ method: "GET", url: at(prefix + path) });
    return parsed(status, bytes.toString("utf8"));
  };
  return Object.assign(get, { close: () => client.close() });
}

/** A client for GETs with large responses: each uses its own connection. */
export async function streamOpener(connection: EngineConnection, version: string | null): Promise<OpenEngineStream> {
  const prefix = version === null ? "" : `/v${version}`;
  const { client, at } = await connected(connection, 0);
  return async (path, signal) => {
    const { status, stream } = await client.open({ method: "GET", url: at(prefix + path), signal });
    if (status < 300) return stream;
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    throw failure(status, Buffer.concat(chunks).toString("utf8"));
  };
}

type EngineClient = { readonly client: HttpClient; readonly at: (path: string) => URL };

async function connected(connection: EngineConnection, sockets: number): Promise<EngineClient> {
  const { via, host, port, tls, socketPath } = connection;
  const agent = via === "ssh" ? (await import("./ssh-agent.ts")).sshAgent(connection) : null;
  const route = () => ({
    reach: NAMED,
    proxy: null,
    ...(agent !== null && { agent }),
    ...(via === "unix" && { socketPath: socketPath ?? "" }),
    ...(tls !== null && { tls }),
  });
  // Over TLS the certificate is checked against the name in this address, so it must be the real one.
  const name = host !== null && host.includes(":") ? `[${host}]` : host;
  const tcp = `${tls === null ? "http" : "https"}://${name}:${port ?? (tls === null ? 2375 : 2376)}`;
  const origin = via === "tcp" ? tcp : "http://docker";
  return { client: new HttpClient({ route, sockets }), at: (path) => new URL(origin + path) };
}

function parsed(status: number, text: string): unknown {
  if (status >= 300) throw failure(status, text);
  try {
    return JSON.parse(text);
  } catch {
    throw failure(502, JSON.stringify({ message: "an answer that is not JSON" }));
  }
}

function failure(statusCode: number, text: string): Error {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = { message: headOf(text, 300) };
  }
  return Object.assign(new Error("engine"), { statusCode, json });
}
