import { expect, it } from "vitest";
import {
  isFlag,
  isList,
  isMap,
  isNumber,
  isOneOf,
  isRecord,
  isText,
  orAbsent,
  recorded,
  type RecordForm,
} from "../../src/kit/recorded.ts";

type Noted = {
  readonly id: string;
  readonly running: boolean;
  readonly deleted?: boolean;
  readonly at: { readonly [name: string]: number };
  readonly health: "none" | "CMD";
  readonly parts: readonly { readonly name: string }[];
};
const PART: RecordForm<{ readonly name: string }> = { name: isText };
const FORM: RecordForm<Noted> = {
  ...{ id: isText, running: isFlag, deleted: orAbsent(isFlag), at: isMap(isNumber) },
  ...{ health: isOneOf("none", "CMD"), parts: isList(isRecord(PART)) },
};
const NOTED: Noted = { id: "1f", running: true, at: { A: 0 }, health: "CMD", parts: [{ name: "web" }] };

const read = (data: object | null): Noted | null => recorded({ last: () => data }, "recreate:web/create", FORM);

it.each([
  ["all of its parts", NOTED],
  ["a part that may be absent", { ...NOTED, deleted: false }],
  ["a part that a later version adds", { ...NOTED, more: 1 }],
])("data with %s is read as it is", (_, data) => {
  expect(read(data)).toBe(data);
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
