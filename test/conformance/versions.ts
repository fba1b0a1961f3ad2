import { expect, test } from "vitest";
import type { StoreKey } from "../../src/model/plan.ts";
import type { Secret } from "../../src/model/secret.ts";
import { codeOf, type Bench } from "./bench.ts";
import { openSpec } from "./spec.ts";

/** What is asked every few seconds, to see that a value has changed. */
export function versionCases(bench: Bench): void {
  const { subject, keyOf, fresh, put, traits } = bench;
  const versionAt = async (key: StoreKey): Promise<string | null> => (await bench.store.version?.(key)) ?? null;

  test("a version is another one after each change, and the same between", async () => {
    const [key, first, second] = [keyOf(subject()), fresh(), fresh()];
    // The version is that of a whole file, which others write too.
    const alone = traits.oneFile !== true;
    if (alone) expect(await versionAt(key)).toBe(null);
    const { version } = await put(key, first);
    const seen = [await versionAt(key)];
    if (traits.versions === false) return expect(seen).toEqual([null]);
    expect(seen[0]).toEqual(expect.any(String));
    if (alone) expect(await versionAt(key)).toBe(seen[0]);
    await put(key, second, version);
    seen.push(await versionAt(key));
    if (alone) expect(await versionAt(key)).toBe(seen[1]);
    await bench.store.remove(key, () => true);
    expect(seen).not.toContain(await versionAt(key));
    await put(key, second);
    seen.push(await versionAt(key));
    expect(new Set(seen).size).toBe(3);
    const said = JSON.stringify(seen);
    for (const value of [first, second])
      for (const form of ["utf8", "base64", "hex"] as const) expect(said).not.toContain(value.expose().toString(form));
  });

  test("what is stored says when it was written, and never an earlier time after a later write", async () => {
    const [key, first, second] = [keyOf(subject()), fresh(), fresh()];
    const { version } = await put(key, first);
    const before = (await bench.store.get(key))?.written;
    if (traits.versions === false || traits.dated === false) return expect(before).toBe(undefined);
    expect(Math.abs(Date.now() - (before?.at ?? 0))).toBeLessThan(3_600_000);
    await put(key, second, version);
    const after = (await bench.store.get(key))?.written;
    expect(after?.clock).toBe(before?.clock);
    expect(after?.at).toBeGreaterThanOrEqual(before?.at ?? Number.POSITIVE_INFINITY);
  });

  test("an earlier value is found by what it is, also beside a sibling that changes", async () => {
    const { store } = bench;
    if (store.earlier === undefined) return;
    const [key, first, second, third] = [keyOf(subject()), fresh(), fresh(), fresh()];
    const is = (value: Secret) => (one: Secret) => one.equals(value);
    expect(await store.earlier(key, is(first))).toBe(null);
    let { version } = await put(key, first);
    await put(bench.sibling(key), fresh());
    for (const value of [second, third]) ({ version } = await put(key, value, version));
    const keeps = traits.versions !== false;
    expect((await store.earlier(key, is(first)))?.equals(first)).toBe(keeps ? true : undefined);
    expect((await store.earlier(key, is(second)))?.equals(second)).toBe(keeps ? true : undefined);
    expect(await store.earlier(key, is(fresh()))).toBe(null);
  });

  // Whoever keeps the key need not be asked for the version of a file that is there.
  if (traits.oneFile === true) return;
  bench.onServer("a store that does not answer tells no version", async () => {
    const away = await openSpec(await bench.world.unreachable());
    const told = await away.version?.(keyOf(subject())).catch(codeOf);
    expect([null, "unreachable"]).toContain(told);
  });
}
