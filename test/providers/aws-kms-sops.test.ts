import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Provider } from "../../src/contract/provider.ts";
import { Secret } from "../../src/model/secret.ts";
import { ageIdentities, rewrapFile } from "../../src/stores-kit/sops/index.ts";
import { dataKeys } from "../../providers/aws-kms/keys.ts";
import { kmsApi } from "../../providers/aws-kms/kms.ts";
import { readSettings } from "../../providers/aws-kms/settings.ts";
import { openSpec } from "../conformance/spec.ts";
import { BENT } from "../stores-kit/sops/real.ts";
import { DEEP } from "../support/deep.ts";
import { ALIAS, kmsWorld, makeKey, sopsAt, type KmsWorld } from "./aws-kms-world.ts";

let world: KmsWorld;
let sops: Awaited<ReturnType<typeof sopsAt>>;
let second: string;
beforeAll(async () => {
  world = await kmsWorld();
  sops = await sopsAt(world.moto);
  second = await makeKey(world.moto);
});
afterAll(() => world?.stop());

const ORIGIN = { runId: "r", subject: "api" };
const open = (config: object = {}): Promise<Provider> =>
  openSpec({ ...world.writer, config: { ...world.writer.config, ...config } });
const store = async (config: object, subject: string): Promise<(name: string) => ReturnType<Provider["key"]>> => {
  const opened = await open(config);
  return (name) => opened.key({ subject, project: "shop", name });
};
const whole = (file: string): unknown =>
  JSON.parse(sops(["decrypt", "--output-type", "json", file]).toString("utf8")) as unknown;

/** A plain file, encrypted by the real sops. */
function encrypted(name: string, plain: string, args: readonly string[], env: { [name: string]: string } = {}): string {
  const file = join(world.moto.dir, name);
  writeFileSync(file, plain);
  sops(["encrypt", "-i", ...args, file], env);
  return file;
}

describe("the real sops reads what aws-kms writes", () => {
  const forms = {
    yaml: "y/{subject}.sops.yaml",
    json: "j/{subject}.sops.json",
    dotenv: "e/{subject}.sops.env",
    "yaml for all": "all.sops.yaml",
  };
  test.for(Object.entries(forms))("in %s form, with and without a context", async ([form, file]) => {
    for (const context of [{}, { Env: "prod", "Odd key": 'a: "b" #\\ é', true: "1" }]) {
      const config = { file, context };
      const opened = await open(config);
      const subject = Object.keys(context).length === 0 ? "plain" : "bound";
      const key = await store(config, subject);
      const values = Object.entries(BENT).filter(([, value]) => form !== "dotenv" || !/\n|\\n/.test(value));
      for (const [name, value] of values) await opened.put(key(name), Secret.of(value), null, ORIGIN);
      const { path } = key("x");
      const expected = Object.fromEntries(values);
      expect(whole(path)).toMatchObject(form === "yaml for all" ? { [subject]: expected } : expected);
      for (const [name, value] of values) expect((await opened.get(key(name)))?.value.exposeText()).toBe(value);
      // All values together above; each by itself at least where there is no context.
      for (const [name, value] of DEEP || subject === "plain" ? values : []) {
        const at = form === "yaml for all" ? `["${subject}"]["${name}"]` : `["${name}"]`;
        expect(sops(["decrypt", "--extract", at, path]).equals(Buffer.from(value)), name).toBe(true);
      }
      const text = readFileSync(path, "utf8");
      expect(text).toContain(world.arn);
      expect(text).not.toContain(ALIAS);
    }
  });

  test("the context is bound: one that was changed in the file opens for nobody", async () => {
    const opened = await open({ context: { App: "{subject}" } });
    const key = opened.key({ subject: "mine", project: "", name: "A" });
    await opened.put(key, Secret.of("a"), null, ORIGIN);
    const text = readFileSync(key.path, "utf8");
    expect(text).toContain("App: mine");
    writeFileSync(key.path, text.replace("App: mine", "App: other"));
    await expect(opened.get(key)).rejects.toMatchObject({
      code: "malformed",
      hint: expect.stringMatching(/context/) as string,
    });
    expect(() => whole(key.path)).toThrow(/sops decrypt/);
  });

  test("further age recipients are a way back: sops and unsprawl open the file when KMS is away", async () => {
    const keys = join(world.moto.dir, "age.txt");
    const { recipient } = await ageIdentities({}, keys).ensure();
    const opened = await open({ age: [recipient], file: "a/{subject}.sops.env" });
    const key = opened.key({ subject: "both", project: "", name: "A" });
    await opened.put(key, Secret.of("a"), null, ORIGIN);
    const env = { ...(await world.unreachable()).env, SOPS_AGE_KEY_FILE: keys };
    expect(sops(["decrypt", key.path], env).toString()).toContain("A=a");
    const back = await openSpec({ ...world.writer, config: { keyId: ALIAS, file: "a/{subject}.sops.env" }, env });
    expect((await back.get(key))?.value.exposeText()).toBe("a");
  });
});

