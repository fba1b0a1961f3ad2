import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import { rmSync } from "node:fs";

/** What to do with a request: pass it on, answer it, or drop the connection. */
export type Verdict = "pass" | "drop" | { readonly status: number; readonly message: string };

export type EngineProxy = { readonly host: string; readonly socket: string; stop(): Promise<void> };

/**
 * A real engine behind a socket where `decide` may hold, refuse or drop a request (awaited first), and `after` runs
 * when the engine has answered and before the client hears of it. Paths come without the API version.
 */
export async function proxyEngine(
  engineSocket: string,
  socket: string,
  decide: (method: string, path: string, body: string) => Verdict | Promise<Verdict>,
  after: (method: string, path: string) => void | Promise<void> = () => undefined,
): Promise<EngineProxy> {
  const handle = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = "GET", url = "/", headers } = incoming;
    const path = url.replace(/^\/v1\.\d+/, "");
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const verdict = await decide(method, path, body.toString("utf8"));
    if (verdict === "drop") return void incoming.socket.destroy();
    if (verdict !== "pass") {
      response
        .writeHead(verdict.status, { "content-type": "application/json" })
        .end(JSON.stringify({ message: verdict.message }));
      return;
    }
    const forwarded = request({ socketPath: engineSocket, method, path: url, headers }, (answer) => {
      const parts: Buffer[] = [];
      answer.on("data", (part: Buffer) => parts.push(part));
      answer.on("end", () => {
        void Promise.resolve(after(method, path)).then(() => {
          response.writeHead(answer.statusCode ?? 500, answer.headers).end(Buffer.concat(parts));
        });
      });
    });
    forwarded.on("error", () => incoming.socket.destroy());
    forwarded.end(body);
  };
  const server = createServer((incoming, response) => void handle(incoming, response));
  rmSync(socket, { force: true });
  await new Promise<void>((ready) => server.listen(socket, ready));
  return {
    host: `unix://${socket}`,
    socket,
    async stop() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
      rmSync(socket, { force: true });
    },
  };
}
