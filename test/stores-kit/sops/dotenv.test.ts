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

const WITHOUT_SEAL = /^(sops_(?:mac|lastmodified)=).*/gm;
/** What sops itself cannot hand back sure: it writes a newline as \n. */
const doubtful = (value: string): boolean => value.includes("\n") || value.includes("\\n");
const FIT: { readonly [name: string]: string } = {
  ...Object.fromEntries(Object.entries(BENT).filter(([, value]) => !doubtful(value))),
  SPACES: "  x  ",
  EQUALS: "a=b==",
  HASH: "# no comment #",
  RETURN: "a\rb\r",
  BACKSLASH: "a\\b\\\\t\\",
  LINE: "é$'\"".repeat(16384).slice(0, 65536),
};

describe("the real sops reads our dotenv", () => {
  test("every value byte for byte, one by one and as the plain file", async () => {
    const file = join(real.dir, "bent.sops.env");
    for (const [name, value] of Object.entries(FIT)) await real.put(file, [name], value);
    for (const [name, value] of Object.entries(FIT)) {
      expect(real.extract(file, name).equals(Buffer.from(value)), name).toBe(true);
      expect(await real.get(file, [name])).toBe(value);
    }
    const plain = real.sops(["decrypt", file]).toString("utf8");
    const values = plain.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    expect(values).toEqual(Object.entries(FIT).map(([name, value]) => `${name}=${value}`));
  });

  test("a newline, and what sops would read as one, is refused", async () => {
    const file = join(real.dir, "newline.sops.env");
    await real.put(file, ["A"], "a");
    for (const value of ["\n", "a\nb", "a\\nb", "\r\n"])
      await expect(real.put(file, ["B"], value)).rejects.toMatchObject({ code: "refused" });
    expect(await real.get(file, ["B"])).toBe(null);
    for (const name of ["A=B", "#A", "A\nB", "sops_", "sops_mac", "sops", " A", "A "])
      await expect(real.put(file, [name], "x"), name).rejects.toMatchObject({ code: "refused" });
    await expect(real.put(file, ["A", "B"], "x")).rejects.toMatchObject({ code: "refused" });
    await expect(real.put(file, ["A_unencrypted"], "x")).rejects.toMatchObject({ code: "refused" });
  });

  test("any name and any text is stored or refused", async () => {
    const file = join(real.dir, "any.sops.env");
    const expected: [string, string][] = [];
    await assert(
      asyncProperty(
        string({ unit: "grapheme", minLength: 1, maxLength: 20 }),
        string({ unit: "grapheme", maxLength: 80 }),
        async (name, text) => {
          const there = await getValue(file, [name], real.keys);
          const refused = await putValue(file, [name], Secret.of(text), there?.version ?? null, real.keys).then(
            () => false,
            (error: unknown) => (error as { code: unknown }).code === "refused",
          );
          if (!refused) expected.push([name, text]);
        },
      ),
      { numRuns: 60 },
    );
    expect(real.whole(file)).toEqual(Object.fromEntries(expected));
    expect(expected.length).toBeGreaterThan(20);
  });

  test("and edits ours: set, unset, rotate, exec-env; the file goes with its last value", async () => {
    const file = join(real.dir, "edited.sops.env");
    await real.put(file, ["A"], "a");
    await real.put(file, ["B"], "b c");
    real.sops(["set", file, '["C"]', '"c"']);
    real.sops(["unset", file, '["A"]']);
    real.sops(["rotate", "-i", file]);
    expect(real.whole(file)).toEqual({ B: "b c", C: "c" });
    const env = real.sops(["exec-env", file, "env"]).toString("utf8");
    expect(env).toContain("\nB=b c\n");
    expect(env).not.toMatch(/created by|^unsprawl/m);
    for (const name of ["B", "C"]) await removeValue(file, [name], () => true, real.keys);
    expect(() => readFileSync(file)).toThrow(/ENOENT/);
  });
});

