/** Somebody has a copy of the state folder: a backup of root's home, a stolen disk. */
import { execFileSync, spawn } from "node:child_process";
import { createDecipheriv, createHmac, hkdfSync, randomBytes } from "node:crypto";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readJournal } from "../../src/core/journal/journal.ts";
import { openSealedKey, sealKey } from "../../src/core/journal/sealed-key.ts";
import { loadFingerprintKey, stateDir } from "../../src/core/journal/state.ts";
import { FORGOTTEN, isValueOf, ROTATED, traceOf } from "../../src/core/journal/trace.ts";
import { fingerprint, fingerprintKey, keyedDigest } from "../../src/model/fingerprint.ts";
import { Secret } from "../../src/model/secret.ts";
import { readSealed, writeSealed } from "../../src/kit/io/sealed.ts";
import { migrate, password } from "../migrations/files-world.ts";
import { installationOf } from "../support/signed.ts";
import { makeWorld } from "../support/world.ts";

const world = makeWorld("unix:///nonexistent");
const stolen = mkdtempSync(join(tmpdir(), "unsprawl-stolen-"));
afterAll(() => {
  world.remove();
  rmSync(stolen, { recursive: true, force: true });
});

/** Weak, and known to the guesser but for four digits. */
const weak = `sunshine${String(Math.floor(Math.random() * 10_000)).padStart(4, "0")}`;
const file = join(world.dir, "app.env");
const before = `POSTGRES_PASSWORD=${weak}\nNOTE=${password()}\n`;
let run = "";

/** As a host has it that systemd started; null where nothing can be sealed. */
const sealedKey = sealKey(randomBytes(32), true);
const host = sealedKey !== null;

beforeAll(async () => {
  if (host) writeFileSync(join(stateDir(world.env), "fingerprint.cred"), sealedKey, { mode: 0o600 });
  writeFileSync(file, before);
  const moved = await migrate(world, `env:${file}`, ["--only", "POSTGRES_PASSWORD"]);
  expect(moved.ran.code, moved.ran.stderr).toBe(0);
  ({ run } = moved);
  cpSync(join(world.dir, "state/unsprawl"), stolen, { recursive: true });
});

const sealedCopy = (dir: string): string => {
  const folder = join(dir, "runs", `${run}-files`);
  return join(folder, readdirSync(folder)[0] ?? "");
};

/** All that could be a key as it lies in a folder, each tried as it is. */
const keysIn = (dir: string): Buffer[] =>
  readdirSync(dir)
    .filter((name) => statSync(join(dir, name)).isFile())
    .flatMap((name) => {
      const bytes = readFileSync(join(dir, name));
      return [bytes, bytes.subarray(0, 32), Buffer.from(bytes.toString("latin1"), "base64")];
    });

describe("a copy of the state folder", () => {
  it("has the key sealed to this host where it can be, else for its owner alone", () => {
    const names = readdirSync(stolen).filter((name) => name.startsWith("fingerprint."));
    expect(names).toEqual([host ? "fingerprint.cred" : "fingerprint.key"]);
    const kept = join(stolen, names[0] ?? "");
    expect(statSync(join(world.dir, "state/unsprawl", names[0] ?? "")).mode & 0o777).toBe(0o600);
    const { key } = installationOf(world);
    const clear = keysIn(stolen).some((bytes) => bytes.equals(key.secret.export()));
    expect(clear).toBe(!host);
    if (!host) return;
    // One that this host did not seal, or sealed for another purpose, is not taken for the key.
    writeFileSync(join(stolen, "other.cred"), readFileSync(kept).subarray(0, 60));
    expect(() => openSealedKey(join(stolen, "other.cred"))).toThrow(
      expect.objectContaining({ code: "denied" }) as Error,
    );
    rmSync(join(stolen, "other.cred"));
  });

  it("confirms no guess by what lies in it, where the key is sealed", () => {
    if (!host) return; // what remains there is said by doctor, see below
    const journal = readFileSync(join(stolen, "runs", `${run}.jsonl`), "utf8");
    const guess = (key: Buffer): string => createHmac("sha256", key).update(weak).digest("hex").slice(0, 32);
    for (const key of keysIn(stolen)) expect(journal).not.toContain(guess(key));
    const { key } = installationOf(world);
    expect(journal).toContain(fingerprint(Secret.of(weak), key)); // what the guesser would need
  });

  it("doctor says in a line what a copy gives away", async () => {
    const { stdout } = await world.unsprawl(["doctor", "--no-residue", "--json"]);
    const { checks } = JSON.parse(stdout) as { checks: { name: string; text: string }[] };
    expect(checks.find(({ name }) => name === "state")?.text).toContain(
      host ? "sealed to this host" : "lets weak values be guessed",
    );
  });

  it("has a sealed copy that no quick derivation opens, even for one who knows key and value", () => {
    const text = readFileSync(sealedCopy(stolen), "utf8");
    const parts = JSON.parse(text) as { readonly [name: string]: string };
    expect(parts).toMatchObject({ version: 2, kdf: "scrypt", N: 32_768, r: 8, p: 1 });
    const part = (name: string): Buffer => Buffer.from(parts[name] ?? "", "base64");
    expect(part("salt")).toHaveLength(16);
    const { key } = installationOf(world);
    const digest = keyedDigest(Buffer.concat([Buffer.from("sealed\0"), Buffer.from(weak)]), key);
    const quick = Buffer.from(hkdfSync("sha256", digest, part("salt"), "unsprawl sealed file", 32));
    const decipher = createDecipheriv("aes-256-gcm", quick, part("iv"));
    decipher.setAuthTag(part("tag"));
    expect(() => Buffer.concat([decipher.update(part("data")), decipher.final()])).toThrow(/authenticate/);
    expect(readSealed(sealedCopy(stolen), [Secret.of(weak)], key)?.toString()).toContain("NOTE");
  });
});

