import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { UnsprawlError } from "../../../src/model/error.ts";
import { jsonPieces, parseBatch, type Batch, type Documents } from "../../../src/fast/documents/json-batches.ts";
import { malformedError, type JsonStreamFault } from "../../../src/fast/documents/json-stream.ts";

async function* chunks(parts: readonly (Buffer | string)[]): AsyncGenerator<Buffer | string> {
  yield* parts;
}

type Read = { readonly documents: unknown[]; readonly broken: JsonStreamFault | null; readonly empty: boolean };

/** As who hands batches out does: with care from the first one that cannot be parsed. `lag` are handed out before. */
async function readWith(bytes: AsyncIterable<Buffer | string>, lag: number): Promise<Read> {
  const documents: unknown[] = [];
  const breaks: JsonStreamFault[] = [];
  const open: Batch[] = [];
  let [careful, empty] = [false, false];
  const take = (read: Documents): void => {
    documents.push(...read.documents);
    if (read.broken !== null) breaks.push(read.broken);
  };
  const parsed = ({ whole, bytes, first }: Batch): readonly object[] | null =>
    whole ? parseBatch(bytes, first) : null;
  const settle = (most: number): void => {
    while (open.length > (careful ? 0 : most)) {
      const batch = open.shift() as Batch;
      const good = careful ? null : parsed(batch);
      careful ||= good === null;
      if (good !== null) documents.push(...good);
      else take(batch.slowly());
    }
  };
  for await (const piece of jsonPieces(bytes)) {
    if (piece.kind === "batch") {
      open.push(piece.batch);
      batches++;
      // One that is known not to be whole is read, and all before it, before anything else is asked for.
      settle(piece.batch.whole ? lag : 0);
    } else {
      settle(0);
      if (piece.kind === "empty") empty = true;
      else take(piece.read);
    }
  }
  settle(0);
  expect(breaks.length).toBeLessThan(2);
  return { documents, broken: breaks[0] ?? null, empty };
}

let batches = 0;

/** However long batches wait for those who parse them. */
async function readAll(parts: readonly (Buffer | string)[]): Promise<Read> {
  const [at, later, last] = await Promise.allSettled([0, 3, 1000].map((lag) => readWith(chunks(parts), lag)));
  expect(later).toEqual(at);
  expect(last).toEqual(at);
  if (at?.status !== "fulfilled") throw at?.reason;
  return at.value;
}

