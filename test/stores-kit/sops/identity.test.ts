import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ageIdentities } from "../../../src/stores-kit/sops/index.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "unsprawl-identity-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const USUAL = "sops/age/keys.txt";

test("made where SOPS looks, with a folder of 0700 and a file of 0600 in age-keygen's form", async () => {
  const made = await ageIdentities({ HOME: dir }, null).ensure();
  const file = join(dir, ".config", USUAL);
  expect((statSync(file).mode & 0o777).toString(8)).toBe("600");
  for (const folder of ["sops", "sops/age"])
    expect((statSync(join(dir, ".config", folder)).mode & 0o777).toString(8)).toBe("700");
  expect(readFileSync(file, "utf8")).toMatch(
    /^# created: \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\n# public key: age1[a-z0-9]{58}\nAGE-SECRET-KEY-1[A-Z0-9]{58}\n$/,
  );
  expect(execFileSync("age-keygen", ["-y", file], { encoding: "utf8" }).trim()).toBe(made.recipient);
  expect(readdirSync(join(dir, ".config/sops/age"))).toEqual(["keys.txt"]);
});

test("looked for in SOPS's order; the store's own file alone when it names one", async () => {
  const [a, b, c] = [join(dir, "a"), join(dir, "b"), join(dir, "c", USUAL)];
  const [first, second, third] = [
    await ageIdentities({}, a).ensure(),
    await ageIdentities({}, b).ensure(),
    await ageIdentities({}, c).ensure(),
  ];
  const env = {
    HOME: dir,
    SOPS_AGE_KEY: `# mine\n${first.identity}\n`,
    SOPS_AGE_KEY_FILE: b,
    XDG_CONFIG_HOME: join(dir, "c"),
  };
  expect(await ageIdentities(env, null).load()).toEqual([
    { ...first, from: "SOPS_AGE_KEY" },
    { ...second, from: b },
    { ...third, from: c },
  ]);
  expect(await ageIdentities(env, a).load()).toEqual([{ ...first, from: a }]);
  expect(await ageIdentities({ ...env, SOPS_AGE_KEY: "" }, null).ensure()).toMatchObject(second);
  expect(await ageIdentities({ HOME: join(dir, "none") }, null).load()).toEqual([]);
  expect(readdirSync(dir).toSorted()).toEqual(["a", "b", "c"]);
});

test("many that make the first identity at once all get the same one", async () => {
  const made = await Promise.all(Array.from({ length: 8 }, () => ageIdentities({ HOME: dir }, null).ensure()));
  expect(new Set(made.map((one) => one.recipient)).size).toBe(1);
  expect(readFileSync(join(dir, ".config", USUAL), "utf8")).toContain(made[0]?.identity);
});

test("age-keygen's files are read, others' lines are left, a broken one is named by its line and not quoted", async () => {
  const file = join(dir, "keys.txt");
  execFileSync("age-keygen", ["-o", file], { stdio: "ignore" });
  const text = readFileSync(file, "utf8");
  writeFileSync(file, `${text}AGE-PLUGIN-YUBIKEY-1XXXX\n\n# end\n`);
  expect(await ageIdentities({}, file).load()).toHaveLength(1);
  const broken = `${text.trim().slice(0, -4)}QQQQ`;
  writeFileSync(file, broken);
  const error = await ageIdentities({}, file)
    .load()
    .catch((one: unknown) => one);
  expect(error).toMatchObject({ code: "config", message: `${file}, line 3: not a valid age identity` });
  expect(inspect(error, { depth: 5 })).not.toContain("AGE-SECRET-KEY-1");
});

test("an empty key file is not overwritten", async () => {
  const file = join(dir, "keys.txt");
  writeFileSync(file, "# nothing yet\n");
  await expect(ageIdentities({}, file).ensure()).rejects.toMatchObject({ code: "config" });
  expect(readFileSync(file, "utf8")).toBe("# nothing yet\n");
  mkdirSync(join(dir, "folder"));
  await expect(ageIdentities({}, join(dir, "folder")).load()).rejects.toMatchObject({ code: "failed" });
});
