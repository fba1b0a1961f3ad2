import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export type Reply = {
  readonly status: number;
  readonly headers?: { readonly [name: string]: string };
  readonly body?: string;
};

/** A vendor's stand-in on loopback: gives the replies in turn, the last one for ever, and keeps all that it was sent. */
export type Double = {
  readonly url: string;
  readonly host: string;
  /** Each request as text: line, headers, body. */
  readonly received: string[];
  readonly stop: () => Promise<void>;
};

export function replying(...replies: readonly Reply[]): Promise<Double> {
  let next = 0;
  return listening((_, response) => {
    const reply = replies[Math.min(next++, replies.length - 1)];
    response.writeHead(reply?.status ?? 500, reply?.headers).end(reply?.body ?? "");
  });
}

/** A double that does with a request, once it has arrived whole, what it is told. */
export async function listening(
  then: RequestListener,
  make: (on: RequestListener) => Server = createServer,
): Promise<Double> {
  const received: string[] = [];
  const server = make((request, response) => {
    request.on("error", () => {});
    response.on("error", () => {});
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      received.push(textOf(request, Buffer.concat(chunks)));
      then(request, response);
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    host: `127.0.0.1:${port}`,
    received,
    stop: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

function textOf(request: IncomingMessage, body: Buffer): string {
  const headers = Object.entries(request.headers).map(([name, value]) => `${name}: ${String(value)}`);
  return [`${request.method ?? ""} ${request.url ?? ""}`, ...headers, "", body.toString("utf8")].join("\n");
}

export async function withDouble<T>(double: Promise<Double>, act: (double: Double) => Promise<T>): Promise<T> {
  const started = await double;
  try {
    return await act(started);
  } finally {
    await started.stop();
  }
}
