import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { UnsprawlError } from "../../src/model/error.ts";
import { codeOf, ORIGIN, type Bench } from "./bench.ts";
import { openSpec, placed } from "./spec.ts";

/** Credentials, rights, references, the check, the reader. */
export function rightCases(bench: Bench): void {
  const { subject, keyOf, fresh, put, failure, traits } = bench;
  test("a wrong credential is denied, not absent", async () => {
    const [key, value] = [keyOf(subject()), fresh()];
    await put(key, value);
    const stranger = await openSpec(bench.world.stranger);
    expect((await failure(stranger.get(key), "denied", value)).hint).toBeTruthy();
    await failure(stranger.put(key, value, null, ORIGIN), "denied", value);
    await failure(
      stranger.remove(key, () => true),
      "denied",
      value,
    );
    // Who has another key of its own may make new files.
    const lines = traits.strangersCreate ? [{ ok: false, hint: "none" }] : await stranger.check();
    expect(lines.some((line) => !line.ok && line.hint)).toBe(true);
    expect((await bench.store.get(key))?.value).toEqual(value);
  });

  bench.onServer("forbidden is told apart from absent, and names what is missing", async () => {
    const [key, value] = [keyOf(subject()), fresh()];
    await put(key, value);
    const forbidden = await openSpec(bench.world.forbidden ?? bench.world.writer);
    const acts = [
      () => forbidden.get(key),
      () => forbidden.get(keyOf(subject())),
      () => forbidden.put(key, value, null, ORIGIN),
    ];
    for (const act of acts) {
      expect((await failure(act(), "denied", value)).hint).toMatch(traits.deniedHint ?? /./);
    }
  });

  test("a store that does not answer, or whose folder is gone, is unreachable, not absent", async () => {
    const away = await openSpec(await bench.world.unreachable());
    const value = fresh();
    // Its own keys: where there is no address, it is another folder.
    const names = () => ({ subject: subject(), project: "shop", name: "DB_PASSWORD" });
    expect((await failure(away.get(away.key(names())), "unreachable")).hint).toBeTruthy();
    await failure(away.put(away.key(names()), value, null, ORIGIN), "unreachable", value);
    // Where files alone say what is there, they still may.
    expect(await away.list("").then(({ length }) => length, codeOf)).not.toBe(0);
    expect(await away.check()).toMatchObject([{ right: "reach", ok: false }]);
  });

  test("references lead back to their key, and others' are not taken", async () => {
    const key = keyOf(subject());
    const reference = bench.store.reference(key);
    expect(reference).toMatch(traits.reference);
    expect(reference).toMatch(/^ref\+[a-z]+:\/\/\S+$/);
    expect(bench.store.parse(reference)).toEqual(key);
    for (const other of ["plain", "", "ref+echo://x#/y", "ref+file:///etc/passwd", reference.slice(4)])
      expect(bench.store.parse(other)).toBe(null);
    // Where whole secrets have references of their own, the one without its field is such a one.
    if (reference.includes("#") && traits.wholes !== true)
      expect(() => bench.store.parse(reference.slice(0, reference.indexOf("#")))).toThrow(UnsprawlError);
    expect(() => bench.store.parse(`${reference}%`)).toThrow(UnsprawlError);
  });

  test("the target opens the same store again, and holds no credential", async () => {
    const { provider, env } = bench.world.writer;
    const text = JSON.stringify(bench.store.target);
    for (const credential of bench.world.credentials) expect(text).not.toContain(credential);
    const again = await openSpec({ provider, env, config: bench.store.target.settings, dir: tmpdir() });
    expect(again.target).toEqual(bench.store.target);
  });

  test("a key tells its names again, where names are plain", async () => {
    const of = subject();
    const names = bench.store.names(keyOf(of));
    expect(names).toMatchObject({ subject: of, name: "DB_PASSWORD" });
  });

  test("the policy names the application's own values, and nothing of others", async () => {
    const [mine, theirs] = [subject(), subject()];
    const policy = await bench.store.policy({ subject: mine, project: "shop" });
    expect(policy.length).toBeGreaterThan(10);
    expect(policy).not.toContain(theirs);
    for (const credential of bench.world.credentials) expect(policy).not.toContain(credential);
  });

  test("check tries every right and leaves nothing", async () => {
    const lines = await bench.store.check();
    expect(lines.map((line) => line.right)).toEqual([
      "reach",
      "authenticate",
      "write",
      "read",
      "check-and-set",
      "delete",
    ]);
    expect(lines.filter((line) => !line.ok).map((line) => line.right)).toEqual(
      traits.checkAndSet ? [] : ["check-and-set"],
    );
    for (const line of lines) expect(line.hint === null).toBe(line.ok);
  });

  test("an issued reader reads what is there and writes nothing", async () => {
    const operator = await openSpec(bench.world.operator);
    const [key, value] = [keyOf(subject()), fresh()];
    await operator.put(key, value, null, ORIGIN);
    const { config, files } = await operator.issueReader();
    expect(JSON.stringify({ config, files })).not.toContain(bench.world.credentials[0]);
    const dir = mkdtempSync(join(tmpdir(), "unsprawl-reader-"));
    try {
      // As the OCI runtime does: nothing of the environment, files beside the configuration.
      const reader = await openSpec({
        provider: bench.world.operator.provider,
        config: placed(config, files, dir),
        env: {},
        dir,
      });
      expect((await reader.get(key))?.value).toEqual(value);
      expect((await reader.version?.(key)) ?? null).toEqual(traits.versions === false ? null : expect.any(String));
      expect(await reader.get(keyOf(subject()))).toBe(null);
      expect(reader.parse(operator.reference(key))).toEqual(key);
      const current = await reader.get(key);
      await failure(reader.put(keyOf(subject()), value, null, ORIGIN), "denied", value);
      await failure(reader.put(key, fresh(), current?.version ?? "", ORIGIN), "denied", value);
      await failure(
        reader.remove(key, () => true),
        "denied",
        value,
      );
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
    expect((await bench.store.get(key))?.value).toEqual(value);
  });
}
