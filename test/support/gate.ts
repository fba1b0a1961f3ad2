import {
  createServer,
  request as send,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";

export type Seen = { readonly method: string; readonly path: string; readonly headers: IncomingHttpHeaders };

export type Gate = {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  readonly port: number;
  readonly seen: Seen[];
  /** Requests as `METHOD PATH`, the query left out. */
  readonly lines: () => readonly string[];
  stop(): Promise<void>;
};

/** Answers a request itself (true), or lets the real registry do it. */
export type Answer = (request: Seen, response: ServerResponse, raw: IncomingMessage) => boolean;

/**
 * A gate in front of a real registry, which sees every request and can do what the real one cannot: redirect, refuse,
 * lie, stop. Without a target everything has to be answered here.
 */
export async function startGate(target: string | null, answer: Answer = () => false): Promise<Gate> {
  const seen: Seen[] = [];
  const server = createServer((incoming, response) => {
    const one = { method: incoming.method ?? "", path: incoming.url ?? "", headers: incoming.headers };
    seen.push(one);
    if (answer(one, response, incoming)) return;
    if (target === null) {
      response.writeHead(404).end();
      return;
    }
    const [hostname = "", port = ""] = target.split(":");
    // The host stays as it was asked for, so that the registry builds its own URLs for this gate.
    const passed = send({ hostname, port, method: one.method, path: one.path, headers: one.headers }, (from) => {
      response.writeHead(from.statusCode ?? 502, from.headers);
      from.pipe(response);
    });
    passed.on("error", () => response.destroy());
    incoming.pipe(passed);
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  return {
    host: `127.0.0.1:${port}`,
    port,
    seen,
    lines: () => seen.map(({ method, path }) => `${method} ${path.replace(/\?.*/, "")}`),
    stop: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}