describe("we read what the real sops wrote for KMS", () => {
  test("the list names the file of each value that has no name", async () => {
    const made = encrypted("several-one.yaml", "A: a\nL: [x, y]\n", ["--kms", world.arn]);
    const omitted: string[] = [];
    const opened = await open({ file: "several-{subject}.yaml" });
    expect(await opened.list(made, (path) => void omitted.push(path))).toEqual([{ path: made, field: "A" }]);
    expect(omitted).toEqual([made, made]);
  });

  const forms = { yaml: "A: a\nN: 5\n", json: '{"A": "a", "N": 5}', env: "A=a\nN=5\n" };
  test.for(Object.entries(forms))(
    "in %s form: a key, an alias's ARN, two keys, KMS and age, each with a context or none",
    async ([form, plain]) => {
      const file = `r/{subject}.${form}`;
      const age = (await ageIdentities({}, join(world.moto.dir, "other.txt")).ensure()).recipient;
      const gone = world.arn.replace(/[0-9a-f]{12}$/, "000000000000");
      const alias = world.arn.replace(/key\/.*/, ALIAS);
      const bound = ["--encryption-context", "App:api,Env:prod"];
      const cases: { readonly [name: string]: readonly string[] } = {
        one: ["--kms", world.arn],
        bound: ["--kms", world.arn, ...bound],
        alias: ["--kms", alias],
        two: ["--kms", `${second},${world.arn}`, ...bound],
        age: ["--kms", world.arn, "--age", age],
        suffix: ["--kms", world.arn, "--encrypted-suffix", "A"],
      };
      for (const [name, args] of Object.entries(cases)) {
        const made = encrypted(`${form}-${name}.${form}`, plain, args);
        const opened = await open({ file: `${form}-{subject}.${form}`, context: { Other: "x" } });
        const key = opened.key({ subject: name, project: "", name: "A" });
        expect(key.path).toBe(made);
        expect((await opened.get(key))?.value.exposeText(), name).toBe("a");
        // What is there keeps its own keys and its own context.
        await opened.put({ ...key, field: "BA" }, Secret.of("b"), null, ORIGIN);
        expect(whole(made), name).toMatchObject({ A: "a", BA: "b" });
        expect(readFileSync(made, "utf8")).not.toContain("Other");
        expect(await opened.list(made)).toEqual(
          (name === "suffix" ? ["A", "BA"] : ["A", "N", "BA"]).map((field) => ({ path: made, field })),
        );
      }
      // The first key is gone, the second one opens.
      const text = readFileSync(join(world.moto.dir, `${form}-two.${form}`), "utf8");
      writeFileSync(join(world.moto.dir, `${form}-half.${form}`), text.replace(second, gone));
      const opened = await open({ file: `${form}-{subject}.${form}` });
      const key = opened.key({ subject: "half", project: "", name: "A" });
      expect((await opened.get(key))?.value.exposeText(), file).toBe("a");
    },
  );

  test("a key of another region is asked in its own", async () => {
    const far = await makeKey(world.moto, "eu-west-1");
    const made = encrypted("far.yaml", "A: a\n", ["--kms", far]);
    const opened = await open({ file: "{subject}.yaml" });
    expect((await opened.get({ path: made, field: "A" }))?.value.exposeText()).toBe("a");
    const there = await open({ keyId: far, file: "far/{subject}.yaml" });
    await there.put(there.key({ subject: "x", project: "", name: "A" }), Secret.of("a"), null, ORIGIN);
    expect(whole(join(world.moto.dir, "far/x.yaml"))).toEqual({ A: "a" });
  });

  test("one that was encrypted for age alone is denied, and says for whom it is", async () => {
    const { recipient } = await ageIdentities({}, join(world.moto.dir, "third.txt")).ensure();
    const made = encrypted("only-age.yaml", "A: a\n", ["--age", recipient]);
    const opened = await open({ file: "{subject}.yaml" });
    await expect(opened.get({ path: made, field: "A" })).rejects.toMatchObject({
      code: "denied",
      hint: expect.stringContaining(recipient) as string,
    });
  });
});

test("rewrapped for another key, sops opens it with that alone; the values' ciphertext stays", async () => {
  for (const form of ["yaml", "json", "env"]) {
    const file = `w/{subject}.${form}`;
    const opened = await open({ file });
    const key = opened.key({ subject: "api", project: "", name: "A" });
    await opened.put(key, Secret.of("a"), null, ORIGIN);
    const before = readFileSync(key.path, "utf8");
    const context = { env: world.writer.env, dir: world.moto.dir };
    const settings = readSettings({ file, keyId: second, context: { App: "{subject}" } }, context);
    expect(await rewrapFile(key.path, dataKeys(settings, kmsApi(settings, world.writer.env), world.writer.env))).toBe(
      true,
    );
    const after = readFileSync(key.path, "utf8");
    expect(after).toContain(second);
    expect(after).not.toContain(world.arn);
    const cipher = (text: string): readonly string[] => text.match(/ENC\[[^\]]*\]/g) ?? [];
    expect(cipher(after)).toEqual(cipher(before));
    expect(whole(key.path)).toEqual({ A: "a" });
    expect((await opened.get(key))?.value.exposeText()).toBe("a");
    rmSync(key.path);
    expect(existsSync(key.path)).toBe(false);
  }
});
