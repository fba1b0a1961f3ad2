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

const SAMPLE = `{
	"text": "hello <&> é",
	"empty": "",
	"nothing": null,
	"int": 42,
	"float": 3.140,
	"exponent": 1.5e30,
	"small": 1e-7,
	"minus_zero": -0,
	"big": 123456789012345678901234567890,
	"flag": true,
	"nested": {
		"deep": { "key": "value" },
		"list": ["one", 2, {"name": "three"}, [false, null]],
		"none": {}
	},
	"number_unencrypted": 12.50,
	"large_unencrypted": 1e21,
	"zero_unencrypted": -0.0,
	"flag_unencrypted": false,
	"nothing_unencrypted": null,
	"map_unencrypted": {"a": 1, "b": ["x", 2, 1e3]}
}
`;
const WITHOUT_SEAL = /^(\s*"(?:mac|lastmodified)": ).*/gm;

describe("the real sops reads our JSON", () => {
  test("every value byte for byte, one by one and as a whole, in the form that sops writes", async () => {
    const file = join(real.dir, "bent.sops.json");
    for (const [name, value] of Object.entries(BENT)) await real.put(file, [name], value);
    for (const [name, value] of Object.entries(BENT))
      expect(real.extract(file, name).equals(Buffer.from(value)), name).toBe(true);
    expect(real.whole(file)).toEqual(BENT);
    for (const [name, value] of Object.entries(BENT)) expect(await real.get(file, [name])).toBe(value);
    const ours = readFileSync(file, "utf8").replace(WITHOUT_SEAL, "$1");
    expect(ours).toMatch(/^\{\n\t"EMPTY": "",\n\t"NEWLINE": "ENC\[/);
    real.sops(["set", file, '["X"]', '"x"']);
    real.sops(["unset", file, '["X"]']);
    const theirs = readFileSync(file, "utf8").replace(WITHOUT_SEAL, "$1");
    const without = (text: string): string[] =>
      text.split("\n").flatMap((line) => (/"unsprawl"|"version"/.test(line) ? [] : [line.replace(/,$/, "")]));
    expect(without(theirs)).toEqual(without(ours));
  });

  test("any name and any text, flat and nested", async () => {
    const file = join(real.dir, "any.sops.json");
    const expected: [string, string][] = [];
    await assert(
      asyncProperty(
        string({ unit: "grapheme", minLength: 1, maxLength: 20 }),
        string({ unit: "grapheme", maxLength: 80 }),
        async (name, text) => {
          if (name === "sops") return;
          for (const path of [[name], ["sub", name]]) {
            const there = await getValue(file, path, real.keys);
            await putValue(file, path, Secret.of(text), there?.version ?? null, real.keys);
          }
          expected.push([name, text]);
        },
      ),
      { numRuns: 30 },
    );
    const all = Object.fromEntries(expected);
    expect(real.whole(file)).toEqual({ ...all, sub: all });
  });

  test("and edits ours: set, unset, rotate; the file goes with its last value", async () => {
    const file = join(real.dir, "edited.sops.json");
    await real.put(file, ["api", "A"], "a");
    await real.put(file, ["api", "B"], "b");
    await removeValue(file, ["api", "A"], () => true, real.keys);
    await removeValue(file, ["api", "B"], () => true, real.keys);
    expect(() => readFileSync(file)).toThrow(/ENOENT/);
    await real.put(file, ["A"], "a");
    real.sops(["set", file, '["C"]', '"c"']);
    real.sops(["unset", file, '["A"]']);
    real.sops(["rotate", "-i", file]);
    expect([await real.get(file, ["A"]), await real.get(file, ["C"])]).toEqual([null, "c"]);
    // sops has dropped our mark: the file is its own now and stays.
    await removeValue(file, ["C"], () => true, real.keys);
    expect(real.whole(file)).toEqual({});
  });
});

describe("we read and change the JSON that the real sops wrote", () => {
  const kinds: { readonly [name: string]: { readonly [rule: string]: string | boolean } } = {
    default: {},
    encrypted_regex: { encrypted_regex: "^(text|nested|new.*)$" },
    encrypted_suffix: { encrypted_suffix: "t" },
    unencrypted_regex: { unencrypted_regex: "^(int|list|.*_unencrypted)$" },
    mac_only_encrypted: { mac_only_encrypted: true, encrypted_regex: "^(text|nested|new.*)$" },
  };
  test.for(Object.entries(kinds))("with the rule %s", async ([name, rule]) => {
    const file = real.encrypted(`sample-${name}.json`, SAMPLE, rule);
    const before = real.whole(file) as { nested: { deep: object } };
    const text = readFileSync(file, "utf8").replace(WITHOUT_SEAL, "$1");
    expect(await real.get(file, ["text"])).toBe("hello <&> é");
    expect(await real.get(file, ["empty"])).toBe("");
    expect(await real.get(file, ["nothing"])).toBe(null);
    expect(await real.get(file, ["int"])).toBe("42");
    expect(await real.get(file, ["float"])).toBe("3.14");
    expect(await real.get(file, ["flag"])).toBe("true");
    expect(await real.get(file, ["nested", "deep", "key"])).toBe("value");
    expect(await real.get(file, ["nested", "list"])).toBe(null);
    expect(await real.get(file, ["sops", "version"])).toBe(null);

    const value = fresh();
    const plain = value.expose().toString("utf8");
    await real.put(file, ["new_secret"], value);
    await real.put(file, ["nested", "deep", "new_secret"], value);
    expect(readFileSync(file, "utf8")).not.toContain(plain);
    const deep = { ...before.nested.deep, new_secret: plain };
    expect(real.whole(file)).toEqual({ ...before, nested: { ...before.nested, deep }, new_secret: plain });
    await removeValue(file, ["new_secret"], () => true, real.keys);
    await removeValue(file, ["nested", "deep", "new_secret"], () => true, real.keys);
    expect(readFileSync(file, "utf8").replace(WITHOUT_SEAL, "$1")).toBe(text);
    expect(real.whole(file)).toEqual(before);
  });

  test("a file's own form stays: two spaces, four, CRLF, one line, SOPS's data first", async () => {
    const file = real.encrypted("forms.json", '{"a": "1", "map": {"b": "x"}, "none": {}, "z": "last"}');
    const data = JSON.parse(readFileSync(file, "utf8")) as { [key: string]: unknown };
    const { sops, ...rest } = data;
    const forms = {
      two: `${JSON.stringify(data, null, 2)}\n`,
      four: JSON.stringify(data, null, 4),
      crlf: `${JSON.stringify(data, null, 2)}\n`.replaceAll("\n", "\r\n"),
      line: JSON.stringify(data),
      first: JSON.stringify({ sops, ...rest }, null, 2),
    };
    for (const [name, text] of Object.entries(forms)) {
      const path = join(real.dir, `hand-${name}.json`);
      writeFileSync(path, text);
      await real.put(path, ["map", "new"], "n");
      await real.put(path, ["none", "deep", "one"], "n");
      await real.put(path, ["top"], "t");
      expect(real.whole(path), name).toEqual({
        a: "1",
        map: { b: "x", new: "n" },
        none: { deep: { one: "n" } },
        z: "last",
        top: "t",
      });
      if (name === "two") {
        const reindented = `${JSON.stringify(JSON.parse(readFileSync(path, "utf8")), null, 2)}\n`;
        expect(readFileSync(path, "utf8")).toBe(reindented);
      }
      await removeValue(path, ["map", "new"], () => true, real.keys);
      await removeValue(path, ["none", "deep", "one"], () => true, real.keys);
      await removeValue(path, ["top"], () => true, real.keys);
      expect(real.whole(path), name).toEqual({ a: "1", map: { b: "x" }, none: { deep: {} }, z: "last" });
      const seal = /"(mac|lastmodified)": ?"[^"]*"/g;
      const clean = (one: string): string => one.replace(seal, "$1").replace(/"none":\s*\{[^}]*\}\s*\}?/, "none");
      expect(clean(readFileSync(path, "utf8")), name).toBe(clean(text));
    }
  });

  test("what is no SOPS file in JSON form, or was changed without sops, is said", async () => {
    const file = join(real.dir, "wrong.json");
    await real.put(file, ["A"], "a");
    await real.put(file, ["B"], "b");
    const text = readFileSync(file, "utf8");
    const b = /"B": ("ENC.*")/.exec(text)?.[1] ?? "";
    const broken = [
      text.replace(/"B": .*\n/, ""),
      text.replace(b, '"plain"'),
      text.replace(b, "5"),
      text.replace('"B"', '"A"'),
      text.replace('"B"', '"x_unencrypted": 1, "B"'),
      text.replace(/"mac": .*\n/, ""),
      text.replace(/"mac": .*\n/, "$&$&"),
      text.slice(0, 300),
      "[1]",
      '{"a": "b"}',
      '{"a": "b", "sops": 5}',
      `${text}// comment`,
      "",
    ];
    for (const bytes of broken) {
      writeFileSync(file, bytes);
      await expect(real.get(file, ["A"]), bytes).rejects.toMatchObject({ code: "malformed" });
      await expect(real.put(file, ["N"], "n"), bytes).rejects.toMatchObject({ code: "malformed" });
      expect(readFileSync(file, "utf8")).toBe(bytes);
    }
    writeFileSync(file, text);
    await expect(real.put(file, ["A", "under"], "x")).rejects.toMatchObject({ code: "refused" });
    // The real sops takes the name in any case for its own, and could not read the file again.
    for (const name of ["sops", "SOPS", "Sops", "\u017fops"])
      await expect(real.put(file, [name, "x"], "x"), name).rejects.toMatchObject({ code: "refused" });
    await real.put(file, ["SOPS_"], "x");
    expect(real.whole(file)).toEqual({ A: "a", B: "b", SOPS_: "x" });
    await expect(real.put(file, ["x_unencrypted"], "x")).rejects.toMatchObject({ code: "refused" });
  });
});
