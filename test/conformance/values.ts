import { inspect } from "node:util";
import { assert, asyncProperty, string } from "fast-check";
import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { besideOf } from "../../src/contract/provider.ts";
import type { BesideValue } from "../../src/model/beside.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { StoreKey } from "../../src/model/plan.ts";
import { Secret } from "../../src/model/secret.ts";
import { DEEP } from "../support/deep.ts";
import { ORIGIN, type Bench } from "./bench.ts";

/** Absent and present, any bytes, any names. */
export function valueCases(bench: Bench): void {
  const { subject, keyOf, fresh, put, failure } = bench;
  test("a name that was never written is absent: null, and nothing else", async () => {
    expect(await bench.store.get(keyOf(subject()))).toBe(null);
    const key = keyOf(subject());
    await put(key, fresh());
    expect(await bench.store.get(bench.sibling(key))).toBe(null);
    expect(await bench.store.remove(bench.sibling(key), () => true)).toBe(false);
  });

  test("what was written comes back, and a second creation is refused", async () => {
    const [key, value] = [keyOf(subject()), fresh()];
    const { version } = await put(key, value);
    const { written: _when, beside = {}, ...stored } = (await bench.store.get(key)) ?? {};
    expect(stored).toEqual({ value, version });
    // Its own marks are nothing that somebody has given the entry.
    expect(beside).toEqual({});
    const other = fresh();
    await failure(put(key, other), "conflict", value, other);
    await failure(put(key, value), "conflict", value);
    expect((await bench.store.get(key))?.value).toEqual(value);
  });

  test("what goes along with a value is written with it, and with no value that replaces it", async () => {
    const limits = await bench.store.holds?.();
    const beside: BesideValue = {
      ...(limits?.description !== undefined && { description: "of the shop" }),
      ...(limits?.labels !== undefined && { labels: { owner: "shop" } }),
      ...(limits?.expiry !== undefined && { expiry: Math.floor(Date.UTC(2037, 0) / 1000) }),
    };
    const [key, value] = [keyOf(subject()), fresh()];
    const { version } = await bench.store.put(key, value, null, ORIGIN, beside);
    expect((await besideOf(bench.store, key)) ?? {}).toEqual(beside);
    const next = fresh();
    await bench.store.put(key, next, version, ORIGIN, { labels: { owner: "stock" } });
    expect((await besideOf(bench.store, key))?.labels).toEqual(beside.labels);
    expect((await bench.store.get(key))?.value).toEqual(next);
  });

  const bent: { readonly [what: string]: string } = {
    empty: "",
    "one newline": "\n",
    "newlines around": "\n\n  a\n\nb \n\n",
    "carriage returns": "a\r\nb\rc\r\n",
    "a dollar": "$HOME $$ ${X} $(id) `id`",
    quotes: `'"'''"""\\"\\n`,
    "YAML's own words": "null",
    "a number": "0440",
    "a YAML document": "---\na: &x [1, *x]\n# no comment\n...\n",
    "a ciphertext's form": "ENC[AES256_GCM,data:eA==,iv:eA==,tag:eA==,type:str]",
    unicode: "äöü 密码 🔑 \u202e \u2028 \ufeff e\u0301",
    "control characters": "\u0001\u001b[31m\u007f\u0085\t",
    "spaces around": "  x  ",
    "64 KiB": "x$\n".repeat(21846).slice(0, 65536),
    "64 KiB in one line": "é".repeat(32768),
  };

  test.for(Object.keys(bent))("bytes come back as they went: %s", async (what) => {
    const [key, value] = [keyOf(subject()), Secret.of(bent[what] ?? "")];
    const { most = Infinity, empty = true } = bench.traits;
    if (value.length > most || (value.length === 0 && !empty)) {
      expect((await failure(put(key, value), "refused", value)).message).toMatch(/larger than|empty/);
      expect(await bench.store.get(key)).toBe(null);
      return;
    }
    await put(key, value);
    expect((await bench.store.get(key))?.value.equals(value)).toBe(true);
    // Where one file holds everything, each later case would read the large ones too.
    expect(await bench.store.remove(key, (one) => one.equals(value))).toBe(true);
    expect(await bench.store.get(key)).toBe(null);
  });

  test("any text and any name comes back, or is refused with a reason", async () => {
    const of = subject();
    await assert(
      asyncProperty(
        string({ unit: "grapheme", maxLength: 30 }),
        string({ unit: "binary", maxLength: 60 }),
        async (variable, text) => {
          const value = Secret.of(text);
          let key: StoreKey;
          try {
            key = keyOf(of, variable);
            const there = await bench.store.get(key);
            await put(key, value, there?.version ?? null);
          } catch (error) {
            expect((error as UnsprawlError).code, inspect(error)).toBe("refused");
            return;
          }
          expect((await bench.store.get(key))?.value.equals(value)).toBe(true);
          expect(bench.store.parse(bench.store.reference(key))).toEqual(key);
        },
      ),
      { numRuns: DEEP ? 40 : 15 },
    );
  });

  test.for(["A/B", "A.B", "A-B", "A B", "größe", "密码", "A%2FB", "A#B?c=d", "sops_", "true", "1"])(
    "a variable called %s",
    async (variable) => {
      const [key, value] = [keyOf(subject(), variable), fresh()];
      await put(key, value);
      expect((await bench.store.get(key))?.value).toEqual(value);
      expect(bench.store.parse(bench.store.reference(key))).toEqual(key);
      expect(await bench.store.remove(key, (one) => one.equals(value))).toBe(true);
      expect(await bench.store.get(key)).toBe(null);
    },
  );

  test.for(["..", ".", "../../etc", "a/b", "a b", "größe", "%2e%2e", "sys/health", "{name}"])(
    "a subject called %s stays below the store's place",
    async (of) => {
      let key: StoreKey;
      try {
        key = keyOf(of);
      } catch (error) {
        expect((error as UnsprawlError).code).toBe("refused");
        return;
      }
      expect(keyOf(`${of}x`)).not.toEqual(key);
      expect(key.path.split("/")).not.toContain("..");
      const value = fresh();
      await put(key, value);
      expect((await bench.store.get(key))?.value).toEqual(value);
      expect(bench.store.parse(bench.store.reference(key))).toEqual(key);
      await bench.store.remove(key, () => true);
    },
  );

  test("the list has every key, once, and leads back to the values", async () => {
    const of = subject();
    const names = ["B", "A", "C_1"];
    const values = new Map(names.map((name) => [JSON.stringify(keyOf(of, name)), fresh()]));
    for (const [key, value] of values) await put(JSON.parse(key) as StoreKey, value);
    const listed = (await bench.store.list("")).map((key) => JSON.stringify(key));
    for (const key of values.keys()) expect(listed.filter((one) => one === key)).toHaveLength(1);
    expect(new Set(listed).size).toBe(listed.length);
    const { path, field } = keyOf(of, "A");
    const below = await bench.store.list(path);
    expect(below).toContainEqual({ path, field });
    for (const key of below) expect(await bench.store.get(key)).not.toBe(null);
    expect(await bench.store.list(`${path}-nothing-of-the-kind`)).toEqual([]);
  });

  test("what a store cannot hold is refused with a reason", async () => {
    const nul = Secret.of(`${randomBytes(9).toString("hex")}\0${randomBytes(9).toString("hex")}`);
    expect((await failure(put(keyOf(subject()), nul), "refused", nul)).message).toMatch(/NUL/);
    const binary = Secret.of(Buffer.from([0xff, 0xfe, 0x41, 0xc3]));
    expect((await failure(put(keyOf(subject()), binary), "refused")).message).toMatch(/UTF-8/);
    expect(() => keyOf("")).toThrow(UnsprawlError);
    expect(() => keyOf(subject(), "")).toThrow(UnsprawlError);
  });
}
