import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { assert, asyncProperty, string } from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Secret } from "../../../src/model/secret.ts";
import { getValue, putValue, removeValue } from "../../../src/stores-kit/sops/index.ts";
import { BENT, fresh, realSops, type RealSops } from "./real.ts";

let real: RealSops;
beforeAll(async () => {
  real = await realSops();
});
afterAll(() => real?.remove());

describe("the real sops reads ours", () => {
  test("every value byte for byte, one by one and as a whole", async () => {
    const file = join(real.dir, "bent.sops.yaml");
    for (const [name, value] of Object.entries(BENT)) await real.put(file, [name], value);
    for (const [name, value] of Object.entries(BENT))
      expect(real.extract(file, name).equals(Buffer.from(value)), name).toBe(true);
    expect(real.whole(file)).toEqual(BENT);
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
    for (const name of names) await real.put(file, ["api", name], `v ${name}`);
    await real.put(file, ["web", "x"], "y");
    expect(real.whole(file)).toEqual({
      api: Object.fromEntries(names.map((name) => [name, `v ${name}`])),
      web: { x: "y" },
    });
    for (const name of names) expect(await real.get(file, ["api", name])).toBe(`v ${name}`);
  });

  test("any name and any text", async () => {
    const file = join(real.dir, "any.sops.yaml");
    const expected = new Map<string, string>();
    await assert(
      asyncProperty(
        string({ unit: "grapheme", minLength: 1, maxLength: 20 }),
        string({ unit: "grapheme", maxLength: 80 }),
        async (name, text) => {
          const there = await getValue(file, [name], real.keys);
          await putValue(file, [name], Secret.of(text), there?.version ?? null, real.keys);
          expected.set(name, text);
        },
      ),
      { numRuns: 60 },
    );
    // Own keys, whatever their name: `__proto__` too.
    expect(real.whole(file)).toEqual(Object.fromEntries(expected));
  });

  test("and edits ours: set, unset and edit; our mark stays, and is no value", async () => {
    const file = join(real.dir, "edited.sops.yaml");
    await real.put(file, ["A"], "a");
    await real.put(file, ["B"], "b");
    real.sops(["set", file, '["C"]', '"c"']);
    real.sops(["unset", file, '["A"]']);
    const editor = join(real.dir, "editor.sh");
    writeFileSync(editor, '#!/bin/sh\nsed -i "s/^B: b$/B: bb/" "$1"\n', { mode: 0o700 });
    real.sops(["edit", file], { EDITOR: editor });
    expect([await real.get(file, ["A"]), await real.get(file, ["B"]), await real.get(file, ["C"])]).toEqual([
      null,
      "bb",
      "c",
    ]);
    expect(real.whole(file)).toEqual({ B: "bb", C: "c" });
    expect(real.sops(["exec-env", file, "env"]).toString("utf8")).not.toMatch(/created by|^unsprawl/m);
    for (const name of ["B", "C"]) await removeValue(file, [name], () => true, real.keys);
    expect(await getValue(file, ["B"], real.keys)).toBe(null);
    expect(() => readFileSync(file)).toThrow(/ENOENT/);
  });

  test("ours after rotation and with a second recipient", async () => {
    const file = join(real.dir, "rotated.sops.yaml");
    const value = fresh();
    await real.put(file, ["A"], value);
    real.sops(["rotate", "-i", file]);
    expect((await getValue(file, ["A"], real.keys))?.value).toEqual(value);
    const other = await realSops();
    try {
      real.sops(["rotate", "-i", "--add-age", other.recipient, file]);
      expect((await getValue(file, ["A"], other.keys))?.value).toEqual(value);
      await putValue(file, ["B"], value, null, other.keys);
      expect(real.extract(file, "B").equals(value.expose())).toBe(true);
    } finally {
      other.remove();
    }
  });
});
