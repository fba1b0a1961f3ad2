import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { openConfigured } from "../../../src/assembly/open-store.ts";
import type { Provider } from "../../../src/contract/provider.ts";
import { Secret } from "../../../src/model/secret.ts";
import {
  ageKey,
  identityFile,
  newIdentity,
  openGroups,
  temporaryIdentity,
  type SopsKey,
} from "../../../src/stores-kit/sops/index.ts";
import { wrapForGroups } from "../../../src/stores-kit/sops/keys.ts";
import { realSops, type RealSops } from "./real.ts";

/** Who can open what is added to a file: those that it is encrypted for now, and nobody who could once. */

let real: RealSops;
let other: Awaited<ReturnType<typeof newIdentity>>;
let dir: string;
let file: string;
beforeAll(async () => {
  real = await realSops();
  other = await newIdentity();
});
beforeEach(() => {
  dir = mkdtempSync(join(real.dir, "case-"));
  file = join(dir, "api.sops.yaml");
});
afterAll(() => real?.remove());

const open = (home = dir): Promise<Provider> =>
  openConfigured(
    "here",
    { provider: "local", dir, keys: { file: "{subject}.sops.yaml" } },
    { HOME: home, SOPS_AGE_KEY_FILE: join(real.dir, "age/keys.txt") },
  );
const keyOf = (store: Provider, name: string): ReturnType<Provider["key"]> =>
  store.key({ subject: "api", project: "", name });
async function put(name: string, recipients?: readonly string[], home = dir): Promise<string> {
  const store = await open(home);
  const planned = recipients === undefined ? {} : { recipients };
  await store.put(keyOf(store, name), Secret.of(`value of ${name}`), null, { runId: "r", subject: "api", ...planned });
  return readFileSync(file, "utf8");
}
function rule(...recipients: readonly string[]): void {
  writeFileSync(join(dir, ".sops.yaml"), JSON.stringify({ creation_rules: [{ age: recipients.join(",") }] }));
}
/** Made by somebody else, for these. */
function theirs(...recipients: readonly string[]): void {
  writeFileSync(file, "# of theirs\nA: a\n");
  real.sops(["encrypt", "--age", recipients.join(","), "-i", file]);
}
async function preview(name = "NEW"): Promise<{ readonly notes: string; readonly recipients: readonly string[] }> {
  const store = await open();
  const { notes = [], recipients = [] } = (await store.mayPut?.(keyOf(store, name))) ?? {};
  return { notes: notes.join("\n"), recipients };
}
/** The file with the values that it has now and the wrapped keys that it had: what one reads who has kept the data key. */
function withKeysOf(before: string, now: string): string {
  const keys = /^ {4}age:\n(?: {8}.*\n)+/m;
  return now.replace(keys, keys.exec(before)?.[0] ?? "");
}
function asKeeper(text: string): () => Buffer {
  const copy = join(dir, "kept.sops.yaml");
  const keyFile = join(dir, "other.txt");
  writeFileSync(copy, text);
  writeFileSync(keyFile, identityFile(other));
  return () => real.sops(["decrypt", copy], { SOPS_AGE_KEY_FILE: keyFile });
}
const NEW_KEY = /gets a new data key, and every value in it is encrypted again/;

