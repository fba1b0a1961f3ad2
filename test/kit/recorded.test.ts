import * as v from "valibot";
import { expect, it } from "vitest";
import { parseRecord, recordedByName } from "../../src/kit/recorded.ts";

const SCHEMA = v.object({
  ...{ id: v.string(), running: v.boolean(), deleted: v.exactOptional(v.boolean()), at: recordedByName(v.number()) },
  ...{ health: v.picklist(["none", "CMD"]), parts: v.array(v.object({ name: v.string() })) },
});
type Noted = v.InferOutput<typeof SCHEMA>;
const NOTED: Noted = { id: "1f", running: true, at: { A: 0 }, health: "CMD", parts: [{ name: "web" }] };

const read = (data: object | null): Noted | null => parseRecord({ last: () => data }, "recreate:web/create", SCHEMA);

it.each([
  ["all of its parts", NOTED],
  ["a part that may be absent", { ...NOTED, deleted: false }],
])("data with %s is read as it is", (_, data) => {
  expect(read(data)).toEqual(data);
});

it("a part that a later version adds is passed over", () => {
  expect(read({ ...NOTED, more: 1 })).toEqual(NOTED);
});

it("nothing was noted: null", () => {
  expect(read(null)).toBeNull();
});

it.each<[part: string, data: object]>([
  ["id", {}],
  ["running", { ...NOTED, running: "yes" }],
  ["deleted", { ...NOTED, deleted: null }],
  ["at", { ...NOTED, at: [0] }],
  ["at", { ...NOTED, at: { A: "0" } }],
  ["health", { ...NOTED, health: "toString" }],
  ["parts", { ...NOTED, parts: [{}] }],
  ["parts", { ...NOTED, parts: [null] }],
])("%s in another form is malformed, and named", (part, data) => {
  expect(() => read(data)).toThrow(
    expect.objectContaining({
      code: "malformed",
      message: expect.stringContaining(`recreate:web/create has ${part} `) as string,
    }),
  );
});
