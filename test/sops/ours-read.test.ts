import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { parse } from "yaml";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Secret } from "../../src/model/secret.ts";
import { getValue, putValue, removeValue } from "../../src/sops/index.ts";
import { realSops, type RealSops } from "./real.ts";

let real: RealSops;
beforeAll(async () => {
  real = await realSops();
});
afterAll(() => real.remove());

const fresh = (): Secret => Secret.of(randomBytes(15).toString("base64"));
const put = (file: string, path: readonly string[], value: string | Secret): Promise<string> =>
  putValue(file, path, typeof value === "string" ? Secret.of(value) : value, null, real.keys);
const get = async (file: string, path: readonly string[]): Promise<string | null> =>
  (await getValue(file, path, real.keys))?.value.expose().toString("utf8") ?? null;
/** One value as the real sops gives it out, raw. */
const extract = (file: string, ...path: string[]): Buffer =>
  real.sops(["decrypt", "--extract", path.map((key) => `[${JSON.stringify(key)}]`).join(""), file]);
const whole = (file: string): unknown =>
  JSON.parse(real.sops(["decrypt", "--output-type", "json", file]).toString("utf8"));

describe("the real sops reads ours", () => {
  const bent: { readonly [name: string]: string } = {
    EMPTY: "",
    NEWLINE: "\n",
    AROUND: "\n\n  a\n\nb \n\n",
    CR: "a\r\nb\rc\r\n",
    DOLLAR: "$HOME $$ ${X} $(id) `id`",
    QUOTES: `'"'''"""\\"\\n`,
    WORD: "null",
    OCTAL: "0440",
    DOCUMENT: "---\na: &x [1, *x]\n# no comment\n...\n",
    CIPHER: "ENC[AES256_GCM,data:eA==,iv:eA==,tag:eA==,type:str]",
    UNICODE: "äöü 密码 🔑 \u202e \u2028 e\u0301",
    LARGE: "x$\n".repeat(21846).slice(0, 65536),
  };
  test("every value byte for byte, one by one and as a whole", async () => {
    const file = join(real.dir, "bent.sops.yaml");
    for (const [name, value] of Object.entries(bent)) await put(file, [name], value);
    for (const [name, value] of Object.entries(bent))
      expect(extract(file, name).equals(Buffer.from(value)), name).toBe(true);
    expect(whole(file)).toEqual(bent);
  });

  test("nested values, and names that YAML would take for something else", async () => {
    const file = join(real.dir, "nested.sops.yaml");
    const names = [
      "A/B",
      "A.B",
      "A B",
      "größe",
      "密码",
      "true",
      "no",
      "null",
      "1",
      "1.5",
      "~",
      "a: b",
      "#x",
      "- x",
      "'",
      '"',
      "\\",
      "\u2028",
      "\t",
      "🔑",
      "<<",
      "?",
      "&a",
      "*a",
      "2020-01-01",
      ":",
    ];
    for (const name of names) await put(file, ["api", name], `v ${name}`);
    await put(file, ["web", "x"], "y");
    expect(whole(file)).toEqual({ api: Object.fromEntries(names.map((name) => [name, `v ${name}`])), web: { x: "y" } });
    for (const name of names) expect(await get(file, ["api", name])).toBe(`v ${name}`);
  });

  test("any name and any text", async () => {
    const file = join(real.dir, "any.sops.yaml");
    const expected: { [name: string]: string } = {};
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }),
        fc.string({ unit: "grapheme", maxLength: 80 }),
        async (name, text) => {
          const there = await getValue(file, [name], real.keys);
          await putValue(file, [name], Secret.of(text), there?.version ?? null, real.keys);
          expected[name] = text;
        },
      ),
      { numRuns: 60 },
    );
    expect(whole(file)).toEqual(expected);
  });

  test("and edits ours: set, unset and edit; our mark stays, and is no value", async () => {
    const file = join(real.dir, "edited.sops.yaml");
    await put(file, ["A"], "a");
    await put(file, ["B"], "b");
    real.sops(["set", file, '["C"]', '"c"']);
    real.sops(["unset", file, '["A"]']);
    const editor = join(real.dir, "editor.sh");
    writeFileSync(editor, '#!/bin/sh\nsed -i "s/^B: b$/B: bb/" "$1"\n', { mode: 0o700 });
    real.sops(["edit", file], { EDITOR: editor });
    expect([await get(file, ["A"]), await get(file, ["B"]), await get(file, ["C"])]).toEqual([null, "bb", "c"]);
    expect(whole(file)).toEqual({ B: "bb", C: "c" });
    expect(real.sops(["exec-env", file, "env"]).toString("utf8")).not.toMatch(/created by|^unsprawl/m);
    for (const name of ["B", "C"]) await removeValue(file, [name], () => true, real.keys);
    expect(await getValue(file, ["B"], real.keys)).toBe(null);
    expect(() => readFileSync(file)).toThrow(/ENOENT/);
  });

  test("ours after rotation and with a second recipient", async () => {
    const file = join(real.dir, "rotated.sops.yaml");
    const value = fresh();
    await put(file, ["A"], value);
    real.sops(["rotate", "-i", file]);
    expect((await getValue(file, ["A"], real.keys))?.value).toEqual(value);
    const other = await realSops();
    try {
      real.sops(["rotate", "-i", "--add-age", other.recipient, file]);
      expect((await getValue(file, ["A"], other.keys))?.value).toEqual(value);
      await putValue(file, ["B"], value, null, other.keys);
      expect(extract(file, "B").equals(value.expose())).toBe(true);
    } finally {
      other.remove();
    }
  });
});
