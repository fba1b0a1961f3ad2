import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startMoto, type Moto } from "../services/moto.ts";
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
  expect(JSON.parse(ran.stdout)).toMatchObject({ version: 1, files: [file] });
  expect(values()).toEqual(before);
  const text = readFileSync(file, "utf8");
  expect([text.includes(first), text.includes(second)]).toEqual([false, true]);
  const opened = execFileSync(sops, ["decrypt", "--output-type", "json", file], { env: world.env, encoding: "utf8" });
  expect(JSON.parse(opened)).toEqual({ DB_PASSWORD: "one\ntwo", OTHER: "x" });
});

test("a store that wraps nothing says so", async () => {
  writeFileSync(join(world.dir, "unsprawl.yaml"), "stores: { ssm: { provider: aws-ssm } }\n");
  const { code, stderr } = await world.unsprawl(["stores", "rewrap", "ssm"]);
  expect([code, stderr]).toEqual([2, expect.stringContaining("rewrap is for local and aws-kms")]);
});
