import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { inspect } from "node:util";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Provider, ReaderFile } from "../../src/contract/provider.ts";
import { UnsprawlError, type ErrorCode } from "../../src/model/error.ts";
import type { Json } from "../../src/model/json.ts";
import type { StoreKey } from "../../src/model/plan.ts";
import { Secret } from "../../src/model/secret.ts";
import { openSpec, type StoreSpec } from "./spec.ts";

/** One real store with its credentials. */
export type StoreWorld = {
  /** May do what a migration needs, and no more. */
  readonly writer: StoreSpec;
  /** May issue a reader's credential too. */
  readonly operator: StoreSpec;
  /** With a wrong credential. */
  readonly stranger: StoreSpec;
  /** With a good credential and no right at the path; null where there is no such thing. */
  readonly forbidden: StoreSpec | null;
  /** At an address where nothing answers; null where there is no address. */
  readonly unreachable: StoreSpec | null;
  /** What no error may contain. */
  readonly credentials: readonly string[];
  stop(): Promise<void>;
};

export type StoreTraits = {
  /** Writers in other processes cannot lose each other's values. */
  readonly acrossProcesses: boolean;
  /** What `check` says of check-and-set. */
  readonly checkAndSet: boolean;
  /** Another credential opens nothing, and yet may write something new. */
  readonly strangersCreate?: boolean;
};

const ORIGIN = { runId: "20261125-000000-test", subject: "api" };
const WRITER = new URL("./writer.ts", import.meta.url).pathname;

