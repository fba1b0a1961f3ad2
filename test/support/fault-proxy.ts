import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** What happens to the requests that are met. */
export type Fault =
  | { readonly kind: "reset" } // the connection ends before anything is done
  | { readonly kind: "lost" } // the work is done, and no answer comes
  | { readonly kind: "cut" } // the work is done, and half of the answer comes
  | { readonly kind: "slow" } // no answer for a minute
  | { readonly kind: "status"; readonly status: 429 | 503; readonly retryAfter?: number };

export type FaultProxy = {
  readonly url: string;
  /** The next `times` requests for which `meets` holds meet the fault. */
  fault(
    fault: Fault,
    times: number,
    meets?: (request: { method: string; path: string; body: string }) => boolean,
  ): void;
  /** How many requests met one. */
  readonly met: number;
  stop(): Promise<void>;
};

/** A plain HTTP proxy on loopback in front of a server: hands everything on as it is, host name included. */
export async function faultProxy(target: string): Promise<FaultProxy> {
  let rule: {
    fault: Fault;
    left: number;
    meets: (request: { method: string; path: string; body: string }) => boolean;
  } | null = null;
  let met = 0;
  const server = createServer((incoming, outgoing) => {
    void bodyOf(incoming).then(async (body) => {
      const seen = { method: incoming.method ?? "GET", path: incoming.url ?? "/", body: described(incoming, body) };
      const fault = rule !== null && rule.left > 0 && rule.meets(seen) ? rule.fault : null;
      if (fault !== null && rule !== null) {
        rule.left--;
        met++;
      }
      await handle(target, incoming, body, outgoing, fault);
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    fault(fault, times, meets = () => true) {
      met = 0;
      rule = { fault, left: times, meets };
    },
    get met() {
      return met;
    },
    stop: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

/** AWS names the operation in a header, not in the path. */
function described({ headers }: IncomingMessage, body: Buffer): string {
  return `${String(headers["x-amz-target"] ?? "")}\n${body.toString("latin1")}`;
}

async function handle(
  target: string,
  incoming: IncomingMessage,
  body: Buffer,
  outgoing: ServerResponse,
  fault: Fault | null,
): Promise<void> {
  outgoing.on("error", () => {});
  if (fault?.kind === "reset") return void incoming.socket.destroy();
  if (fault?.kind === "slow") {
    await sleep(60_000, undefined, { ref: false });
    return void incoming.socket.destroy();
  }
  if (fault?.kind === "status") {
    const { status, retryAfter } = fault;
    const headers = retryAfter === undefined ? {} : { "retry-after": String(retryAfter) };
    return void outgoing.writeHead(status, { ...headers, "content-type": "application/json" }).end("{}");
  }
  const answer = await forward(target, incoming, body).catch(() => null);
  if (answer === null || fault?.kind === "lost") return void incoming.socket.destroy();
  if (fault?.kind === "cut") {
    outgoing.writeHead(answer.status, { ...answer.headers, "content-length": String(answer.body.length + 10) });
    outgoing.write(answer.body.subarray(0, Math.floor(answer.body.length / 2)), () => incoming.socket.destroy());
    return;
  }
  outgoing.writeHead(answer.status, answer.headers).end(answer.body);
}

type Answer = { readonly status: number; readonly headers: IncomingMessage["headers"]; readonly body: Buffer };

function forward(target: string, { method, url, headers }: IncomingMessage, body: Buffer): Promise<Answer> {
  return new Promise((done, fail) => {
    const sent = request(`${target}${url ?? "/"}`, { method: method ?? "GET", headers, agent: false }, (answer) => {
      const { "transfer-encoding": _, ...kept } = answer.headers;
      done(bodyOf(answer).then((body) => ({ status: answer.statusCode ?? 502, headers: kept, body })));
    });
    sent.on("error", fail).end(body);
  });
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