it("a sealed file takes all values and the key, and says nothing of what a guess may cost", async () => {
  const [a, b] = [Secret.of(password()), Secret.of(password())];
  const key = fingerprintKey(Buffer.alloc(32, 5));
  const sealed = join(stolen, "one.sealed");
  await writeSealed(sealed, Buffer.from("bytes"), [a, b], key);
  expect(readSealed(sealed, [b, a], key)?.toString()).toBe("bytes");
  const malformed = expect.objectContaining({ code: "malformed" }) as Error;
  for (const [values, by] of [
    [[a], key],
    [[], key],
    [[a, b], fingerprintKey(Buffer.alloc(32, 6))],
  ] as const)
    expect(() => readSealed(sealed, values, by)).toThrow(malformed);
  // Files of the same values share what takes so long, a salt of our choice; never the salt that a file came with.
  const again = join(stolen, "two.sealed");
  const header = (file: string): { readonly [name: string]: string } =>
    JSON.parse(readFileSync(file, "utf8")) as { readonly [name: string]: string };
  await writeSealed(again, Buffer.from("bytes"), [b, a], key);
  await writeSealed(join(stolen, "three.sealed"), Buffer.from("bytes"), [a, b], key);
  expect(header(join(stolen, "three.sealed"))["salt"]).toBe(header(again)["salt"]);
  expect(header(join(stolen, "three.sealed"))["iv"]).not.toBe(header(again)["iv"]);
  expect(readSealed(sealed, [a, b], key)?.toString()).toBe("bytes");
  await writeSealed(again, Buffer.from("bytes"), [a, b], key);
  expect(header(again)["salt"]).not.toBe(header(sealed)["salt"]);
  // A header that asks for next to nothing, or for all memory, changes nothing.
  for (const N of [2, 2 ** 30]) {
    writeFileSync(sealed, JSON.stringify({ ...(JSON.parse(readFileSync(sealed, "utf8")) as object), N }));
    expect(readSealed(sealed, [a, b], key)?.toString()).toBe("bytes");
  }
  writeFileSync(sealed, readFileSync(sealed, "utf8").replace('"version":2', '"version":1'));
  expect(() => readSealed(sealed, [a, b], key)).toThrow(malformed);
});

