import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from "node:http";
import { createServer as createTls } from "node:https";
import type { AddressInfo } from "node:net";

export type Received = { readonly path: string; readonly headers: IncomingHttpHeaders; readonly body: string };

export type Receiver = {
  /** `http://127.0.0.1:PORT` or `https://localhost:PORT`. */
  readonly origin: string;
  readonly received: readonly Received[];
  readonly stop: () => Promise<void>;
};

/** Somebody's server; it answers 204 unless told otherwise. */
export async function startReceiver(
  answer: (response: ServerResponse, received: Received, count: number) => void = (response) =>
    response.writeHead(204).end(),
  tls: { readonly key: string; readonly cert: string } | null = null,
): Promise<Receiver> {
  const received: Received[] = [];
  const listener: Parameters<typeof createServer>[1] = (request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const one = { path: request.url ?? "", headers: request.headers, body: Buffer.concat(chunks).toString("utf8") };
      answer(response, one, received.push(one));
    });
  };
  const server: Server = tls === null ? createServer(listener) : createTls(tls, listener);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  return {
    origin: tls === null ? `http://127.0.0.1:${port}` : `https://localhost:${port}`,
    received,
    stop: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

/** As a receiver would check it, from the README alone. */
export function genuine({ headers, body }: Received, key: string, now: Date): boolean {
  const stamp = String(headers["x-unsprawl-timestamp"]);
  if (Math.abs(now.getTime() / 1000 - Number(stamp)) > 300) return false;
  const expected = Buffer.from(
    `sha256=${createHmac("sha256", key).update(stamp).update(".").update(body).digest("hex")}`,
  );
  const given = Buffer.from(String(headers["x-unsprawl-signature"]));
  return expected.length === given.length && timingSafeEqual(expected, given);
}
