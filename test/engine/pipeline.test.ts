import { createServer as createHttp, type RequestListener } from "node:http";
import { createServer as createNet, type Server, type Socket } from "node:net";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { pipelinedClient } from "../../src/engine/pipeline.ts";

const dir = mkdtempSync(join(tmpdir(), "unsprawl-pipeline-"));
const open: { close: () => void }[] = [];
let count = 0;

afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

async function listen(server: Server | ReturnType<typeof createHttp>): Promise<string> {
  const path = join(dir, `${count++}.sock`);
  await new Promise<void>((done) => server.listen(path, done));
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => sockets.add(socket));
  open.push({
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
      rmSync(path, { force: true });
    },
  });
  return path;
}

const http = (handle: RequestListener): Promise<string> => listen(createHttp(handle));

/** A server that answers each whole request with the bytes that `answer` gives, written as `write` does. */
function raw(answer: (path: string) => string, write: (socket: Socket, text: string) => void): Promise<string> {
  return listen(
    createNet((socket) => {
      let read = "";
      socket.on("error", () => undefined);
      socket.on("data", (chunk) => {
        read += chunk.toString("latin1");
        for (let end = read.indexOf("\r\n\r\n"); end >= 0; end = read.indexOf("\r\n\r\n")) {
          const path = read.split(" ")[1] ?? "";
          read = read.slice(end + 4);
          write(socket, answer(path));
        }
      });
    }),
  );
}

describe("answers come to who asked", () => {
  it("whatever their length, framing and status, hundreds at once", async () => {
    const body = (path: string): string => `${path} ${"ä密🔑".repeat(Number(path.slice(1)) % 400)}`;
    const socket = await http((request, response) => {
      const { url = "" } = request;
      response.statusCode = Number(url.slice(1)) % 7 === 0 ? 404 : 200;
      // Every other one is chunked: no length is known when the header goes out.
      if (Number(url.slice(1)) % 2 === 0) response.write(body(url).slice(0, 3));
      response.end(Number(url.slice(1)) % 2 === 0 ? body(url).slice(3) : body(url));
    });
    const ask = pipelinedClient(socket);
    const paths = Array.from({ length: 500 }, (_, at) => `/${at}`);
    const answers = await Promise.all(paths.map((path) => ask(path)));
    expect(answers).toEqual(
      paths.map((path) => ({ status: Number(path.slice(1)) % 7 === 0 ? 404 : 200, body: body(path) })),
    );
  });

  it("of many megabytes", async () => {
    const large = "x".repeat(8 << 20);
    const socket = await http(
      (request, response) =>
        void (request.url === "/chunked" ? (response.write(large), response.end("!")) : response.end(large)),
    );
    const ask = pipelinedClient(socket);
    const [chunked, sized, small] = await Promise.all([ask("/chunked"), ask("/sized"), ask("/sized")]);
    expect([chunked.body.length, sized.body.length, small.body.length]).toEqual([
      large.length + 1,
      large.length,
      large.length,
    ]);
  });

  it("byte by byte, with interim answers, chunk extensions and trailers", async () => {
    const text =
      "HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\nA\r\n0123456789\r\n0\r\nx-trailer: y\r\n\r\n";
    const socket = await raw(
      () => text,
      (to, all) => {
        for (const char of all) to.write(char);
      },
    );
    const ask = pipelinedClient(socket);
    for (let turn = 0; turn < 6; turn++) expect(await ask("/")).toEqual({ status: 200, body: "abc0123456789" });
  });

  it("without a body", async () => {
    const socket = await raw(
      () => "HTTP/1.1 200 OK\r\n\r\n",
      (to, all) => void to.write(all),
    );
    expect(await pipelinedClient(socket)("/")).toEqual({ status: 200, body: "" });
  });
});

describe("connections that end", () => {
  it("after each answer, as the server says: the next ones are new", async () => {
    const socket = await raw(
      () => "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
      (to, all) => void to.end(all),
    );
    const ask = pipelinedClient(socket);
    for (let turn = 0; turn < 12; turn++) expect((await ask("/")).body).toBe("ok");
  });

  it("while idle, just as they are used again: the read is asked once more", async () => {
    const answered = new WeakMap<Socket, number>();
    const socket = await raw(
      () => "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
      (to, all) => {
        // The second request on a connection is dropped, as by a server that had just let go of it.
        answered.set(to, (answered.get(to) ?? 0) + 1);
        if (answered.get(to) === 2) to.destroy();
        else to.write(all);
      },
    );
    const ask = pipelinedClient(socket);
    for (let turn = 0; turn < 20; turn++) expect((await ask("/")).body).toBe("ok");
  });

  it.each([
    ["before any answer", (to: Socket): void => void to.destroy(), "ECONNRESET"],
    [
      "in the middle of one",
      (to: Socket): void => void to.end("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"),
      "ECONNRESET",
    ],
    ["with something that is not HTTP", (to: Socket): void => void to.end("SSH-2.0-x\r\n\r\n"), undefined],
  ])("%s: every waiting read fails", async (_what, write, code) => {
    const socket = await raw(() => "", write);
    const ask = pipelinedClient(socket);
    const results = await Promise.allSettled([ask("/a"), ask("/b"), ask("/c"), ask("/d"), ask("/e")]);
    expect(results.every((one) => one.status === "rejected")).toBe(true);
    expect((results[0] as PromiseRejectedResult).reason).toMatchObject(
      code === undefined ? { message: "not an HTTP answer" } : { code },
    );
  });

  it("that cannot be made say why", async () => {
    await expect(pipelinedClient(join(dir, "none.sock"))("/")).rejects.toMatchObject({ code: "ENOENT" });
  });
});
