import { once } from "node:events";
import { PassThrough, Readable, Writable } from "node:stream";
import { describe, expect, test } from "vitest";
import { classifyStream } from "../../src/core/classify.ts";
import { detector, kit } from "../../src/detect/index.ts";

const make = kit(7);

async function run(
  input: Readable | AsyncIterable<Buffer>,
): Promise<{ rows: Record<string, unknown>[]; lines: number; bad: number }> {
  let text = "";
  const output = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString();
      done();
    },
  });
  const counts = await classifyStream(input, output, detector);
  const rows = text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { rows, ...counts };
}

const of = (...lines: readonly (string | object)[]): Readable =>
  Readable.from([
    Buffer.from(lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line))).join("\n")),
  ]);

describe("classifyStream", () => {
  test("answers in the order asked, with the fields of the contract", async () => {
    const { rows, lines, bad } = await run(
      of(
        { id: "a", where: "env", name: "DB_PASSWORD", value: "hunter2" },
        { id: 2, where: "image-env", name: "LANG", value: "C.UTF-8" },
        { name: "X", value: "" },
      ),
    );
    expect({ lines, bad }).toEqual({ lines: 3, bad: 0 });
    expect(rows.map((row) => [row["id"], row["secret"]])).toEqual([
      ["a", true],
      [2, false],
      [null, false],
    ]);
    for (const row of rows) expect(Object.keys(row)).toEqual(["id", "secret", "confidence", "score", "rule", "why"]);
  });

  test("answers each line before it waits for the next, over an input that stays open", async () => {
    const [input, output] = [new PassThrough(), new PassThrough()];
    const done = classifyStream(input, output, detector);
    for (const id of [1, 2, 3]) {
      input.write(`${JSON.stringify({ id, name: "DB_PASSWORD", value: "hunter2" })}\n`);
      const [answer] = (await once(output, "data")) as [Buffer];
      expect(JSON.parse(answer.toString())).toMatchObject({ id, secret: true });
    }
    input.end();
    expect(await done).toEqual({ lines: 3, bad: 0 });
  });

  test("calls low confidence no secret", async () => {
    const { rows } = await run(of({ id: 1, name: "THING", value: make.base62(40) }));
    expect(rows[0]).toMatchObject({ secret: false, confidence: "low", rule: "high-entropy" });
  });

  test("answers a bad line with its number and never with its text", async () => {
    const secret = make.base62(20);
    const { rows, bad } = await run(
      of(
        `{"name":"A","value":"${secret}"`,
        "[]",
        "7",
        { name: "A" },
        { value: secret },
        { name: 1, value: secret },
        { name: "A", value: "b", where: secret },
        { name: "A", value: "b", id: {} },
        { name: "A", value: "b" },
      ),
    );
    expect(bad).toBe(8);
    expect(rows.map((row) => row["line"] ?? null)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, null]);
    expect(JSON.stringify(rows)).not.toContain(secret);
    for (const row of rows.slice(0, 8)) expect(Object.keys(row)).toEqual(["line", "error"]);
  });

  test("reads lines across chunks, CRLF, blank lines and a last line without an end", async () => {
    const bytes = Buffer.from('{"id":1,"name":"Ä_PASSWORD","value":"ü1"}\r\n\n  \n{"id":2,"name":"A","value":"b"}');
    const pieces = Array.from(bytes, (byte) => Buffer.from([byte]));
    const { rows, lines, bad } = await run(Readable.from(pieces));
    expect(rows.map((row) => [row["id"], row["secret"]])).toEqual([
      [1, true],
      [2, false],
    ]);
    expect({ lines, bad }).toEqual({ lines: 4, bad: 0 });
  });

  test("passes over a line of more than 4 MiB in constant memory", async () => {
    async function* long(): AsyncGenerator<Buffer> {
      yield Buffer.from('{"id":1,"name":"A","value":"b"}\n{"id":2,"name":"A","value":"');
      for (let at = 0; at < 640; at++) yield Buffer.alloc(65_536, 97);
      yield Buffer.from('"}\n{"id":3,"name":"A","value":"b"}\n');
    }
    const before = process.memoryUsage().arrayBuffers;
    const { rows, bad } = await run(long());
    expect(rows.map((row) => row["id"] ?? row["line"])).toEqual([1, 2, 3]);
    expect(bad).toBe(1);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(48 << 20);
  });

  test("waits while the output is full", async () => {
    const output = new PassThrough({ highWaterMark: 1024 });
    let asked = 0;
    async function* many(): AsyncGenerator<Buffer> {
      for (; asked < 20_000; asked++) yield Buffer.from('{"id":1,"name":"LOG_LEVEL","value":"info"}\n');
    }
    const done = classifyStream(many(), output, detector);
    await new Promise((resolve) => setTimeout(resolve, 200));
    const held = asked;
    expect(held).toBeLessThan(5000);
    let size = 0;
    output.on("data", (chunk: Buffer) => (size += chunk.length));
    expect(await done).toEqual({ lines: 20_000, bad: 0 });
    expect(size).toBeGreaterThan(1 << 20);
  });

  test("nothing in, nothing out", async () => {
    expect(await run(Readable.from([]))).toEqual({ rows: [], lines: 0, bad: 0 });
  });
});
