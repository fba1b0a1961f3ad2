import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { openConfigured } from "../../../src/assembly/open-store.ts";
import type { Provider } from "../../../src/contract/provider.ts";
import { Secret } from "../../../src/model/secret.ts";
import { newIdentity } from "../../../src/stores-kit/sops/index.ts";
import { realSops, type RealSops } from "./real.ts";

/** `.sops.yaml`: the same rule for the same file as the real sops, and a plain no where a rule cannot be met. */

let real: RealSops;
let second: string;
let dir: string;
beforeAll(async () => {
  real = await realSops();
  second = (await newIdentity()).recipient;
});
beforeEach(() => {
  dir = mkdtempSync(join(real.dir, "case-"));
});
afterAll(() => real?.remove());

const FINGERPRINT = "85D77543B3D624B63CEA9E6DBC17301B491B3F21";

/** The store `local` with one file below the case's folder. */
const open = (file: string): Promise<Provider> =>
  openConfigured(
    "here",
    { provider: "local", dir, keys: { file } },
    { HOME: real.dir, SOPS_AGE_KEY_FILE: join(real.dir, "age/keys.txt") },
  );
async function put(file: string, name = "PASSWORD", value = "x"): Promise<string> {
  const store = await open(file);
  const key = store.key({ subject: "api", project: "", name });
  await store.put(key, Secret.of(value), null, { runId: "r", subject: "api" });
  return readFileSync(key.path, "utf8");
}
function rules(...rows: readonly object[]): void {
  writeFileSync(join(dir, ".sops.yaml"), JSON.stringify({ creation_rules: rows }));
}
const both = (): string => [real.recipient, second].join(",");