describe("after scrub", () => {
  it("nothing remains by which a value could be confirmed, and the run can still be read", async () => {
    const { key, ...here } = installationOf(world);
    const scrubbed = await world.unsprawl(["scrub", run, "--accept", "key-backup"]);
    expect(scrubbed.code, scrubbed.stderr).toBe(0);
    const { plan, receipts } = readJournal({ ...here, key }, run);
    const text = readFileSync(join(here.state, "runs", `${run}.jsonl`), "utf8");
    for (const print of [fingerprint(Secret.of(weak), key), keyedDigest(before, key)]) {
      expect(text).not.toContain(print);
      expect(text).not.toContain(print.slice(0, 12));
    }
    expect(text).not.toMatch(/"length":[1-9]|"fingerprint":"[0-9a-f]/);
    expect(existsSync(join(here.state, "runs", `${run}-files`))).toBe(false);
    expect(readdirSync(join(here.state, "runs"))).toEqual([`${run}.jsonl`]);
    expect(receipts.at(-1)).toMatchObject({ step: "scrub", state: "done" });
    expect(plan.steps.length).toBeGreaterThan(0);
  });

  it("runs, doctor and scan still know what became of it", async () => {
    const runs = await world.unsprawl(["runs", "--json"]);
    expect(JSON.parse(runs.stdout)).toMatchObject({ runs: [{ run, state: "scrubbed", error: null }] });
    const rotation = async (): Promise<string[]> => {
      const { stdout } = await world.unsprawl(["doctor", "--no-residue", "--json"]);
      const { checks } = JSON.parse(stdout) as { checks: { name: string; text: string }[] };
      return checks.filter(({ name }) => name === "rotation").map(({ text }) => text);
    };
    expect((await rotation())[0]).toBe("POSTGRES_PASSWORD of app.env was exposed until moved, and is not rotated yet");
    writeFileSync(file, before);
    const { stdout } = await world.unsprawl(["scan", `env:${file}`, "--json", "--fail-on", "never"]);
    const { findings } = JSON.parse(stdout) as { findings: { name: string; state: string }[] };
    expect(findings.find(({ name }) => name === "POSTGRES_PASSWORD")?.state).toBe("regressed");
  });

  it("a trace is of its value and its key, and slow; what is forgotten is nobody's", () => {
    const key = fingerprintKey(Buffer.alloc(32, 5));
    const value = Secret.of(weak);
    const trace = traceOf(value, key);
    expect(trace).toMatch(/^scrubbed:[0-9a-f]{16}:[0-9a-f]{4}$/);
    expect(traceOf(value, key)).not.toBe(trace);
    expect(isValueOf(trace, value, key)).toBe(true);
    // Of 65,536 values one looks the same: of three none, almost surely.
    const others = [`${weak}x`, `x${weak}`, weak.slice(1)].map((text) => Secret.of(text));
    expect(others.filter((other) => isValueOf(trace, other, key)).length).toBeLessThan(3);
    for (const gone of [FORGOTTEN, ROTATED]) expect(isValueOf(gone, value, key)).toBe(false);
    expect(isValueOf(fingerprint(value, key), value, key)).toBe(true);
  });
});

it("a key that a fleet shares is used as it is, and none is made", () => {
  const dir = mkdtempSync(join(tmpdir(), "unsprawl-shared-"));
  const shared = join(dir, "fleet.key");
  writeFileSync(shared, Buffer.alloc(32, 9));
  const env = { XDG_STATE_HOME: dir, UNSPRAWL_FINGERPRINT_KEY_FILE: shared };
  expect(loadFingerprintKey(env).id).toBe(fingerprintKey(Buffer.alloc(32, 9)).id);
  expect(readdirSync(stateDir(env))).toEqual([]);
  rmSync(dir, { recursive: true });
});

describe("the key", () => {
  const folder = (): string => mkdtempSync(join(stolen, "key-"));
  const sealIt = (key: Buffer): Buffer | null => sealKey(key, true);

  it("is not sealed to a host whose own key does not last", () => {
    expect(sealKey(Buffer.alloc(32, 1), false)).toBeNull();
    const env = { XDG_STATE_HOME: folder() };
    const { id } = loadFingerprintKey(env, () => null);
    expect(existsSync(join(stateDir(env), "fingerprint.key"))).toBe(true);
    expect(loadFingerprintKey(env, sealIt).id).toBe(id);
  });

  it("is the same for all that start at once, whichever of them can seal it", async () => {
    const dir = folder();
    const from = (file: string): string =>
      JSON.stringify(new URL(`../../src/core/journal/${file}.ts`, import.meta.url).href);
    const start = async (seals: boolean): Promise<string> => {
      const seal = seals ? "(key) => sealKey(key, true)" : "() => null";
      const code = `import { loadFingerprintKey } from ${from("state")}; import { sealKey } from ${from("sealed-key")};
        process.stdout.write(loadFingerprintKey({ XDG_STATE_HOME: ${JSON.stringify(dir)} }, ${seal}).id);`;
      const child = spawn(process.execPath, ["--input-type=module", "-e", code], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      return (await child.stdout.toArray()).join("");
    };
    const ids = await Promise.all([true, false, true, false].map(start));
    expect(ids).toEqual(Array(4).fill(loadFingerprintKey({ XDG_STATE_HOME: dir }).id));
    const names = readdirSync(join(dir, "unsprawl")).filter((name) => name.startsWith("fingerprint."));
    expect(names).toHaveLength(1);
  });

  it("that is sealed counts before one in the clear, and can be exported to keep a copy", () => {
    if (!host) return; // nothing can be sealed here
    const env = { XDG_STATE_HOME: folder() };
    const { id } = loadFingerprintKey(env, sealIt);
    writeFileSync(join(stateDir(env), "fingerprint.key"), Buffer.alloc(32, 7));
    expect(loadFingerprintKey(env).id).toBe(id);
    const cred = join(stateDir(env), "fingerprint.cred");
    const copy = execFileSync("/usr/bin/systemd-creds", ["decrypt", "--name=unsprawl.fingerprint-key", cred, "-"]);
    const kept = join(env.XDG_STATE_HOME, "kept.key");
    writeFileSync(kept, copy);
    expect(loadFingerprintKey({ ...env, UNSPRAWL_FINGERPRINT_KEY_FILE: kept }).id).toBe(id);
  });
});
