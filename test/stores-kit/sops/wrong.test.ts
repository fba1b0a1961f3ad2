import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { getValue, putValue } from "../../../src/stores-kit/sops/index.ts";
import { fresh, realSops, type RealSops } from "./real.ts";

let real: RealSops;
beforeAll(async () => {
  real = await realSops();
});
afterAll(() => real?.remove());

describe("what is wrong is said, and nothing is handed out", () => {
  test.for(["data", "iv", "tag"])("a changed byte in a value's %s", async (part) => {
    const file = join(real.dir, `flipped-${part}.yaml`);
    const value = fresh();
    await real.put(file, ["A"], value);
    await real.put(file, ["B"], "b");
    writeFileSync(
      file,
      readFileSync(file, "utf8").replace(
        new RegExp(`^(A: .*${part}:)(.)`, "m"),
        (_, lead: string, char: string) => lead + (char === "A" ? "B" : "A"),
      ),
    );
    for (const path of [["A"], ["B"]]) await expect(real.get(file, path)).rejects.toMatchObject({ code: "malformed" });
    await expect(real.put(file, ["C"], "c")).rejects.toMatchObject({ code: "malformed" });
  });

  test("a value that was moved, removed, copied or added without sops", async () => {
    const file = join(real.dir, "moved.yaml");
    await real.put(file, ["A"], "a");
    await real.put(file, ["B"], "b");
    const text = readFileSync(file, "utf8");
    const [a = "", b = ""] = [/^A: (.*)$/m.exec(text)?.[1], /^B: (.*)$/m.exec(text)?.[1]];
    const broken = {
      swapped: text.replace(a, "@").replace(b, a).replace("@", b),
      removed: text.replace(/^B: .*\n/m, ""),
      emptied: text.replace(b, '""'),
      plain: text.replace(b, "secret"),
      added: text.replace(/^B/m, "x_unencrypted: y\nB"),
      reordered: text.replace(/^(A: .*\n)(B: .*\n)/m, "$2$1"),
      twice: text.replace(/^(B: .*\n)/m, "$1$1"),
      cut: text.slice(0, text.length / 2),
      nothing: "",
      "no mac": text.replace(/^ {4}mac: .*\n/m, ""),
    };
    for (const [what, bytes] of Object.entries(broken)) {
      writeFileSync(file, bytes);
      await expect(real.get(file, ["A"]), what).rejects.toMatchObject({ code: "malformed" });
      expect(() => real.sops(["decrypt", file]), what).toThrow(/sops decrypt/);
    }
  });

  test("another key, and a file that is none of sops's", async () => {
    const file = join(real.dir, "other.yaml");
    await real.put(file, ["A"], "a");
    const other = await realSops();
    try {
      const denied = await getValue(file, ["A"], other.keys).catch((error: unknown) => error);
      expect(denied).toMatchObject({ code: "denied" });
      expect((denied as { hint: string }).hint).toContain(real.recipient);
      await expect(putValue(file, ["B"], fresh(), null, other.keys)).rejects.toMatchObject({ code: "denied" });
    } finally {
      other.remove();
    }
    for (const text of ["a: b\n", "[1]\n", "text", "a: [\n", "a: b\n---\nc: d\n", "sops: x\n", "\u0000"]) {
      const plain = join(real.dir, "plain.yaml");
      writeFileSync(plain, text);
      await expect(real.get(plain, ["a"]), text).rejects.toMatchObject({
        code: expect.stringMatching(/malformed|refused/) as string,
      });
      await expect(real.put(plain, ["b"], "x")).rejects.toMatchObject({
        code: expect.stringMatching(/malformed|refused/) as string,
      });
      expect(readFileSync(plain, "utf8")).toBe(text);
    }
  });
});