/** What the metadata says, without times and keys. */
function said(text: string): readonly unknown[] {
  const of = (pattern: RegExp): readonly string[] => Array.from(text.matchAll(pattern), ([, found = ""]) => found);
  return [
    of(/recipient: "?(age1\w+)/g).toSorted(),
    of(/^ +((?:un)?encrypted_(?:suffix|regex): .*|mac_only_encrypted: .*)$/gm).map((line) => line.replaceAll('"', "")),
  ];
}

describe("the same rule as sops takes", () => {
  const cases: { readonly [name: string]: () => readonly object[] } = {
    "the first that matches": () => [
      { path_regex: "prod/.*", age: both() },
      { path_regex: String.raw`\.sops\.yaml$`, age: real.recipient },
      { age: second },
    ],
    "by the path below its own folder": () => [{ path_regex: "^below/", age: both() }, { age: real.recipient }],
    "one without a path": () => [{ age: [real.recipient, ` ${second} `] }],
    encrypted_regex: () => [{ age: both(), encrypted_regex: "^(PASS|TOKEN)" }],
    "unencrypted_regex and the MAC of what is encrypted": () => [
      { age: both(), unencrypted_regex: "^PUBLIC_", mac_only_encrypted: true },
    ],
    encrypted_suffix: () => [{ age: real.recipient, encrypted_suffix: "WORD" }],
    "a group that merges others": () => [
      { key_groups: [{ merge: [{ age: [real.recipient] }, { age: [second] }], age: [real.recipient] }] },
    ],
  };
  test.for(Object.entries(cases))("%s", async ([, rows]) => {
    mkdirSync(join(dir, "below"));
    rules(...rows());
    const text = await put("below/ours.sops.yaml");
    const plain = join(dir, "below/theirs.sops.yaml");
    writeFileSync(plain, "api:\n    PASSWORD: x\n");
    real.sops(["--config", join(dir, ".sops.yaml"), "encrypt", "-i", plain]);
    expect(said(text)).toEqual(said(readFileSync(plain, "utf8")));
    expect(real.whole(join(dir, "below/ours.sops.yaml"))).toEqual({ api: { PASSWORD: "x" } });
  });
});

test("the rules are those above the file, wherever one stands; sops takes those above its working directory", async () => {
  mkdirSync(join(dir, "elsewhere"));
  rules({ age: both() });
  const below = { creation_rules: [{ age: real.recipient }] };
  writeFileSync(join(dir, "elsewhere/.sops.yaml"), JSON.stringify(below));
  writeFileSync(join(dir, "theirs.sops.yaml"), "a: b\n");
  const theirs = (cwd: string): string =>
    real.sops(["encrypt", join(dir, "theirs.sops.yaml")], {}, cwd).toString("utf8");
  const recipients = (text: string): unknown => said(text)[0];
  expect(recipients(theirs(dir))).toEqual([real.recipient, second].toSorted());
  expect(recipients(theirs(join(dir, "elsewhere")))).toEqual([real.recipient]);
  expect(recipients(await put("api.sops.yaml"))).toEqual([real.recipient, second].toSorted());
});

test("the nearest file counts, and a file that no rule matches has the store's own key alone", async () => {
  rules({ age: both() });
  mkdirSync(join(dir, "below/deep"), { recursive: true });
  writeFileSync(join(dir, "below/.sops.yaml"), JSON.stringify({ creation_rules: [{ path_regex: "x$", age: second }] }));
  expect(said(await put("below/deep/api.sops.yaml"))[0]).toEqual([real.recipient]);
  expect(said(await put("api.sops.yaml"))[0]).toEqual([real.recipient, second].toSorted());
});

test("a value added to a file keeps its keys, whatever the rules say by now", async () => {
  rules({ age: both() });
  await put("api.sops.yaml");
  rules({ age: real.recipient });
  expect(said(await put("api.sops.yaml", "SECOND"))[0]).toEqual([real.recipient, second].toSorted());
});

test("the plan says for whom a rule encrypts a new file, and refuses what would be refused", async () => {
  rules({ age: both() });
  const store = await open("api.sops.yaml");
  const key = store.key({ subject: "api", project: "", name: "A" });
  const note = /will be encrypted for age .*, age .*, as rule 1 of .*\.sops\.yaml says$/;
  expect(await store.mayPut?.(key)).toEqual({ notes: [expect.stringMatching(note)], recipients: [`age ${second}`] });
  rules({ age: real.recipient, pgp: FINGERPRINT });
  await expect(store.mayPut?.(key)).rejects.toMatchObject({ code: "refused" });
});

describe("a rule that cannot be met is refused with its reason, and no file is made", () => {
  const cases: readonly (readonly [string, () => object, RegExp])[] = [
    ["PGP", () => ({ age: real.recipient, pgp: FINGERPRINT }), /does not wrap data keys for pgp 85D7/],
    ["nobody here can open it", () => ({ age: second }), /rule 1 of .* encrypts for keys that cannot be used here/],
    ["a name that it leaves in plain text", () => ({ age: real.recipient, encrypted_regex: "^TOKEN" }), /plain text/],
    [
      "two rules of what is encrypted",
      () => ({ age: real.recipient, encrypted_regex: "a", encrypted_suffix: "b" }),
      /encrypted_suffix and encrypted_regex, of which sops takes one/,
    ],
    ["rules by comment", () => ({ age: real.recipient, encrypted_comment_regex: "x" }), /rules on comments/],
    [
      "more groups than there are",
      () => ({ shamir_threshold: 3, key_groups: [{ age: [real.recipient] }, { age: [second] }] }),
      /2 key groups of which 3 are needed cannot be made/,
    ],
    ["an empty group", () => ({ key_groups: [{ age: [real.recipient] }, {}] }), /cannot be made/],
    [
      "no path of RE2",
      () => ({ path_regex: "(?=x)", age: real.recipient }),
      /regular expression that Go does not know/,
    ],
    [
      "a transit key that is none",
      () => ({ hc_vault_transit_uri: "https://vault:8200/secret/x" }),
      /\/v1\/ENGINE\/keys/,
    ],
    ["more than a file of rules has", () => ({ age: real.recipient, x: " ".repeat(1_000_000) }), /too large|larger/],
    ["no text", () => ({ age: [{ recipient: "x" }] }), /age, which is no list of texts/],
  ];
  test.for(cases)("%s", async ([, rule, message]) => {
    rules(rule());
    await expect(put("api.sops.yaml")).rejects.toMatchObject({ message: expect.stringMatching(message) as string });
    expect(() => readFileSync(join(dir, "api.sops.yaml"))).toThrow("ENOENT");
  });
});

test("rules that another user can write are refused: they would choose who opens the secret", async () => {
  rules({ age: both() });
  chmodSync(join(dir, ".sops.yaml"), 0o666);
  mkdirSync(join(dir, "own"));
  await expect(put("own/api.sops.yaml")).rejects.toMatchObject({
    code: "refused",
    message: expect.stringMatching(
      /the creation rules in .*\.sops\.yaml cannot be used: .* written by everybody/,
    ) as string,
  });
});

test("PGP's entry of a file that another key opens is kept as it is, by a value and by stores rewrap", async () => {
  const armored = `-----BEGIN PGP MESSAGE-----\n\n${"hF4DAAAA/+=".repeat(6)}\n=AAAA\n-----END PGP MESSAGE-----`;
  const entry = ["    pgp:", '        - created_at: "2026-01-02T03:04:05Z"', "          enc: |-"];
  const lines = [...entry, ...armored.split("\n").map((line) => (line === "" ? "" : `            ${line}`))];
  rules({ age: real.recipient });
  await put("api.sops.yaml");
  const file = join(dir, "api.sops.yaml");
  const fp = `          fp: "${FINGERPRINT}"`;
  writeFileSync(file, readFileSync(file, "utf8").replace(/^ {4}age:$/m, [...lines, fp, "    age:"].join("\n")));
  expect(real.whole(file)).toEqual({ api: { PASSWORD: "x" } });
  expect(await put("api.sops.yaml", "SECOND", "y")).toContain([...lines, fp].join("\n"));
  rules({ age: both(), pgp: FINGERPRINT });
  const store = await open("api.sops.yaml");
  const shown = [{ file, added: [`age ${second}`], removed: [] }];
  expect(await store.rewraps?.()).toEqual(shown);
  expect(await store.rewrap?.(shown)).toEqual([{ file, error: null }]);
  const after = readFileSync(file, "utf8");
  expect(said(after)[0]).toEqual([real.recipient, second].toSorted());
  for (const line of [...lines, fp]) expect(after.split("\n")).toContain(line);
  expect(real.whole(file)).toEqual({ api: { PASSWORD: "x", SECOND: "y" } });
  const same = [{ file, added: [], removed: [] }];
  expect(await store.rewrap?.(same, true)).toMatchObject([{ file, error: { code: "refused" } }]);
  rmSync(dirname(file), { recursive: true });
});
