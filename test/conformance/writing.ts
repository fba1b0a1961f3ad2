import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { Secret } from "../../src/model/secret.ts";
import { DEEP } from "../support/deep.ts";
import { codeOf, ORIGIN, type Bench } from "./bench.ts";
import { openSpec, type StoreSpec } from "./spec.ts";

/** Writers start in half the time with what earlier ones have compiled. */
const COMPILED = fileURLToPath(new URL("../../node_modules/.cache/unsprawl-writers", import.meta.url));
const WRITER = fileURLToPath(new URL("./writer.ts", import.meta.url));

/** Siblings, check-and-set, removal, writers at once, writers killed. */
export function writingCases(bench: Bench): void {
  const { subject, keyOf, fresh, put, failure } = bench;
  test("siblings survive a write, a replacement and a removal", async () => {
    const of = subject();
    const [a, b, c] = [keyOf(of, "A"), keyOf(of, "B"), keyOf(of, "C")];
    const [one, two, three, four] = [fresh(), fresh(), fresh(), fresh()];
    await put(a, one);
    await put(b, two);
    await put(c, three);
    const stored = await bench.store.get(b);
    await put(b, four, stored?.version ?? "");
    expect(
      [await bench.store.get(a), await bench.store.get(b), await bench.store.get(c)].map((found) => found?.value),
    ).toEqual([one, four, three]);
    await bench.store.remove(b, (value) => value.equals(four));
    expect(
      [await bench.store.get(a), await bench.store.get(b), await bench.store.get(c)].map((found) => found?.value),
    ).toEqual([one, undefined, three]);
  });

  test("a replacement wants the version that was read; a sibling's write does not move it", async () => {
    const of = subject();
    const [key, sibling] = [keyOf(of), keyOf(of, "SIBLING")];
    const [first, second, third] = [fresh(), fresh(), fresh()];
    const read = await put(key, first);
    await put(sibling, fresh());
    const moved = await put(key, second, read.version);
    await failure(put(key, third, read.version), "conflict", first, second, third);
    await failure(put(keyOf(subject()), third, moved.version), "conflict", third);
    expect((await bench.store.get(key))?.value).toEqual(second);
  });

  test("removal takes only the value that is meant", async () => {
    const [key, value] = [keyOf(subject()), fresh()];
    await put(key, value);
    await failure(
      bench.store.remove(key, () => false),
      "conflict",
      value,
    );
    expect((await bench.store.get(key))?.value).toEqual(value);
    expect(await bench.store.remove(key, (one) => one.equals(value))).toBe(true);
    expect(await bench.store.remove(key, () => true)).toBe(false);
    expect(await bench.store.get(key)).toBe(null);
    await put(key, value);
    expect((await bench.store.get(key))?.value).toEqual(value);
  });

  test("eight writers of different names at once: all survive", async () => {
    const of = subject();
    const pairs = Array.from({ length: 8 }, (_, index) => [keyOf(of, `N${index}`), fresh()] as const);
    await Promise.all(
      pairs.map(async ([key, value]) => (await openSpec(bench.world.writer)).put(key, value, null, ORIGIN)),
    );
    for (const [key, value] of pairs) expect((await bench.store.get(key))?.value).toEqual(value);
  });

  test("eight creators of one name at once: exactly one wins, the others are told", async () => {
    const key = keyOf(subject());
    const values = Array.from({ length: 8 }, fresh);
    const done = await Promise.all(
      values.map(async (value) =>
        (await openSpec(bench.world.writer)).put(key, value, null, ORIGIN).then(() => value, codeOf),
      ),
    );
    const winners = done.filter((one) => one instanceof Secret);
    expect(done.filter((one) => one === "conflict")).toHaveLength(7);
    expect(winners).toEqual([(await bench.store.get(key))?.value]);
  });

  bench.acrossProcesses("writers in other processes: all survive, and of one name one wins", async () => {
    const of = subject();
    const results = await Promise.all(["a", "b", "c"].map((who) => writer(bench.world.writer, of, who, 5).ended));
    for (const who of ["a", "b", "c"]) {
      for (let at = 0; at < 5; at++) expect((await bench.store.get(keyOf(of, `${who}${at}`)))?.value.length).toBe(24);
    }
    expect(results.flat().filter((line) => line === "SHARED written")).toHaveLength(1);
    expect(results.flat().filter((line) => line === "SHARED conflict")).toHaveLength(2);
  });

  test("a writer that is killed at any moment leaves whole values, and no lock that blocks", async () => {
    const of = subject();
    const kept = fresh();
    await put(keyOf(of, "KEPT"), kept);
    for (const round of DEEP ? [0, 1, 2, 3, 4, 5] : [1, 4]) {
      const { child, ended, begun } = writer(bench.world.writer, of, `r${round}-`, 1000);
      await begun;
      await sleep(20 + round * 17);
      child.kill("SIGKILL");
      const written = (await ended).filter((line) => line.startsWith(`r${round}-`));
      for (const variable of written) expect((await bench.store.get(keyOf(of, variable)))?.value.length).toBe(24);
      expect((await bench.store.get(keyOf(of, "KEPT")))?.value).toEqual(kept);
      await put(keyOf(of, `AFTER${round}`), fresh());
    }
  });
}

/** Another process that writes `count` values of 24 bytes, then tries SHARED; gives a line for each that is stored. */
function writer(spec: StoreSpec, subject: string, prefix: string, count: number) {
  const env = { ...process.env, NODE_COMPILE_CACHE: COMPILED };
  const child = spawn(process.execPath, [WRITER], { stdio: ["pipe", "pipe", "inherit"], env });
  child.stdin.end(JSON.stringify({ spec, subject, prefix, count }));
  let out = "";
  const begun = new Promise<void>((done) => {
    child.stdout.setEncoding("utf8").on("data", (part: string) => {
      out += part;
      done();
    });
  });
  const ended = new Promise<string[]>((done) => child.once("close", () => done(out.split("\n").slice(0, -1))));
  return { child, begun, ended };
}
