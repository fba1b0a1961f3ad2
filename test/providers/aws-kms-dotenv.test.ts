import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Secret } from "../../src/model/secret.ts";
import { Bench } from "../conformance/bench.ts";
import { rightCases } from "../conformance/rights.ts";
import { writingCases } from "../conformance/writing.ts";
import { BENT } from "../stores-kit/sops/real.ts";
import { kmsWorld, sopsAt, type KmsWorld } from "./aws-kms-world.ts";

// The shared cases on values want newlines and any name, which a dotenv file of sops has no room for: its own are below.
describe.for(["store aws-kms, dotenv"])("%s", () => {
  const bench = new Bench({
    server: true,
    acrossProcesses: true,
    checkAndSet: true,
    reference: /^ref\+sops:\/\/\/\S+\.env\?format=dotenv#\/\S+$/,
    deniedHint: /"Action":"kms:\w+"/,
  });
  const { subject, keyOf, put, failure } = bench;
  let world: KmsWorld;
  beforeAll(() =>
    bench.start(
      async () => (world = await kmsWorld({ file: "env/{subject}.sops.env", context: { App: "{subject}" } })),
    ),
  );
  afterAll(() => bench.world?.stop());
  writingCases(bench);
  rightCases(bench);

  describe("what a dotenv file has room for", () => {
    test.for(Object.keys(BENT))("bytes come back as they went, from sops too, or are refused: %s", async (what) => {
      const text = BENT[what] ?? "";
      const [key, value] = [keyOf(subject()), Secret.of(text)];
      if (/\n|\\n/.test(text)) {
        expect((await failure(put(key, value), "refused", value)).hint).toMatch(/yaml|json/);
        expect(await bench.store.get(key)).toBe(null);
        return;
      }
      await put(key, value);
      expect((await bench.store.get(key))?.value.equals(value)).toBe(true);
      const sops = await sopsAt(world.moto);
      expect(sops(["decrypt", "--extract", '["DB_PASSWORD"]', key.path]).equals(Buffer.from(text))).toBe(true);
      const plain = sops(["decrypt", key.path]).toString("utf8");
      expect(plain.split("\n")).toContain(`DB_PASSWORD=${text}`);
    });

    test.for(["A/B", "A.B", "A-B", "A B", "größe", "密码", "A%2FB", "A#B?c:d", "true", "1"])(
      "a variable called %s",
      async (variable) => {
        const [key, value] = [keyOf(subject(), variable), bench.fresh()];
        await put(key, value);
        expect((await bench.store.get(key))?.value).toEqual(value);
        expect(bench.store.parse(bench.store.reference(key))).toEqual(key);
        expect(await bench.store.list(key.path)).toEqual([key]);
        expect(await bench.store.remove(key, (one) => one.equals(value))).toBe(true);
        expect(() => readFileSync(key.path)).toThrow(/ENOENT/);
      },
    );

    test.for(["A=B", "#A", "A\nB", "sops_", "sops_mac", " A"])("a variable called %j is refused", async (variable) => {
      const key = keyOf(subject(), variable);
      await failure(put(key, bench.fresh()), "refused");
      expect(await bench.store.get(key)).toBe(null);
    });
  });
});
