import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { UnsprawlError } from "../../src/model/error.ts";
import { jsonPieces, parseBatch, type Batch } from "../../src/text/json-batches.ts";

async function* chunks(parts: readonly (Buffer | string)[]): AsyncGenerator<Buffer | string> {
  yield* parts;
}

/** As who hands batches out does: with care from the first one that cannot be parsed. `lag` are handed out before. */
async function documentsOf(bytes: AsyncIterable<Buffer | string>, lag: number): Promise<unknown[]> {
  const documents: unknown[] = [];
  const open: Batch[] = [];
  let careful = false;
  const settle = (most: number): void => {
    while (open.length > most) {
      const { text, first, slowly } = open.shift() as Batch;
      const parsed = careful ? null : parseBatch(text, first);
      careful ||= parsed === null;
      documents.push(...(parsed ?? slowly()));
    }
  };
  for await (const piece of jsonPieces(bytes)) {
    if (piece.kind === "batch") {
      open.push(piece.batch);
      batches++;
      // A batch that cannot be read is known before anything else is asked for.
      settle(open.some(({ text, first }) => parseBatch(text, first) === null) ? 0 : lag);
    } else {
      settle(0);
      documents.push(...piece.documents);
    }
  }
  settle(0);
  return documents;
}

let batches = 0;

async function read(parts: readonly (Buffer | string)[]): Promise<unknown[]> {
  const [at, later] = await Promise.allSettled([documentsOf(chunks(parts), 0), documentsOf(chunks(parts), 3)]);
  if (at.status === "rejected") throw at.reason;
  expect(later).toEqual(at);
  return at.value;
}

