import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { MetricsAddress } from "../core/config/metrics.ts";
import { causeOf, UnsprawlError } from "../model/error.ts";
import { CONTENT_TYPE } from "./exposition.ts";

export type MetricsServer = {
  /** The port that it listens on, as the system assigned it. */
  readonly port: number;
  /** Answers open requests, and ends. */
  close(): Promise<void>;
};

/**
 * Answers GET /metrics and GET /healthz and nothing else; slow, large or too many requests are cut off. Throws `failed`
 * if it cannot listen there.
 */
export async function serveMetrics(
  { host, port }: MetricsAddress,
  render: () => Promise<string>,
): Promise<MetricsServer> {
  const limits = { maxHeaderSize: 8192, headersTimeout: 5000, requestTimeout: 5000, keepAliveTimeout: 5000 };
  const server = createServer({ ...limits, connectionsCheckingInterval: 1000 }, (request, response) => {
    void answer(request, response, render);
  });
  server.maxConnections = 32;
  await new Promise<void>((done, fail) => {
    server.once("error", (error) => fail(cannotListen(error, host, port)));
    server.listen({ host, port, exclusive: true }, done);
  });
  server.removeAllListeners("error").on("error", () => undefined);
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeIdleConnections();
        setTimeout(() => server.closeAllConnections(), 1000).unref();
      }),
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  render: () => Promise<string>,
): Promise<void> {
  const [pathname] = (request.url ?? "").split("?");
  const send = (status: number, type: string, body: string, more: { [header: string]: string } = {}): void => {
    const headers = { "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", ...more };
    // The rest of what a client sends is not read.
    if (request.method !== "GET" && request.method !== "HEAD") response.shouldKeepAlive = false;
    response.writeHead(status, { "Content-Type": type, "Content-Length": Buffer.byteLength(body), ...headers });
    response.end(request.method === "HEAD" ? undefined : body);
  };
  const TEXT = "text/plain; charset=utf-8";
  if (pathname !== "/metrics" && pathname !== "/healthz") return send(404, TEXT, "/metrics or /healthz\n");
  if (request.method !== "GET" && request.method !== "HEAD") return send(405, TEXT, "GET\n", { Allow: "GET, HEAD" });
  if (pathname === "/healthz") return send(200, TEXT, "ok\n");
  try {
    send(200, CONTENT_TYPE, await render());
  } catch {
    send(500, TEXT, "the history cannot be read\n");
  }
}

function cannotListen(error: Error, host: string, port: number): UnsprawlError {
  return new UnsprawlError(
    "failed",
    `metrics: cannot listen on ${host}:${port} (${causeOf(error)})`,
    "watch.metrics.listen names another address; ss -ltnp shows who has this one",
  );
}
