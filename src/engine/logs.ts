import type { Readable } from "node:stream";
import type { Engine } from "./engine.ts";

/** A piece of a container's log. Without a terminal, `stream` is the stream it was written to. */
export type LogChunk = { readonly stream: "output" | "error"; readonly bytes: Buffer; readonly begins: boolean };

/**
 * A container's log as the engine kept it, the last `tail` lines or all of it, streamed; null if the container is gone.
 * `begins` is true for the first piece of an entry. Ends when `signal` aborts. Throws like `Engine.call`.
 */
export async function openLog(
  engine: Engine,
  id: string,
  { tty, tail, signal }: { readonly tty: boolean; readonly tail: number | null; readonly signal: AbortSignal },
): Promise<AsyncIterable<LogChunk> | null> {
  const stream = await engine.call(`log of ${id.slice(0, 12)}`, async () => dial(engine, id, tail, signal));
  if (stream === null) return null;
  return tty ? whole(stream) : frames(stream);
}

type Modem = {
  dial(options: object, done: (error: Error | null, stream: Readable) => void): void;
};

/** Not dockerode's `logs`, which collects the whole log before returning. */
async function dial(engine: Engine, id: string, tail: number | null, signal: AbortSignal): Promise<Readable> {
  const modem = (await engine.docker()).modem as Modem;
  return new Promise((done, fail) => {
    const options = {
      path: `/containers/${encodeURIComponent(id)}/logs?`,
      method: "GET",
      isStream: true,
      abortSignal: signal,
      statusCodes: { 200: true, 404: "no such container", 500: "server error" },
      options: { stdout: true, stderr: true, tail: tail === null ? "all" : String(tail) },
    };
    modem.dial(options, (error, stream) => (error ? fail(error) : done(stream)));
  });
}

async function* whole(stream: Readable): AsyncGenerator<LogChunk> {
  for await (const chunk of stream) yield { stream: "output", bytes: chunk as Buffer, begins: true };
}

/**
 * Splits the stream into entries: one byte for the stream, three zero bytes, four bytes for the length (Engine API,
 * ContainerAttach).
 */
async function* frames(stream: Readable): AsyncGenerator<LogChunk> {
  let header = Buffer.alloc(0);
  let [left, error] = [0, false];
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    let at = 0;
    while (at < chunk.length) {
      if (left === 0) {
        const part = chunk.subarray(at, at + 8 - header.length);
        at += part.length;
        header = Buffer.concat([header, part]);
        if (header.length < 8) break;
        error = header[0] === 2;
        left = header.readUInt32BE(4);
        yield { stream: error ? "error" : "output", bytes: Buffer.alloc(0), begins: true };
        header = Buffer.alloc(0);
        continue;
      }
      const bytes = chunk.subarray(at, at + left);
      at += bytes.length;
      left -= bytes.length;
      yield { stream: error ? "error" : "output", bytes, begins: false };
    }
  }
}
