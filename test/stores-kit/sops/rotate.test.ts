import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { rewrapFile } from "../../../src/stores-kit/sops/index.ts";
import { BENT, realSops, type RealSops } from "./real.ts";

/** A new data key, as `sops rotate` makes it: every value and comment is encrypted again, and is what it was. */

let real: RealSops;
beforeAll(async () => {
  real = await realSops();
});
afterAll(() => real?.remove());

const TREE = {
  text: Object.fromEntries(Object.entries(BENT).filter(([name]) => name !== "LARGE")),
  kinds: [1, 2.5, true, null, "", "x", { deep: { "a:b": ["list", { in: "it" }] } }],
  plain_unencrypted: "stays",
};
const YAML = `# on top
a: 1 # at its end
b:
    # in a map
    c: text
    d:
        - one
        # in a list
        - two
    # behind a list
e:
    f: |
        several
        lines
    # last in a map
# last of all
`;
const FLAT = "# a comment\nA=a\nEMPTY=\nB=it's b\n# last\n";
const CIPHER = /ENC\[[^\]]*\]/g;

const cases: readonly (readonly [name: string, text: string])[] = [
  ["tree.yaml", JSON.stringify(TREE)],
  ["tree.json", JSON.stringify(TREE, null, 2)],
  ["comments.yaml", YAML],
  ["flat.env", FLAT],
];

test.for(cases)("%s", async ([name, text]) => {
  for (const rule of [{}, { mac_only_encrypted: true }]) {
    const file = real.encrypted(name, text, rule);
    const plain = real.sops(["decrypt", file]);
    const [before, key] = [readFileSync(file, "utf8"), / +recipient: .*/.exec(readFileSync(file, "utf8"))?.[0] ?? ""];
    expect(await rewrapFile(file, real.keys, true)).toBe(true);
    const after = readFileSync(file, "utf8");
    expect(real.sops(["decrypt", file]).equals(plain)).toBe(true);
    expect(after).toContain(key);
    const ciphers = Array.from(before.matchAll(CIPHER), ([one]) => one);
    expect(ciphers.filter((one) => after.includes(one))).toEqual([]);
    expect(Array.from(after.matchAll(CIPHER))).toHaveLength(ciphers.length);
    // The data key that was is not the one that is.
    const valueIn = (whole: string): string => whole.match(CIPHER)?.find((one) => !one.includes("type:comment")) ?? "";
    const mixed = after.replace(valueIn(after), valueIn(before));
    writeFileSync(file, mixed);
    expect(() => real.sops(["decrypt", file])).toThrow(/sops decrypt/);
  }
});

test("a file that cannot be opened, or whose comment belongs nowhere, stays as it is", async () => {
  const file = real.encrypted("comment.yaml", "# one\na: b\n");
  const stranger = await realSops();
  const before = readFileSync(file, "utf8");
  await expect(rewrapFile(file, stranger.keys, true)).rejects.toMatchObject({ code: "denied" });
  stranger.remove();
  const other = real.encrypted("other.yaml", "# two\na: b\n");
  const [comment = ""] = /^#ENC.*$/m.exec(readFileSync(other, "utf8")) ?? [];
  const mixed = before.replace(/^#ENC.*$/m, comment);
  writeFileSync(file, mixed);
  await expect(rewrapFile(file, real.keys, true)).rejects.toMatchObject({
    code: "refused",
    hint: `sops rotate -i ${join(real.dir, "comment.yaml")}`,
  });
  expect(readFileSync(file, "utf8")).toBe(mixed);
});