describe("we read and change the dotenv that the real sops wrote", () => {
  const SAMPLE = `# top
TEXT=hello
EMPTY=

# between
SPACED = x
export FORM=y
QUOTED="a b"
LINES=one\\ntwo
PLAIN_unencrypted=p\\nq
`;
  const kinds: { readonly [name: string]: { readonly [rule: string]: string | boolean } } = {
    default: {},
    encrypted_regex: { encrypted_regex: "^(TEXT|EMPTY|QUOTED|LINES|NEW.*|.*SPACED.*)$" },
    unencrypted_regex: { unencrypted_regex: "^(SPACED .*|.*_unencrypted)$" },
    mac_only_encrypted: { mac_only_encrypted: true },
  };
  test.for(Object.entries(kinds))("with the rule %s", async ([name, rule]) => {
    const file = real.encrypted(`sample-${name}.env`, SAMPLE, rule);
    const before = real.whole(file) as object;
    const text = readFileSync(file, "utf8").replace(WITHOUT_SEAL, "$1");
    expect(await real.get(file, ["TEXT"])).toBe("hello");
    expect(await real.get(file, ["EMPTY"])).toBe("");
    expect(await real.get(file, ["QUOTED"])).toBe('"a b"');
    expect(await real.get(file, ["LINES"])).toBe("one\ntwo");
    expect(await real.get(file, ["sops_version"])).toBe(null);
    const value = fresh();
    await real.put(file, ["NEW"], value);
    const read = await getValue(file, ["TEXT"], real.keys);
    await putValue(file, ["TEXT"], value, read?.version ?? null, real.keys);
    const plain = value.expose().toString("utf8");
    expect(readFileSync(file, "utf8")).not.toContain(plain);
    expect(real.whole(file)).toEqual({ ...before, TEXT: plain, NEW: plain });
    const others = (one: string): string => one.replace(/^TEXT=.*/m, "TEXT").replace(/^NEW=.*\n/m, "");
    expect(others(readFileSync(file, "utf8").replace(WITHOUT_SEAL, "$1"))).toBe(others(text));
    await removeValue(file, ["NEW"], () => true, real.keys);
    expect(real.whole(file)).toEqual({ ...before, TEXT: plain });
  });

  test("what is no SOPS file in dotenv form, or was changed without sops, is said", async () => {
    const file = join(real.dir, "wrong.env");
    await real.put(file, ["A"], "a");
    await real.put(file, ["B"], "b");
    const text = readFileSync(file, "utf8");
    const broken = [
      text.replace(/^B=.*\n/m, ""),
      text.replace(/^B=.*/m, "B=plain"),
      text.replace(/^B=/m, "A="),
      text.replace(/^B=/m, "x_unencrypted=1\nB="),
      text.replace(/^sops_mac=.*\n/m, ""),
      text.replaceAll("\n", "\r\n"),
      text.replace(/^B=.*/m, "B"),
      "A=b\n",
      "",
    ];
    for (const bytes of broken) {
      writeFileSync(file, bytes);
      await expect(real.get(file, ["A"]), bytes).rejects.toMatchObject({ code: "malformed" });
      await expect(real.put(file, ["N"], "n"), bytes).rejects.toMatchObject({ code: "malformed" });
      expect(readFileSync(file, "utf8")).toBe(bytes);
    }
  });

  test("names that reach for an object's prototype stay names", async () => {
    const file = join(real.dir, "proto.env");
    await real.put(file, ["A"], "a");
    const text = readFileSync(file, "utf8");
    writeFileSync(file, `${text}sops_age__map___proto____map_polluted=1\nsops___proto____map_polluted=1\n`);
    expect(await real.get(file, ["A"])).toBe("a");
    expect(({} as { polluted?: unknown }).polluted).toBe(undefined);
    expect(([] as { polluted?: unknown }).polluted).toBe(undefined);
  });
});