test("a file of somebody else gets a new data key with the first value, which its maker does not have; all recipients stay", async () => {
  theirs(real.recipient, other.recipient);
  const before = readFileSync(file, "utf8");
  expect(asKeeper(before)().toString()).toContain("A: a");
  const { notes, recipients } = await preview();
  expect(notes).toMatch(NEW_KEY);
  expect(notes).toMatch(/is encrypted for age age1\w+ too, which the store's settings do not name/);
  expect(recipients).toEqual([`age ${other.recipient}`]);
  const after = await put("NEW", recipients);
  expect(real.whole(file)).toEqual({ A: "a", NEW: "value of NEW" });
  expect(asKeeper(after)().toString()).toContain("NEW: value of NEW");
  expect(asKeeper(withKeysOf(before, after))).toThrow(/sops decrypt/);
});

test("once the data key is ours a value changes nothing but itself, until the file's keys are wrapped by somebody else", async () => {
  rule(real.recipient, other.recipient);
  const lines = (text: string): string[] => text.split("\n").filter((line) => !/^ {4}(mac|lastmodified): /.test(line));
  const first = await put("A");
  expect((await preview()).notes).not.toMatch(NEW_KEY);
  const second = await put("B");
  expect(lines(second).filter((line) => !line.startsWith("B: "))).toEqual(lines(first));
  // Another machine has no record of it.
  const elsewhere = join(dir, "elsewhere");
  mkdirSync(elsewhere);
  const third = await put("C", undefined, elsewhere);
  expect(asKeeper(withKeysOf(second, third))).toThrow(/sops decrypt/);
  expect((await preview()).notes).toMatch(NEW_KEY);
});

test("somebody was removed without a new data key: with the next value it gets one", async () => {
  rule(real.recipient, other.recipient);
  const before = await put("A");
  rule(real.recipient);
  const store = await open();
  await store.rewrap?.((await store.rewraps?.()) ?? []);
  const removed = readFileSync(file, "utf8");
  // What was removed still opens what is there: only a new data key ends that.
  expect(asKeeper(withKeysOf(before, removed))().toString()).toContain("A: value of A");
  const after = await put("B", []);
  expect(asKeeper(withKeysOf(before, after))).toThrow(/sops decrypt/);
  expect(real.whole(file)).toEqual({ A: "value of A", B: "value of B" });
});

test("a file whose keys cannot all be wrapped keeps its data key, and the plan says who may have it", async () => {
  theirs(real.recipient);
  const armored = `-----BEGIN PGP MESSAGE-----\n\n${"hF4DAAAA/+=".repeat(6)}\n=AAAA\n-----END PGP MESSAGE-----`;
  const lines = armored.split("\n").map((line) => (line === "" ? "" : `            ${line}`));
  const entry = ["    pgp:", '        - created_at: "2026-01-02T03:04:05Z"', "          enc: |-", ...lines];
  const fp = '          fp: "85D77543B3D624B63CEA9E6DBC17301B491B3F21"';
  writeFileSync(file, readFileSync(file, "utf8").replace(/^ {4}age:$/m, [...entry, fp, "    age:"].join("\n")));
  const { notes, recipients } = await preview();
  expect(notes).toMatch(/keeps its data key, which whoever made the file or could ever open it may have .*pgp 85D7/);
  expect(notes).toContain(`sops rotate -i ${file}`);
  expect(recipients).toContain("anyone who has kept its data key");
  await put("NEW", recipients);
  expect(real.whole(file)).toEqual({ A: "a", NEW: "value of NEW" });
  // Not what a plan says that expects a new one.
  await expect(put("MORE", ["pgp 85D77543B3D624B63CEA9E6DBC17301B491B3F21"])).rejects.toMatchObject({
    code: "changed",
  });
});

describe("those who can read it are not those of the plan: nothing is written", () => {
  test("the rule of a new file was changed", async () => {
    rule(real.recipient);
    const { recipients } = await preview();
    rule(real.recipient, other.recipient);
    await expect(put("NEW", recipients)).rejects.toMatchObject({
      code: "changed",
      message: expect.stringContaining(`: + age ${other.recipient}`) as string,
      hint: "unsprawl plan again",
    });
    expect(() => readFileSync(file)).toThrow("ENOENT");
  });

  test("the file was encrypted for somebody else", async () => {
    rule(real.recipient);
    await put("A");
    const { recipients } = await preview();
    rule(real.recipient, other.recipient);
    real.sops(["--config", join(dir, ".sops.yaml"), "updatekeys", "-y", file]);
    const text = readFileSync(file, "utf8");
    await expect(put("NEW", recipients)).rejects.toMatchObject({ code: "changed" });
    expect(readFileSync(file, "utf8")).toBe(text);
  });

  test("what stores rewrap has shown is not what the rule says by now", async () => {
    rule(real.recipient);
    await put("A");
    const store = await open();
    const shown = (await store.rewraps?.()) ?? [];
    const text = readFileSync(file, "utf8");
    rule(real.recipient, other.recipient);
    expect(await store.rewrap?.(shown)).toMatchObject([{ file, error: { code: "changed" } }]);
    expect(readFileSync(file, "utf8")).toBe(text);
  });
});

test("of several key groups those are opened first that ask nobody, wherever they stand", async () => {
  const dataKey = Buffer.alloc(32, 1);
  const [mine, asked]: [Awaited<ReturnType<typeof newIdentity>>, string[]] = [other, []];
  const service = {
    wrap: async (fields: object, part: Buffer) => ({ ...fields, enc: part.toString("base64") }),
    unwrap: async (fields: { readonly [name: string]: unknown }) => {
      asked.push(String(fields["arn"]));
      return Buffer.from(String(fields["enc"]), "base64");
    },
  };
  const identities = { ...temporaryIdentity(), load: async () => [{ ...mine, from: "memory" }] };
  const holders = { identities, service: async () => service, first: "age" };
  const kms = (arn: string): readonly SopsKey[] => [{ kind: "kms", fields: { arn } }];
  const split = { groups: [kms("a"), kms("b"), [ageKey(mine.recipient)]], threshold: 2 };
  const wrapped = await wrapForGroups(dataKey, split, holders);
  expect((await openGroups(wrapped, "file", holders)).equals(dataKey)).toBe(true);
  expect(asked).toEqual(["a"]);
});

test("an identity that comes with the first value is nobody else", async () => {
  const nobody = { provider: "local", dir, keys: { file: "{subject}.sops.yaml" } };
  const store = await openConfigured("here", nobody, { HOME: join(dir, "new") });
  const { recipients = ["?"] } = (await store.mayPut?.(keyOf(store, "A"))) ?? {};
  expect(recipients).toEqual([]);
  for (const name of ["A", "B"])
    await store.put(keyOf(store, name), Secret.of("x"), null, { runId: "r", subject: "api", recipients });
  rmSync(file);
});

test("rules are said, and refuse at planning what they would leave in plain text; what is there in plain text is no secret", async () => {
  const cut = { age: real.recipient, encrypted_regex: "^TOKEN", mac_only_encrypted: true };
  writeFileSync(join(dir, ".sops.yaml"), JSON.stringify({ creation_rules: [cut] }));
  const { notes } = await preview("TOKEN_A");
  expect(notes).toContain("will be encrypted with encrypted_regex: ^TOKEN, as rule 1 of ");
  expect(notes).toContain("will be encrypted with mac_only_encrypted: true, as rule 1 of ");
  const refused = { code: "refused", message: expect.stringContaining("encrypted_regex: ^TOKEN") as string };
  await expect(preview("PASSWORD")).rejects.toMatchObject(refused);
  await put("TOKEN_A");
  await expect(preview("PASSWORD")).rejects.toMatchObject(refused);
  // The MAC leaves it out, so that no key is needed to write it.
  writeFileSync(file, readFileSync(file, "utf8").replace(/^TOKEN_A/m, "PASSWORD: mine\nTOKEN_A"));
  expect(real.whole(file)).toEqual({ PASSWORD: "mine", TOKEN_A: "value of TOKEN_A" });
  const store = await open();
  expect((await store.get(keyOf(store, "TOKEN_A")))?.value.exposeText()).toBe("value of TOKEN_A");
  await expect(store.get(keyOf(store, "PASSWORD"))).rejects.toMatchObject(refused);
});
