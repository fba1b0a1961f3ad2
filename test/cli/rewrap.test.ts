import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startMoto, type Moto } from "../services/moto.ts";
import { ageIdentities, newIdentity } from "../../src/stores-kit/sops/index.ts";
import { pythonProgram } from "../services/python.ts";
import { makeWorld, type World } from "../support/world.ts";

/** `stores rewrap`: a file moves from one key to another, and no value is encrypted again. */

let moto: Moto;
let world: World;
beforeAll(async () => {
  moto = await startMoto();
  const { HOME: _, ...aws } = moto.env;
  world = makeWorld("unix:///nowhere", aws);
});
afterAll(async () => {
  await moto?.stop();
  world?.remove();
});

async function keyArn(): Promise<string> {
  const { KMSClient, CreateKeyCommand } = await import("@aws-sdk/client-kms");
  const { env, url: endpoint, region } = moto;
  const credentials = {
    accessKeyId: env["AWS_ACCESS_KEY_ID"] ?? "",
    secretAccessKey: env["AWS_SECRET_ACCESS_KEY"] ?? "",
  };
  const made = await new KMSClient({ endpoint, region, credentials }).send(new CreateKeyCommand({}));
  return made.KeyMetadata?.Arn ?? "";
}

test("from one KMS key to another: the values stay as they are, and the real sops opens them", async () => {
  const [sops, first, second] = [await pythonProgram("sops"), await keyArn(), await keyArn()];
  const file = join(world.dir, "secrets/api.sops.yaml");
  const plain = join(world.dir, "plain.yaml");
  writeFileSync(plain, 'DB_PASSWORD: "one\\ntwo"\nOTHER: x\n');
  execFileSync("mkdir", ["-p", join(world.dir, "secrets")]);
  writeFileSync(file, execFileSync(sops, ["encrypt", "--kms", first, plain], { env: world.env }));
  const values = (): string[] =>
    readFileSync(file, "utf8")
      .split("\n")
      .filter((line) => /^(?:DB_PASSWORD|OTHER):/.test(line));
  const before = values();
  writeFileSync(join(world.dir, "unsprawl.yaml"), `stores: { kms: { provider: aws-kms, keyId: "${second}" } }\n`);
  const ran = await world.unsprawl(["stores", "rewrap", "kms", "--json"]);
  expect(ran.stderr).toBe("");
  const changes = [{ file, added: [`kms ${second}`], removed: [`kms ${first}`] }];
  expect(JSON.parse(ran.stdout)).toMatchObject({ version: 1, files: [file], changes });
  expect(values()).toEqual(before);
  const text = readFileSync(file, "utf8");
  expect([text.includes(first), text.includes(second)]).toEqual([false, true]);
  const opened = execFileSync(sops, ["decrypt", "--output-type", "json", file], { env: world.env, encoding: "utf8" });
  expect(JSON.parse(opened)).toEqual({ DB_PASSWORD: "one\ntwo", OTHER: "x" });
});

test("as .sops.yaml says: first shown, then done; with --rotate-key under a new data key, which the old one does not open", async () => {
  const [sops, arn] = [await pythonProgram("sops"), await keyArn()];
  writeFileSync(
    join(world.dir, "unsprawl.yaml"),
    'stores: { here: { provider: local, file: "{subject}.sops.yaml" } }\n',
  );
  const [file, rules] = [join(world.dir, "web.sops.yaml"), join(world.dir, ".sops.yaml")];
  const identities = ageIdentities(world.env, null);
  const { recipient } = await identities.ensure();
  writeFileSync(rules, JSON.stringify({ creation_rules: [{ age: recipient }] }));
  const plain = "# about it\nDB_PASSWORD: one\nLIST: [two, 3]\n";
  const opened = (): unknown =>
    JSON.parse(
      execFileSync(sops, ["decrypt", "--output-type", "json", file], {
        env: { ...world.env, SOPS_AGE_KEY_FILE: identities.file },
        encoding: "utf8",
      }),
    );
  writeFileSync(file, plain);
  execFileSync(sops, ["encrypt", "-i", file], { cwd: world.dir, env: world.env });
  const before = readFileSync(file, "utf8");
  writeFileSync(rules, JSON.stringify({ creation_rules: [{ age: recipient, kms: arn }] }));
  const shown = await world.unsprawl(["stores", "rewrap", "here", "--dry-run"]);
  expect([shown.code, shown.stdout]).toEqual([0, `${file}: + kms ${arn}\n`]);
  expect(readFileSync(file, "utf8")).toBe(before);
  const ran = await world.unsprawl(["stores", "rewrap", "here"]);
  expect([ran.code, ran.stdout, ran.stderr]).toEqual([0, `rewrapped ${file}\n`, `${file}: + kms ${arn}\n`]);
  const value = (text: string): string => /^DB_PASSWORD: .*$/m.exec(text)?.[0] ?? "";
  const after = readFileSync(file, "utf8");
  expect([value(after), after.includes(arn)]).toEqual([value(before), true]);
  const again = await world.unsprawl(["stores", "rewrap", "here", "--rotate-key"]);
  expect([again.code, again.stdout]).toEqual([0, `encrypted again ${file}\n`]);
  expect(value(readFileSync(file, "utf8"))).not.toBe(value(before));
  expect(opened()).toEqual({ DB_PASSWORD: "one", LIST: ["two", 3] });
  const wrong = await world.unsprawl(["stores", "check", "here", "--rotate-key"], { asIs: true });
  expect([wrong.code, wrong.stderr]).toEqual([
    2,
    expect.stringContaining("--rotate-key goes with stores rewrap alone"),
  ]);
});

test("a file that fails keeps no other from being done: both are said, and the exit code is 5", async () => {
  const sops = await pythonProgram("sops");
  const { recipient } = await ageIdentities(world.env, null).ensure();
  const made = (name: string, age: string): string => {
    const file = join(world.dir, "two", name);
    execFileSync("mkdir", ["-p", join(world.dir, "two")]);
    writeFileSync(file, "A: a\n");
    execFileSync(sops, ["encrypt", "--age", age, "-i", file], { env: world.env });
    return file;
  };
  const [theirs, mine] = [made("a.sops.yaml", (await newIdentity()).recipient), made("b.sops.yaml", recipient)];
  const config = 'stores: { here: { provider: local, file: "two/{subject}.sops.yaml" } }\n';
  writeFileSync(join(world.dir, "unsprawl.yaml"), config);
  const ran = await world.unsprawl(["stores", "rewrap", "here", "--rotate-key"]);
  expect([ran.code, ran.stdout]).toEqual([5, `encrypted again ${mine}\n`]);
  expect(ran.stderr).toContain(`${theirs}: no age identity in`);
  const json = await world.unsprawl(["stores", "rewrap", "here", "--json"]);
  expect(json.code).toBe(5);
  expect(JSON.parse(json.stdout)).toMatchObject({ files: [mine], errors: [{ file: theirs }] });
});

test("a store that wraps nothing says so", async () => {
  writeFileSync(join(world.dir, "unsprawl.yaml"), "stores: { ssm: { provider: aws-ssm } }\n");
  const { code, stderr } = await world.unsprawl(["stores", "rewrap", "ssm"]);
  expect([code, stderr]).toEqual([2, expect.stringContaining("rewrap is for local and aws-kms")]);
});
