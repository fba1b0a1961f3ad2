import { randomUUID } from "node:crypto";
import { createServer, type AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { HttpClient, type HttpClientOptions, type HttpRequest } from "../../../src/kit/net/client.ts";
import { NAMED } from "../../../src/kit/net/outgoing.ts";
import { listening, type Double } from "../../verify/double.ts";

const open: { stop(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.stop();
});

async function server(...given: Parameters<typeof listening>): Promise<Double> {
  const double = await listening(...given);
  open.push(double);
  return double;
}

function client(options: Partial<HttpClientOptions> = {}): HttpClient {
  const made = new HttpClient({ route: () => ({ reach: NAMED, proxy: null }), sockets: 0, ...options });
  open.push({ stop: () => made.close() });
  return made;
}

const get = (url: string, more: Partial<HttpRequest> = {}): HttpRequest => ({
  method: "GET",
  url: new URL(url),
  ...more,
});

/** Takes connections and never answers. */
async function silent(): Promise<number> {
  const sockets = new Set<{ destroy(): unknown }>();
  const one = createServer((socket) => void sockets.add(socket.on("error", () => {})));
  await new Promise<void>((done) => one.listen(0, "127.0.0.1", done));
  open.push({ stop: () => (one.close(), sockets.forEach((socket) => socket.destroy())) });
  return (one.address() as AddressInfo).port;
}

describe("limits", () => {
  test("a body is read up to the limit, and says whether that was all", async () => {
    const { url } = await server((_, response) => response.end("0123456789"));
    const read = async (limit: number): Promise<unknown> => {
      const { bytes, whole } = await client().read(get(url), limit);
      return [bytes.toString(), whole];
    };
    expect(await Promise.all([9, 10, 11].map(read))).toEqual([
      ["012345678", false],
      ["0123456789", true],
      ["0123456789", true],
    ]);
  });

  test("of an error no more than 64 KiB are read", async () => {
    const { url } = await server((_, response) => response.writeHead(500).end("x".repeat(70_000)));
    const { status, bytes, whole } = await client().read(get(url));
    expect([status, bytes.length, whole]).toEqual([500, 65_536, false]);
  });

  test("a body that is declared as too long is not begun where only a whole one is of use", async () => {
    const { url } = await server((_, response) => response.writeHead(200, { "content-length": "100" }).write("begun"));
    const { bytes, whole } = await client({ wholeMs: 5000 }).read(get(url, { wholeOnly: true }), 99);
    expect([bytes.length, whole]).toEqual([0, false]);
  });
});

describe("time", () => {
  test("a server that drips bytes is left when the whole time is over", async () => {
    const { url } = await server((_, response) => {
      const drip = setInterval(() => response.write("."), 20);
      response.on("close", () => clearInterval(drip));
    });
    await expect(client({ idleMs: 200, wholeMs: 400 }).read(get(url))).rejects.toMatchObject({ code: "ETIMEDOUT" });
  });

  test.each(["a server", "a proxy that makes no tunnel"])("%s that says nothing is left", async (who) => {
    const port = await silent();
    const proxy = { HTTPS_PROXY: `http://127.0.0.1:${port}` };
    const [url, route] =
      who === "a server" ? [`http://127.0.0.1:${port}`, { proxy: null }] : ["https://shop.example", { proxy }];
    const asking = client({ idleMs: 200, route: () => ({ reach: NAMED, ...route }) }).open(get(url));
    await expect(asking).rejects.toMatchObject({ code: expect.stringMatching(/^(ETIMEDOUT|ERR_PROXY_TUNNEL)$/) });
  });

  test("an abort is heard at once, even while a proxy makes its tunnel", async () => {
    const proxy = { HTTPS_PROXY: `http://127.0.0.1:${await silent()}` };
    const stop = new AbortController();
    const asking = client({ route: () => ({ reach: NAMED, proxy }) }).read(
      get("https://shop.example", { signal: stop.signal }),
    );
    const reason = new Error("enough");
    setTimeout(() => stop.abort(reason), 100);
    await expect(asking).rejects.toBe(reason);
    await expect(client().read(get("http://127.0.0.1:1", { signal: stop.signal }))).rejects.toBe(reason);
  });
});

describe("redirects", () => {
  const word = randomUUID();
  const follow: HttpRequest["follow"] = ({ headers, url }) =>
    headers.location === undefined ? null : new URL(headers.location, url);

  test("none is followed unless the caller says where to", async () => {
    const elsewhere = await server((_, response) => response.end("elsewhere"));
    const { url } = await server((_, response) => response.writeHead(302, { location: elsewhere.url }).end());
    expect((await client().read(get(url, { authorization: word }))).status).toBe(302);
    expect(elsewhere.received).toEqual([]);
  });

  test("the authorization goes to another path, never to another origin, and not back from there", async () => {
    const home: Double = await server((request, response) => {
      const to = { "/": "/there", "/there": elsewhere.url }[request.url ?? ""];
      if (to === undefined) response.end("back");
      else response.writeHead(302, { location: to }).end();
    });
    const elsewhere: Double = await server((_, response) =>
      response.writeHead(302, { location: `${home.url}/back` }).end(),
    );
    const { bytes } = await client().read(get(home.url, { authorization: word, follow }));
    expect(bytes.toString()).toBe("back");
    const heard = [...home.received, ...elsewhere.received].map((text) => text.includes(word));
    expect(heard).toEqual([true, true, false, false]);
  });
});

test("a connection is kept and used again, and closed with the client", async () => {
  const ports: (number | undefined)[] = [];
  const { url } = await server((request, response) => {
    ports.push(request.socket.remotePort);
    response.end();
  });
  const one = client({ sockets: 2 });
  await one.read(get(url));
  await one.read(get(url));
  one.close();
  await one.read(get(url));
  expect(new Set(ports.slice(0, 2)).size).toBe(1);
  expect(ports[2]).not.toBe(ports[0]);
});

test("a body of any kind arrives, with its length where that is known", async () => {
  const { url, received } = await server((_, response) => response.end());
  async function* parts(): AsyncGenerator<Uint8Array> {
    yield Buffer.from("in ");
    yield Buffer.from("parts");
  }
  for (const body of ["té", Buffer.from("bytes"), parts()])
    await client().read({ method: "PUT", url: new URL(url), body });
  await client().read({ method: "DELETE", url: new URL(url) });
  const length = (text: string): string | undefined => /^content-length: (.*)$/m.exec(text)?.[1];
  expect(received.map((text) => [length(text), text.slice(text.indexOf("\n\n") + 2)])).toEqual([
    ["3", "té"],
    ["5", "bytes"],
    [undefined, "in parts"],
    ["0", ""],
  ]);
});
