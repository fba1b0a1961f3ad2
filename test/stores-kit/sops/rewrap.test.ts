import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { getValue, oneGroup, rewrapFile, wrapForAge, type DataKeys } from "../../../src/stores-kit/sops/index.ts";
import { realSops, type RealSops } from "./real.ts";

let real: RealSops;
let other: RealSops;
beforeAll(async () => {
  [real, other] = [await realSops(), await realSops()];
});
afterAll(() => {
  real?.remove();
  other?.remove();
});

/** Opens with the old identity, wraps for the new recipient. */
function changed(recipients: readonly string[]): DataKeys {
  return { ...real.keys, wrap: async (dataKey) => oneGroup(await wrapForAge(dataKey, recipients)) };
}

const ENTRY = /^.*(recipient|enc|age|AGE ENCRYPTED|^ {12}[\w+/=]+$).*$/gm;

test.for(["yaml", "json", "env"])(
  "a file in %s form opens for the new recipients alone, and no value changes",
  async (form) => {
    const ours = join(real.dir, `ours.${form}`);
    await real.put(ours, ["A"], "a");
    await real.put(ours, ["B"], "b");
    const theirs = real.encrypted(
      `theirs.${form}`,
      { yaml: "# c\nA: a\nB: b\n", json: '{"A": "a", "B": "b"}', env: "# c\nA=a\nB=b\n" }[form] ?? "",
    );
    for (const file of [ours, theirs]) {
      const before = readFileSync(file, "utf8");
      expect(await rewrapFile(file, changed([other.recipient, real.recipient]))).toBe(true);
      expect(real.whole(file)).toEqual({ A: "a", B: "b" });
      expect(await rewrapFile(file, changed([other.recipient]))).toBe(true);
      const after = readFileSync(file, "utf8");
      expect(() => real.whole(file)).toThrow(/sops decrypt/);
      expect(other.whole(file)).toEqual({ A: "a", B: "b" });
      expect((await getValue(file, ["A"], other.keys))?.value.expose().toString()).toBe("a");
      await expect(getValue(file, ["A"], real.keys)).rejects.toMatchObject({ code: "denied" });
      expect(after).not.toContain(real.recipient);
      const rest = (text: string): string[] =>
        text
          .replace(ENTRY, "")
          .split("\n")
          .filter((line) => line.trim() !== "");
      expect(rest(after).sort()).toEqual(rest(before).sort());
    }
  },
);

test("a file that is not there, one that does not open, and no recipient at all", async () => {
  expect(await rewrapFile(join(real.dir, "none.yaml"), real.keys)).toBe(false);
  const file = join(real.dir, "stays.yaml");
  await real.put(file, ["A"], "a");
  const text = readFileSync(file, "utf8");
  await expect(rewrapFile(file, other.keys)).rejects.toMatchObject({ code: "denied" });
  await expect(rewrapFile(file, changed([]))).rejects.toMatchObject({ code: "refused" });
  expect(readFileSync(file, "utf8")).toBe(text);
});

test("a file with one key group is read and rewrapped, one with several needs enough of them", async () => {
  const make = (name: string, groups: object[]): string => {
    const file = join(real.dir, name);
    writeFileSync(file, "A: a\n");
    writeFileSync(join(real.dir, ".sops.yaml"), JSON.stringify({ creation_rules: [{ key_groups: groups }] }));
    real.sops(["encrypt", "-i", file]);
    return file;
  };
  const one = make("one-group.yaml", [{ age: [real.recipient, other.recipient] }]);
  expect(await real.get(one, ["A"])).toBe("a");
  // sops writes a single group flat; older releases and hands nest it.
  const nested = readFileSync(one, "utf8").replace(/^ {4}age:\n((?: {8}.*\n)+)/m, (_, entries: string) => {
    return `    key_groups:\n        - age:\n${entries.replace(/^/gm, "      ").trimEnd()}\n`;
  });
  writeFileSync(one, nested);
  expect(real.whole(one)).toEqual({ A: "a" });
  expect(await real.get(one, ["A"])).toBe("a");
  await rewrapFile(one, changed([other.recipient]));
  expect(readFileSync(one, "utf8")).not.toContain("key_groups");
  expect(other.whole(one)).toEqual({ A: "a" });
  const several = make("two-groups.yaml", [{ age: [real.recipient] }, { age: [other.recipient] }]);
  await expect(getValue(several, ["A"], real.keys)).rejects.toMatchObject({
    code: "denied",
    message: expect.stringMatching(/2 of its 2 key groups are needed, and 1 can be used here \(age age1/) as string,
  });
});
