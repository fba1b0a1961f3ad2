import { CreateAliasCommand, CreateKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import { spawnSync } from "node:child_process";
import type { Json } from "../../src/model/json.ts";
import type { StoreWorld } from "../conformance/provider.ts";
import type { Moto } from "../services/moto.ts";
import { pythonProgram } from "../services/python.ts";
import { awsWorld } from "./aws-world.ts";

export const ALIAS = "alias/unsprawl";
const RIGHTS = { write: ["kms:Encrypt", "kms:DescribeKey"], read: ["kms:Decrypt"] };

export type KmsWorld = StoreWorld & { readonly moto: Moto; readonly arn: string };

/** A moto server that asks for rights, with a key of the alias; every kind of credential, and files in a folder of their own. */
export async function kmsWorld(config: { readonly [key: string]: Json } = {}): Promise<KmsWorld> {
  const world = await awsWorld("aws-kms", RIGHTS, { keyId: ALIAS, ...config }, /\.Encrypt$/);
  const arn = await makeKey(world.moto);
  await administrator(world.moto).send(new CreateAliasCommand({ AliasName: ALIAS, TargetKeyId: arn }));
  const { faulty } = world;
  // Where one file is there for all, a write asks KMS to decrypt and nothing else.
  const oneFile = typeof config["file"] === "string" && !config["file"].includes("{subject}");
  if (!oneFile || faulty === undefined) return { ...world, arn };
  return {
    ...world,
    arn,
    async faulty(key) {
      const one = await faulty(key);
      return { ...one, next: (fault, _, times) => one.next(fault, "read", times) };
    },
  };
}

/** A new key's ARN. */
export async function makeKey(moto: Moto, region = moto.region): Promise<string> {
  const { KeyMetadata } = await administrator(moto, region).send(new CreateKeyCommand({}));
  return KeyMetadata?.Arn ?? "";
}

function administrator(moto: Moto, region = moto.region): KMSClient {
  return new KMSClient({
    endpoint: moto.url,
    region,
    credentials: {
      accessKeyId: moto.env["AWS_ACCESS_KEY_ID"] ?? "",
      secretAccessKey: moto.env["AWS_SECRET_ACCESS_KEY"] ?? "",
    },
  });
}

/** The real sops beside a moto server; throws with what it says. */
export async function sopsAt(
  moto: Moto,
): Promise<(args: readonly string[], env?: { readonly [name: string]: string }) => Buffer> {
  const program = await pythonProgram("sops");
  return (args, env = {}) => {
    const { status, stdout, stderr } = spawnSync(program, args, {
      cwd: moto.dir,
      env: { PATH: process.env["PATH"], ...moto.env, ...env },
      maxBuffer: 1 << 28,
    });
    if (status !== 0) throw new Error(`sops ${args[0] ?? ""}: ${status ?? ""} ${stderr.toString("utf8")}`);
    return stdout;
  };
}