async function read(parts: readonly (Buffer | string)[]): Promise<unknown[]> {
  const { documents: all, broken } = await readAll(parts);
  expect(broken).toBeNull();
  return all;
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
/** How `docker inspect` prints an array. */
const printed = (all: readonly object[]): string => `${JSON.stringify(all, null, 4)}\n`;
const halves = (all: readonly object[]): [object[], object[]] => [
  all.slice(0, all.length >> 1),
  all.slice(all.length >> 1),
];
const inPieces = (text: string, size: number): string[] =>
  Array.from({ length: Math.ceil(text.length / size) }, (_, at) => text.slice(at * size, (at + 1) * size));
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
    ["an array an element, as the client prints it", (all) => all.map((one) => printed([one])).join("")],
    ["arrays as the client prints them", (all) => halves(all).map(printed).join("")],
    [
      "arrays as the client prints them, with CRLF",
      (all) => halves(all).map(printed).join("").replaceAll("\n", "\r\n"),
    ],
    [
      "arrays on one line",
      (all) =>
        halves(all)
          .map((half) => JSON.stringify(half))
          .join(""),
    ],
    ["an array in one layout, then one in another", (all) => printed(halves(all)[0]) + JSON.stringify(halves(all)[1])],
    ["the other way round", (all) => JSON.stringify(halves(all)[0]) + printed(halves(all)[1])],
    [
      "an array, then objects",
      (all) =>
        printed(halves(all)[0]) +
        halves(all)[1]
          .map((one) => JSON.stringify(one))
          .join("\n"),
    ],
    [
      "objects, then an array",
      (all) =>
        halves(all)[0]
          .map((one) => JSON.stringify(one))
          .join("\n") + printed(halves(all)[1]),
    ],
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

test("several arrays as the client prints them are handed out in batches too", async () => {
  batches = 0;
  const all = Array.from({ length: 30 }, (_, at) => ({ Id: String(at), Config: { Env: ["A=1"], Labels: {} } }));
  const text = [all.slice(0, 10), [], all.slice(10, 11), all.slice(11)].map(printed).join("");
  expect(await read([text.replace("[]\n", "")])).toEqual(all);
  // Each array's, three times over, and what stands behind the last.
  expect(batches).toBe(12);
  expect(await read([text])).toEqual(all);
});

test("a bracket that stands under its element's first, but inside of it, does not mislead", async () => {
  const odd = `[\n    {\n"a": {"b": 1\n    },\n"c": 2\n    },\n    {\n"d": {\n    },\n"e": [{\n    }\n]\n    }\n]\n`;
  const expected = [
    { a: { b: 1 }, c: 2 },
    { d: {}, e: [{}] },
  ];
  for (let size = 1; size <= odd.length; size++) {
    expect(await read(inPieces(odd, size))).toEqual(expected);
  }
});

test("nothing, or white space alone, holds no document", async () => {
  expect(await read([])).toEqual([]);
  expect(await read([" \n\t\r\n"])).toEqual([]);
  expect(await read(["[]"])).toEqual([]);
  expect(await read(["[]\n[]"])).toEqual([]);
  const empty = async (text: string): Promise<boolean> => (await readAll([text])).empty;
  expect(await Promise.all(["", "\ufeff \n", "[]", "{}"].map(empty))).toEqual([true, true, false, false]);
});

/** What is said of an input that cannot be read to its end; thrown when nothing of it can be read. */
async function failure(parts: readonly (Buffer | string)[]): Promise<UnsprawlError> {
  const outcome: unknown = await readAll(parts).catch((thrown: unknown) => thrown);
  if (outcome instanceof UnsprawlError) return outcome;
  const { documents: all, broken } = outcome as Read;
  expect(all).not.toEqual([]);
  expect(broken).not.toBeNull();
  return malformedError(broken as JsonStreamFault);
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
    ["text after a second array", `[{"a":1}]\n[{"a":2}]\n${value}`],
    ["a second bracket", `[{"a":1}]]"${value}"`],
    ["an array in the array", `[{"a":1},["${value}"]]`],
    ["a number behind an element", `[\n    {\n    }\n5,\n    {\n    },"${value}"\n]`],
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

test("what stands before the broken place is read, and nothing behind it", async () => {
  const all = Array.from({ length: 40 }, (_, at) => ({ Id: String(at), Config: { Env: ["A=1"], Labels: {} } }));
  for (const [text, layout] of [
    [printed(all), "the client's"],
    [all.map((one) => printed([one])).join(""), "many arrays"],
    [all.map((one) => JSON.stringify(one)).join("\n"), "one a line"],
    [JSON.stringify(all), "one line"],
  ] as const) {
    const at = text.indexOf('"30"');
    const broken = `${text.slice(0, at)}!${text.slice(at)}`;
    for (const size of [37, 300, 5000]) {
      const outcome = await readAll(inPieces(broken, size));
      expect(outcome.documents, layout).toEqual(all.slice(0, 30));
      expect(outcome.broken?.what).toBe("is not JSON");
      expect(outcome.broken?.at).toBeGreaterThanOrEqual(at);
      expect(outcome.broken?.at).toBeLessThan(at + 200);
      const torn = await readAll(inPieces(text.slice(0, at), size));
      expect(torn).toEqual({ documents: all.slice(0, 30), broken: { what: "ends midway", at }, empty: false });
    }
  }
});

test("the place is told in characters, whatever their bytes, and for bytes that are none", async () => {
  const all = Array.from({ length: 40 }, (_, at) => ({ Id: String(at), Note: `é…日本😀${"x".repeat(at * 9)}` }));
  const text = printed(all);
  const at = text.indexOf('"30"');
  const cuts = Array.from({ length: 12 }, (_, index) => index * 331);
  const torn = { broken: { what: "ends midway", at }, empty: false };
  expect(await readAll(cut(text.slice(0, at), cuts))).toEqual({ documents: all.slice(0, 30), ...torn });
  // Such a byte is read as one character.
  const bytes = Buffer.from(text.slice(0, at).replace("日", "!"));
  bytes.set([0xff], bytes.indexOf("!"));
  const { documents: read, broken } = await readAll([bytes.subarray(0, 2000), bytes.subarray(2000)]);
  expect([read.length, broken]).toEqual([30, torn.broken]);
});

test.each([
  ["alone", ""],
  ["behind another", '{"a":1}\n'],
  ["behind another in an array", '[\n    {\n        "a": 1\n    },\n    '],
])("a document of more than 64 Mi characters is refused by its place, not held: %s", async (_what, before) => {
  const part = " ".repeat(1 << 20);
  let parts = 0;
  async function* endless(): AsyncGenerator<string> {
    yield `${before}{"a":1`;
    for (; ; parts++) yield part;
  }
  const outcome: unknown = await readWith(endless(), 0).catch((thrown: unknown) => thrown);
  expect(parts).toBeLessThan(70);
  const where = { what: expect.stringContaining("more than 64 Mi") as string, at: before.length };
  if (before === "")
    expect(outcome).toMatchObject({ code: "malformed", message: expect.stringContaining("character 0") as string });
  else expect(outcome).toEqual({ documents: [{ a: 1 }], broken: where, empty: false });
});