/** The same bytes, cut anywhere: inside characters, escapes and numbers. */
function cut(text: string, cuts: readonly number[]): Buffer[] {
  const bytes = Buffer.from(text);
  const at = [...new Set(cuts.map((one) => one % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...at].map((from, index) => bytes.subarray(from, at[index] ?? bytes.length));
}

const documents = fc.array(
  fc.dictionary(fc.string({ unit: "grapheme", maxLength: 6 }), fc.jsonValue({ stringUnit: "grapheme" }), {
    maxKeys: 4,
  }),
  { maxLength: 6 },
);
const cuts = fc.array(fc.nat(100_000), { maxLength: 30 });

describe("documents come out as they went in, wherever the stream is cut", () => {
  test.each<[form: string, write: (all: readonly object[]) => string]>([
    ["an array", (all) => JSON.stringify(all)],
    ["an indented array", (all) => `\n ${JSON.stringify(all, null, 2)}\r\n`],
    ["as the engine's client prints it", (all) => `${JSON.stringify(all, null, 4)}\n`],
    ["an element a line", (all) => `[\n${all.map((one) => JSON.stringify(one)).join(",\r\n")}\n]`],
    ["one a line", (all) => all.map((one) => `${JSON.stringify(one)}\n`).join("")],
    ["one after the other", (all) => all.map((one) => JSON.stringify(one)).join("")],
    ["indented, one after the other", (all) => all.map((one) => JSON.stringify(one, null, 4)).join("\n\n")],
    ["with a byte order mark", (all) => `\ufeff${JSON.stringify(all)}`],
  ])("%s", async (_form, write) => {
    await fc.assert(
      fc.asyncProperty(documents, cuts, async (all, at) => {
        // Through JSON, since __proto__ and -0 do not survive it.
        const expected: unknown = JSON.parse(JSON.stringify(all));
        expect(await read(cut(write(all), at))).toEqual(expected);
      }),
    );
  });
});

test("input as the engine's client prints it is handed out in batches", async () => {
  batches = 0;
  const all = Array.from({ length: 50 }, (_, at) => ({ Id: String(at), Config: { Env: ["A=1"] } }));
  const text = `${JSON.stringify(all, null, 4)}\n`;
  const parts = Array.from({ length: 20 }, (_, at) =>
    text.slice((text.length / 20) * at, (text.length / 20) * (at + 1)),
  );
  expect(await read(parts)).toEqual(all);
  expect(batches).toBeGreaterThan(20);
});

test("a bracket that stands under its element's first, but inside of it, does not mislead", async () => {
  const odd = `[\n    {\n"a": {"b": 1\n    },\n"c": 2\n    },\n    {\n"d": {\n    },\n"e": [{\n    }\n]\n    }\n]\n`;
  const expected = [
    { a: { b: 1 }, c: 2 },
    { d: {}, e: [{}] },
  ];
  for (let size = 1; size <= odd.length; size++) {
    const parts = Array.from({ length: Math.ceil(odd.length / size) }, (_, at) =>
      odd.slice(at * size, (at + 1) * size),
    );
    expect(await read(parts)).toEqual(expected);
  }
});

test("nothing, or white space alone, holds no document", async () => {
  expect(await read([])).toEqual([]);
  expect(await read([" \n\t\r\n"])).toEqual([]);
  expect(await read(["[]"])).toEqual([]);
});

async function failure(parts: readonly (Buffer | string)[]): Promise<UnsprawlError> {
  const error: unknown = await read(parts).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UnsprawlError);
  return error as UnsprawlError;
}

describe("what is no JSON is malformed, and is not quoted", () => {
  const value = randomBytes(18).toString("base64url");

  test.each([
    ["text", value],
    ["a torn object", `{"a":"${value}"`],
    ["a torn string", `{"a":"${value}`],
    ["a torn array", `[{"a":"${value}"}`],
    ["an array that ends in a comma and the input's end", `[{"a":"${value}"},`],
    ["a string at the top", `"${value}"`],
    ["a number in the array", `[1, {"a":"${value}"}]`],
    ["text after the array", `[{"a":1}] ${value}`],
    ["a document after the array", `[{"a":1}]{"a":"${value}"}`],
    ["an array after a document", `{"a":1}["${value}"]`],
    ["single quotes", `{'a':'${value}'}`],
    ["a bare word", `{"a":${value}}`],
    ["closing brackets that do not match", `{"a":["${value}"}]`],
    ["a comment", `{"a":1} // ${value}`],
    ["a comma between lines", `{"a":1},{"a":"${value}"}`],
    ["two commas", `[{"a":1},,{"a":"${value}"}]`],
    ["a comma before the array's end", `[{"a":"${value}"},]`],
    ["a comma first", `[,{"a":"${value}"}]`],
    ["no comma", `[{"a":1}{"a":"${value}"}]`],
    ["control characters in a string", `{"a":"\u0001${value}"}`],
  ])("%s", async (_what, text) => {
    const error = await failure([text]);
    expect(error.code).toBe("malformed");
    expect(error.message).toMatch(/character \d+/);
    expect(`${error.message} ${error.hint ?? ""} ${String(error.cause)}`).not.toContain(value.slice(0, 4));
    expect(error.stack).not.toContain(value.slice(0, 4));
  });

  test("every true beginning of an array is torn", async () => {
    const whole = JSON.stringify([{ a: 'x\\"é' }, { b: [1, {}] }]);
    for (let length = 1; length < whole.length; length++)
      expect((await failure([whole.slice(0, length)])).code).toBe("malformed");
  });

  test("the position is of the whole input, not of the chunk", async () => {
    expect((await failure(['{"a":1}\n', "    !"])).message).toContain("character 12");
  });
});

test("a document of more than 64 Mi characters is refused, not held", async () => {
  const part = " ".repeat(1 << 20);
  async function* endless(): AsyncGenerator<string> {
    yield '{"a":1';
    for (;;) yield part;
  }
  const reading = (async () => {
    for await (const _ of jsonPieces(endless()));
  })();
  await expect(reading).rejects.toMatchObject({
    code: "malformed",
    message: expect.stringContaining("too large") as string,
  });
});
