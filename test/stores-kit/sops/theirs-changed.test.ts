import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { putValue, removeValue, type DataKeys } from "../../../src/stores-kit/sops/index.ts";
import { Secret } from "../../../src/model/secret.ts";
import { fresh, realSops, type RealSops } from "./real.ts";

let real: RealSops;
beforeAll(async () => {
  real = await realSops();
});
afterAll(() => real?.remove());

const SAMPLE = `# top comment
text: hello # at the end of a line
empty: ""
nothing: null
int: 42
float: 3.14
exponent: 1.5e30
small: 0.0000001
yes_it_is: true
date: 2020-01-02
time: 2020-01-02T03:04:05Z
nested:
    # inside
    deep:
        key: value
    list:
        - one
        - 2
        # in a list
        - name: three
block: |
    line one
    line two
plain_unencrypted: 0440
number_unencrypted: 12.50
flag_unencrypted: true
nothing_unencrypted: ~
map_unencrypted:
    a: 1
    b: [x, 2, 1e3]
"quoted key": x
`;

describe("we read and change what the real sops wrote", () => {
  const kinds: { readonly [name: string]: { readonly [rule: string]: string | boolean } } = {
    "by default": {},
    "with encrypted_regex": { encrypted_regex: "^(text|nested|new.*|block)$" },
    "with encrypted_suffix": { encrypted_suffix: "t" },
    "with unencrypted_regex": { unencrypted_regex: "^(int|list|.*_unencrypted)$" },
    "with mac_only_encrypted": { mac_only_encrypted: true },
    "with mac_only_encrypted and a regex": {
      mac_only_encrypted: true,
      encrypted_regex: "(?i)^(TEXT|nested|new.*|block)$",
    },
  };
  test.for(Object.entries(kinds))("%s", async ([name, rule]) => {
    const file = real.encrypted(`sample-${name.replaceAll(" ", "-")}.yaml`, SAMPLE, rule);
    const before = real.whole(file) as { [key: string]: unknown };
    const text = readFileSync(file, "utf8");
    expect(await real.get(file, ["text"])).toBe("hello");
    expect(await real.get(file, ["empty"])).toBe("");
    expect(await real.get(file, ["nothing"])).toBe(null);
    expect(await real.get(file, ["yes_it_is"])).toBe("true");
    expect(await real.get(file, ["int"])).toBe("42");
    expect(await real.get(file, ["nested", "deep", "key"])).toBe("value");
    expect(await real.get(file, ["nested", "deep"])).toBe(null);
    expect(await real.get(file, ["nested", "list"])).toBe(null);
    expect(await real.get(file, ["block"])).toBe("line one\nline two\n");
    expect(await real.get(file, ["sops", "version"])).toBe(null);

    const value = fresh();
    await real.put(file, ["new_secret"], value);
    await real.put(file, ["nested", "deep", "new_secret"], value);
    const changed = readFileSync(file, "utf8");
    const plain = value.expose().toString("utf8");
    expect(changed).not.toContain(plain);
    const lines = changed.split("\n");
    const same = text.split("\n").filter((line) => !/^ {4}(mac|lastmodified): /.test(line));
    expect(lines.filter((line) => !/new_secret|^ {4}(mac|lastmodified): /.test(line))).toEqual(same);
    const nested = before["nested"] as { deep: object };
    expect(real.whole(file)).toEqual({
      ...before,
      nested: { ...nested, deep: { ...nested.deep, new_secret: plain } },
      new_secret: plain,
    });

    await removeValue(file, ["new_secret"], () => true, real.keys);
    await removeValue(file, ["nested", "deep", "new_secret"], () => true, real.keys);
    expect(
      readFileSync(file, "utf8")
        .split("\n")
        .filter((line) => !/^ {4}(mac|lastmodified): /.test(line)),
    ).toEqual(same);
    expect(real.whole(file)).toEqual(before);
  });

  test("a name that the file's rules leave in plain text is refused", async () => {
    const file = real.encrypted("rules.yaml", "a: b\n", { encrypted_regex: "^a$" });
    const text = readFileSync(file, "utf8");
    await expect(real.put(file, ["other"], "x")).rejects.toMatchObject({ code: "refused" });
    await expect(real.put(real.encrypted("suffix.yaml", "a: b\n"), ["x_unencrypted"], "x")).rejects.toMatchObject({
      code: "refused",
    });
    // What only Go's expressions have is read as Go reads it.
    const go = real.encrypted("go.yaml", "a: b\n", { encrypted_regex: "^[[:alpha:]]$" });
    await real.put(go, ["x"], "x");
    await expect(real.put(go, ["xx"], "x")).rejects.toMatchObject({ code: "refused" });
    await expect(real.put(file, ["sops"], "x")).rejects.toMatchObject({ code: "refused" });
    expect(readFileSync(file, "utf8")).toBe(text);
  });

  test("numbers and times that only Go writes so count in the MAC", async () => {
    const odd =
      "hex: 0x1F\noctal: 0440\nnew_octal: 0o17\nbinary: 0b11\nthousands: 1_000\nplus: +5\nbig: 123456789012345678901234567890\ninfinite: -.inf\npoint: .5\nwhole: 3.0\ntime: 2020-01-02T03:04:05.5+02:00\nspaced: 2020-01-02 03:04:05\nversion: 1.2.3\non: off\n";
    const file = real.encrypted("odd.yaml", odd, { unencrypted_regex: "." });
    expect(await real.get(file, ["octal"])).toBe("288");
    expect(await real.get(file, ["infinite"])).toBe("-Inf");
    expect(await real.get(file, ["version"])).toBe("1.2.3");
  });

  test("rules by comment are refused, not guessed", async () => {
    const file = real.encrypted("comments.yaml", "# sops:enc\na: b\nc: d\n", { encrypted_comment_regex: "sops:enc" });
    await expect(real.get(file, ["a"])).rejects.toMatchObject({ code: "refused" });
  });

  test("a file that unsprawl did not make stays when its last value goes, and so do emptied maps", async () => {
    const file = real.encrypted("foreign.yaml", "# keep\nnested:\n    a: b\nlast: x\n");
    await removeValue(file, ["nested", "a"], () => true, real.keys);
    expect(real.whole(file)).toEqual({ nested: {}, last: "x" });
    await real.put(file, ["nested", "a"], "again");
    expect(real.whole(file)).toEqual({ nested: { a: "again" }, last: "x" });
    await removeValue(file, ["nested", "a"], () => true, real.keys);
    await removeValue(file, ["last"], () => true, real.keys);
    expect(real.whole(file)).toEqual({ nested: {} });
  });

  test("our mark, copied from one of our files, does not make a file ours", async () => {
    const ours = join(real.dir, "marked.sops.yaml");
    await real.put(ours, ["A"], "a");
    const mark = readFileSync(ours, "utf8").split("\n")[0] ?? "";
    expect(mark).toMatch(/^#ENC\[.*type:comment\]$/);
    const file = real.encrypted("copied.yaml", "last: x\n");
    writeFileSync(file, `${mark}\n${readFileSync(file, "utf8")}`);
    await removeValue(file, ["last"], () => true, real.keys);
    expect(real.whole(file)).toEqual({});
  });

  test("hand-made forms: CRLF, other indents, quoted keys, comments in between, a document start", async () => {
    const file = real.encrypted("forms.yaml", "a: 1\nmap:\n    b: x\n    c: y\nz: last\n");
    const hand = readFileSync(file, "utf8")
      .replace("map:", '# before\n"map":   # why')
      .replace(/^ {4}([bc]): /gm, "  $1:   ")
      .replace("sops:", "# the end\nsops:");
    for (const [name, text] of Object.entries({
      crlf: hand.replaceAll("\n", "\r\n"),
      start: `---\n${hand}`,
      none: hand.trimEnd(),
    })) {
      const path = join(real.dir, `hand-${name}.yaml`);
      writeFileSync(path, text);
      await real.put(path, ["map", "new"], "n");
      await real.put(path, ["top"], "t");
      expect(real.whole(path), name).toEqual({ a: 1, map: { b: "x", c: "y", new: "n" }, z: "last", top: "t" });
      expect(parse(readFileSync(path, "utf8"))).toBeTruthy();
      await removeValue(path, ["map", "new"], () => true, real.keys);
      await removeValue(path, ["top"], () => true, real.keys);
      const clean = (one: string): string => one.replace(/(mac|lastmodified): .*/g, "$1");
      expect(clean(readFileSync(path, "utf8")), name).toBe(clean(text));
    }
  });
});

test("what another user's run writes between reading and writing is kept, and so is what is put", async () => {
  const file = join(real.dir, "meanwhile.yaml");
  await real.put(file, ["A"], "a");
  const first = readFileSync(file);
  await real.put(file, ["B"], "b");
  const second = readFileSync(file);
  writeFileSync(file, first);
  let reads = 0;
  const keys: DataKeys = {
    ...real.keys,
    unwrap: async (document) => {
      // Whoever has locks elsewhere writes as soon as this one has read.
      if (reads++ === 0) writeFileSync(file, second);
      return real.keys.unwrap(document);
    },
  };
  await putValue(file, ["C"], Secret.of("c"), null, keys);
  expect(real.whole(file)).toEqual({ A: "a", B: "b", C: "c" });
});
