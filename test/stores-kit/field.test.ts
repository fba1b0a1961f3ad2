import { expect, test } from "vitest";
import { Secret } from "../../src/model/secret.ts";
import { fieldOf } from "../../src/stores-kit/field.ts";

const read = async (text: string, field: string): Promise<string | undefined> =>
  (await fieldOf(Secret.of(text), { path: "doc", field }))?.exposeText();

const YAML = `pin: 007
price: 1.10
big: 12345678901234567890
yes: Yes
"quoted": "a\\u00fcb"
block: |
  one
  two
none: ~
base: &base { user: me, port: 0x10 }
copy: *base
merged: { <<: *base, port: 2 }
0x10: sixteen
`;

test("a field of YAML is the text that the document has", async () => {
  const found = ["pin", "price", "big", "yes", "quoted", "block", "none", "copy/port", "merged/user", "merged/port"];
  expect(await Promise.all(found.map((field) => read(YAML, field)))).toEqual([
    ...["007", "1.10", "12345678901234567890", "Yes", "aüb", "one\ntwo\n", undefined, "0x10", "me", "2"],
  ]);
  expect(await read(YAML, "0x10")).toBe("sixteen");
  expect(await read(YAML, "16")).toBe(undefined);
  expect(await read(YAML, "pin/more")).toBe(undefined);
  expect(await read(YAML, "__proto__")).toBe(undefined);
});

test("a field of JSON is its text, and its numbers are not rounded, however deep", async () => {
  const text = `{\n\t"pin": 12345678901234567890, "rate": 1.10, "on": true, "db": { "of": [1.0, { "n": 1e400 }] } }`;
  expect(await read(text, "pin")).toBe("12345678901234567890");
  expect(await read(text, "rate")).toBe("1.10");
  expect(await read(text, "on")).toBe("true");
  expect(await read(text, "db/of")).toBe('[1.0,{"n":1e400}]');
  expect(await read(text, "pin/rawJSON")).toBe(undefined);
});

test("what has no fields, or more than a value, says so and is not quoted", async () => {
  const secret = "s3cr3t-word";
  for (const text of [secret, `"${secret}"`, `[${secret}]`, `a: 1\n---\nb: ${secret}\n`, `a: "${secret}`, ""]) {
    const error = await fieldOf(Secret.of(text), { path: "doc", field: "a" }).catch((reason: unknown) => reason);
    expect(error, text).toMatchObject({ code: "malformed", hint: "leave '#/a' out of the reference" });
    expect(JSON.stringify(error), text).not.toContain(secret);
  }
  await expect(fieldOf(Secret.of(YAML), { path: "doc", field: "base" })).rejects.toMatchObject({
    message: "doc has more than a value at base",
  });
});

test("a document made to grow does not", async () => {
  const nested = `${"? ".repeat(20_000)}a\n`;
  const bomb = `a: &a0 x\n${Array.from({ length: 40 }, (_, at) => `b${at}: &a${at + 1} [*a${at}, *a${at}]`).join("\n")}\n`;
  await expect(fieldOf(Secret.of(nested), { path: "doc", field: "a" })).rejects.toMatchObject({ code: "malformed" });
  await expect(fieldOf(Secret.of(bomb), { path: "doc", field: "b39" })).rejects.toMatchObject({ code: "malformed" });
  expect(await read(bomb, "a")).toBe("x");
});