/** What every provider must do; each case uses a subject of its own. */
export function providerConformance(name: string, makeWorld: () => Promise<StoreWorld>, traits: StoreTraits): void {
  describe(name, () => {
    let world: StoreWorld;
    let store: Provider;
    beforeAll(async () => {
      world = await makeWorld();
      store = await openSpec(world.writer);
    });
    afterAll(() => world?.stop());

    const subject = (): string => `api-${randomBytes(5).toString("hex")}`;
    const keyOf = (of: string, variable = "DB_PASSWORD"): StoreKey => store.key({ subject: of, project: "shop", name: variable });
    const fresh = (): Secret => Secret.of(randomBytes(18).toString("base64"));
    const put = (key: StoreKey, value: Secret, replace: string | null = null): Promise<{ version: string }> => store.put(key, value, replace, ORIGIN);
    /** The error of a call, proven to quote neither a value nor a credential. */
    const failure = async (act: Promise<unknown>, code: ErrorCode, ...values: Secret[]): Promise<UnsprawlError> => {
      const error = await act.then(
        () => new Error("it did not fail"),
        (one: unknown) => one,
      );
      const said = `${inspect(error, { depth: 9 })} ${JSON.stringify(error)} ${error instanceof UnsprawlError ? `${error.hint} ${String(error.cause)}` : ""}`;
      for (const secret of [...values.map((one) => one.expose().toString("utf8")), ...world.credentials]) {
        if (secret.length > 3) expect(said.includes(secret), "an error quotes a secret").toBe(false);
      }
      expect(error).toBeInstanceOf(UnsprawlError);
      expect((error as UnsprawlError).code, said).toBe(code);
      return error as UnsprawlError;
    };

    test("a name that was never written is absent: null, and nothing else", async () => {
      expect(await store.get(keyOf(subject()))).toBe(null);
      const key = keyOf(subject());
      await put(key, fresh());
      expect(await store.get({ ...key, field: `${key.field}_OTHER` })).toBe(null);
      expect(await store.remove({ ...key, field: `${key.field}_OTHER` }, () => true)).toBe(false);
    });

    test("what was written comes back, and a second creation is refused", async () => {
      const [key, value] = [keyOf(subject()), fresh()];
      const { version } = await put(key, value);
      expect(await store.get(key)).toEqual({ value, version });
      const other = fresh();
      await failure(put(key, other), "conflict", value, other);
      await failure(put(key, value), "conflict", value);
      expect((await store.get(key))?.value).toEqual(value);
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
      await put(key, value);
      expect((await store.get(key))?.value.equals(value)).toBe(true);
    });

    test("any text and any name comes back, or is refused with a reason", async () => {
      const of = subject();
      await fc.assert(
        fc.asyncProperty(fc.string({ unit: "grapheme", maxLength: 30 }), fc.string({ unit: "binary", maxLength: 60 }), async (variable, text) => {
          const value = Secret.of(text);
          let key: StoreKey;
          try {
            key = keyOf(of, variable);
            const there = await store.get(key);
            await put(key, value, there?.version ?? null);
          } catch (error) {
            expect((error as UnsprawlError).code, inspect(error)).toBe("refused");
            return;
          }
          expect((await store.get(key))?.value.equals(value)).toBe(true);
          expect(store.parse(store.reference(key))).toEqual(key);
        }),
        { numRuns: 40 },
      );
    });

    test.for(["A/B", "A.B", "A-B", "A B", "größe", "密码", "A%2FB", "A#B?c=d", "sops_", "true", "1"])("a variable called %s", async (variable) => {
      const [key, value] = [keyOf(subject(), variable), fresh()];
      await put(key, value);
      expect((await store.get(key))?.value).toEqual(value);
      expect(store.parse(store.reference(key))).toEqual(key);
      expect(await store.remove(key, (one) => one.equals(value))).toBe(true);
      expect(await store.get(key)).toBe(null);
    });

    test.for(["..", ".", "../../etc", "a/b", "a b", "größe", "%2e%2e", "sys/health", "{name}"])("a subject called %s stays below the store's place", async (of) => {
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
      expect((await store.get(key))?.value).toEqual(value);
      expect(store.parse(store.reference(key))).toEqual(key);
      await store.remove(key, () => true);
    });

    test("what a store cannot hold is refused with a reason", async () => {
      const nul = Secret.of(`${randomBytes(9).toString("hex")}\0${randomBytes(9).toString("hex")}`);
      expect((await failure(put(keyOf(subject()), nul), "refused", nul)).message).toMatch(/NUL/);
      const binary = Secret.of(Buffer.from([0xff, 0xfe, 0x41, 0xc3]));
      expect((await failure(put(keyOf(subject()), binary), "refused")).message).toMatch(/UTF-8/);
      expect(() => keyOf("")).toThrow(UnsprawlError);
      expect(() => keyOf(subject(), "")).toThrow(UnsprawlError);
    });

    test("siblings survive a write, a replacement and a removal", async () => {
      const of = subject();
      const [a, b, c] = [keyOf(of, "A"), keyOf(of, "B"), keyOf(of, "C")];
      const [one, two, three, four] = [fresh(), fresh(), fresh(), fresh()];
      await put(a, one);
      await put(b, two);
      await put(c, three);
      const stored = await store.get(b);
      await put(b, four, stored?.version ?? "");
      expect([await store.get(a), await store.get(b), await store.get(c)].map((found) => found?.value)).toEqual([one, four, three]);
      await store.remove(b, (value) => value.equals(four));
      expect([await store.get(a), await store.get(b), await store.get(c)].map((found) => found?.value)).toEqual([one, undefined, three]);
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
      expect((await store.get(key))?.value).toEqual(second);
    });

    test("removal takes only the value that is meant", async () => {
      const [key, value] = [keyOf(subject()), fresh()];
      await put(key, value);
      await failure(
        store.remove(key, () => false),
        "conflict",
        value,
      );
      expect((await store.get(key))?.value).toEqual(value);
      expect(await store.remove(key, (one) => one.equals(value))).toBe(true);
      expect(await store.remove(key, () => true)).toBe(false);
      expect(await store.get(key)).toBe(null);
      await put(key, value);
      expect((await store.get(key))?.value).toEqual(value);
    });

    test("eight writers of different names at once: all survive", async () => {
      const of = subject();
      const pairs = Array.from({ length: 8 }, (_, index) => [keyOf(of, `N${index}`), fresh()] as const);
      await Promise.all(pairs.map(async ([key, value]) => (await openSpec(world.writer)).put(key, value, null, ORIGIN)));
      for (const [key, value] of pairs) expect((await store.get(key))?.value).toEqual(value);
    });

    test("eight creators of one name at once: exactly one wins, the others are told", async () => {
      const key = keyOf(subject());
      const values = Array.from({ length: 8 }, fresh);
      const done = await Promise.all(values.map(async (value) => (await openSpec(world.writer)).put(key, value, null, ORIGIN).then(() => value, codeOf)));
      const winners = done.filter((one) => one instanceof Secret);
      expect(done.filter((one) => one === "conflict")).toHaveLength(7);
      expect(winners).toEqual([(await store.get(key))?.value]);
    });

    test.runIf(traits.acrossProcesses)("writers in other processes: all survive, and of one name one wins", async () => {
      const of = subject();
      const results = await Promise.all(["a", "b", "c"].map((who) => writer(world.writer, of, who, 5).ended));
      for (const who of ["a", "b", "c"]) {
        for (let at = 0; at < 5; at++) expect((await store.get(keyOf(of, `${who}${at}`)))?.value.length).toBe(24);
      }
      expect(results.flat().filter((line) => line === "SHARED written")).toHaveLength(1);
      expect(results.flat().filter((line) => line === "SHARED conflict")).toHaveLength(2);
    });

    test("a writer that is killed at any moment leaves whole values, and no lock that blocks", { timeout: 120_000 }, async () => {
      const of = subject();
      const kept = fresh();
      await put(keyOf(of, "KEPT"), kept);
      for (let round = 0; round < 6; round++) {
        const { child, ended, begun } = writer(world.writer, of, `r${round}-`, 1000);
        await begun;
        await sleep(20 + round * 17);
        child.kill("SIGKILL");
        const written = (await ended).filter((line) => line.startsWith(`r${round}-`));
        for (const variable of written) expect((await store.get(keyOf(of, variable)))?.value.length).toBe(24);
        expect((await store.get(keyOf(of, "KEPT")))?.value).toEqual(kept);
        await put(keyOf(of, `AFTER${round}`), fresh());
      }
    });

    test("a wrong credential is denied, not absent", async () => {
      const [key, value] = [keyOf(subject()), fresh()];
      await put(key, value);
      const stranger = await openSpec(world.stranger);
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
      expect((await store.get(key))?.value).toEqual(value);
    });

    test("forbidden is told apart from absent, and names what is missing", async ({ skip }) => {
      if (world.forbidden === null) return skip("this store has no rights beside its credential");
      const [key, value] = [keyOf(subject()), fresh()];
      await put(key, value);
      const forbidden = await openSpec(world.forbidden);
      for (const act of [forbidden.get(key), forbidden.get(keyOf(subject())), forbidden.put(key, value, null, ORIGIN)]) {
        expect((await failure(act, "denied", value)).hint).toMatch(/path ".*" \{ capabilities = \[.*\] \}/);
      }
    });

    test("a store that does not answer is unreachable, not absent", async ({ skip }) => {
      if (world.unreachable === null) return skip("this store has no address");
      const away = await openSpec(world.unreachable);
      const value = fresh();
      expect((await failure(away.get(keyOf(subject())), "unreachable")).hint).toBeTruthy();
      await failure(away.put(keyOf(subject()), value, null, ORIGIN), "unreachable", value);
      expect(await away.check()).toMatchObject([{ right: "reach", ok: false }]);
    });

    test("references lead back to their key, and others' are not taken", async () => {
      const key = keyOf(subject());
      const reference = store.reference(key);
      expect(reference).toMatch(/^ref\+[a-z]+:\/\/[^\s]+#\/DB_PASSWORD$|^ref\+sops:\/\/\/[^\s]+#\/[^\s]+$/);
      expect(store.parse(reference)).toEqual(key);
      for (const other of ["plain", "", "ref+echo://x#/y", "ref+file:///etc/passwd", reference.slice(4)]) expect(store.parse(other)).toBe(null);
      expect(() => store.parse(reference.slice(0, reference.indexOf("#")))).toThrow(UnsprawlError);
      expect(() => store.parse(`${reference}%`)).toThrow(UnsprawlError);
    });

    test("the target opens the same store again, and holds no credential", async () => {
      const { provider, env } = world.writer;
      const text = JSON.stringify(store.target);
      for (const credential of world.credentials) expect(text).not.toContain(credential);
      const again = await openSpec({ provider, env, config: store.target.settings, dir: tmpdir() });
      expect(again.target).toEqual(store.target);
    });

    test("check tries every right and leaves nothing", async () => {
      const lines = await store.check();
      expect(lines.map((line) => line.right)).toEqual(["reach", "authenticate", "write", "read", "check-and-set", "delete"]);
      expect(lines.filter((line) => !line.ok).map((line) => line.right)).toEqual(traits.checkAndSet ? [] : ["check-and-set"]);
      for (const line of lines) expect(line.hint === null).toBe(line.ok);
    });

    test("an issued reader reads what is there and writes nothing", async () => {
      const operator = await openSpec(world.operator);
      const [key, value] = [keyOf(subject()), fresh()];
      await operator.put(key, value, null, ORIGIN);
      const { config, files } = await operator.issueReader();
      expect(JSON.stringify({ config, files })).not.toContain(world.credentials[0]);
      const dir = mkdtempSync(join(tmpdir(), "unsprawl-reader-"));
      try {
        // As the OCI runtime does: nothing of the environment, files beside the configuration.
        const reader = await openSpec({ provider: world.operator.provider, config: placed(config, files, dir), env: {}, dir });
        expect((await reader.get(key))?.value).toEqual(value);
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
      expect((await store.get(key))?.value).toEqual(value);
    });
  });
}

/** Writes the reader's files and puts their folder into its configuration. */
export function placed(config: { readonly [key: string]: Json }, files: readonly ReaderFile[], dir: string): { readonly [key: string]: Json } {
  mkdirSync(dir, { recursive: true });
  for (const { name, content } of files) writeFileSync(join(dir, name), content.expose(), { mode: 0o600 });
  return JSON.parse(JSON.stringify(config).replaceAll("{dir}", dir)) as { [key: string]: Json };
}

/** Another process that writes `count` values of 24 bytes, then tries SHARED; gives a line for each that is stored. */
function writer(spec: StoreSpec, subject: string, prefix: string, count: number) {
  const child = spawn(process.execPath, [WRITER], { stdio: ["pipe", "pipe", "inherit"] });
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

function codeOf(error: unknown): string {
  return error instanceof UnsprawlError ? error.code : String(error);
}
