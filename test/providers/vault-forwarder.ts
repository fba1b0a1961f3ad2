import { createServer as createHttp, type IncomingMessage } from "node:http";
import { connect, createServer } from "node:net";
import { portOf } from "./secure-vault.ts";

/** Hands TCP connections on to a server, or to several in turn, from another address; `changed` hears +1 and -1 for each. */
export async function forwarder(
  target: string | readonly [string, ...string[]],
  host: string,
  changed: (by: 1 | -1) => void = () => {},
): Promise<{ readonly url: string; stop(): void }> {
  const targets = (typeof target === "string" ? [target] : target).map((one) => new URL(one));
  const [{ protocol }] = targets as [URL];
  let connections = 0;
  const server = createServer((socket) => {
    changed(1);
    const { hostname, port } = targets[connections++ % targets.length] as URL;
    const onward = connect(Number(port), hostname);
    socket.pipe(onward).pipe(socket);
    for (const one of [socket, onward]) one.on("error", () => one.destroy());
    socket.once("close", () => {
      changed(-1);
      onward.destroy();
    });
  });
  await new Promise<void>((done, fail) => server.once("error", fail).listen(0, host, done));
  return {
    url: `${protocol}//${host.includes(":") ? `[${host}]` : host}:${portOf(server)}`,
    stop: () => void server.close(),
  };
}

export type Said = {
  readonly status: number;
  readonly text: string;
  readonly headers?: { readonly [name: string]: string };
};

/** Hands HTTP requests on as `act` decides: what it gives is answered, and null drops the connection. */
export async function relay(
  target: string,
  act: (request: IncomingMessage, pass: () => Promise<Said>, body: string) => Promise<Said | null>,
): Promise<{ readonly url: string; stop(): void }> {
  const server = createHttp((incoming, outgoing) => {
    const answer = async (): Promise<void> => {
      const parts: Buffer[] = [];
      for await (const part of incoming) parts.push(part as Buffer);
      // The server does not know the states of a cluster that a test makes up.
      const { host: _, connection: __, "transfer-encoding": ___, "x-vault-index": ____, ...headers } = incoming.headers;
      const pass = async (): Promise<Said> => {
        const passed = await fetch(`${target}${incoming.url}`, {
          method: incoming.method ?? "GET",
          headers: headers as { [name: string]: string },
          body: parts.length > 0 ? Buffer.concat(parts) : null,
        });
        return { status: passed.status, text: await passed.text() };
      };
      const said = await act(incoming, pass, Buffer.concat(parts).toString("utf8"));
      if (said === null) return void incoming.socket.destroy();
      outgoing.writeHead(said.status, { "Content-Type": "application/json", ...said.headers });
      outgoing.end(said.status === 204 ? undefined : said.text);
    };
    answer().catch(() => incoming.socket.destroy());
  }).listen(0, "127.0.0.1");
  await new Promise((done) => server.once("listening", done));
  return {
    url: `http://127.0.0.1:${portOf(server)}`,
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}
