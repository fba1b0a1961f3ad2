import type { KMSClient, KMSClientConfig } from "@aws-sdk/client-kms";
import { UnsprawlError } from "../../src/model/error.ts";
import type { KeyFields, KeyService } from "../../src/contract/key-service.ts";
import { awsError } from "../../src/stores-kit/aws-errors.ts";
import { clientOptions, readAws, type AwsSettings } from "../../src/stores-kit/aws.ts";
import { kmsError, type KmsAct } from "./errors.ts";
import { arnRegion, type KmsSettings } from "./settings.ts";

type EncryptionContext = { readonly [key: string]: string };

export type Kms = KeyService & {
  /** The ARN of the configured key; asks KMS. */
  arn(): Promise<string>;
  /** For messages. */
  readonly store: string;
};

type KmsReach = Pick<KmsSettings, "aws" | "keyId">;

/** The few KMS calls that SOPS makes (getsops/sops kms/keysource.go). The SDK is loaded with the first one. */
export function kmsApi(settings: KmsReach, env: NodeJS.ProcessEnv): Kms {
  return new KmsKeys(settings, env);
}

class KmsKeys implements Kms {
  readonly #settings: KmsReach;
  readonly #env: NodeJS.ProcessEnv;
  readonly #keyId: string;
  readonly store: string;
  readonly #clients = new Map<string, Promise<KMSClient>>();

  constructor(settings: KmsReach, env: NodeJS.ProcessEnv) {
    this.#settings = settings;
    this.#env = env;
    this.#keyId = settings.keyId;
    this.store = settings.aws.endpoint === null ? "KMS" : `KMS at ${settings.aws.endpoint}`;
  }

  readonly arn: Kms["arn"] = async () => {
    return (await this.#describe()) ?? this.#keyId;
  };

  readonly wrap: Kms["wrap"] = async (fields, dataKey) => {
    const { EncryptCommand } = await import("@aws-sdk/client-kms");
    const { arn: key, context } = entryOf(fields, this.#keyId, null);
    const command = new EncryptCommand({ KeyId: key, Plaintext: dataKey, EncryptionContext: { ...context } });
    const { CiphertextBlob: blob, KeyId: used } = await this.#act({ action: "Encrypt", key }, roleOf(fields), (kms) =>
      kms.send(command),
    );
    if (blob === undefined) throw new UnsprawlError("malformed", `${this.store} gave no ciphertext`, "is it KMS?");
    // sops accepts only ARNs. One that was named stays: an alias may be meant to move on.
    const arn = arnRegion(key) === null ? (used ?? (await this.#describe()) ?? key) : key;
    const { aws_profile: profile = "", ...named } = fields;
    return {
      ...named,
      arn,
      created_at: `${new Date().toISOString().slice(0, 19)}Z`,
      enc: Buffer.from(blob).toString("base64"),
      aws_profile: profile,
    };
  };

  readonly unwrap: Kms["unwrap"] = async (fields, file) => {
    const { DecryptCommand } = await import("@aws-sdk/client-kms");
    const { arn, enc, context } = entryOf(fields, this.#keyId, file);
    const command = new DecryptCommand({
      KeyId: arn,
      CiphertextBlob: Buffer.from(enc, "base64"),
      EncryptionContext: { ...context },
    });
    const { Plaintext: key } = await this.#act({ action: "Decrypt", key: arn, file }, roleOf(fields), (kms) =>
      kms.send(command),
    );
    return Buffer.from(key ?? []);
  };

  // A key lives in the region of its ARN, whatever the region here.
  #client(key: string, role: string | null): Promise<KMSClient> {
    const region = arnRegion(key) ?? this.#settings.aws.region;
    const id = JSON.stringify([region, role]);
    const made = this.#clients.get(id) ?? connect({ ...this.#settings.aws, region }, role, this.#env);
    this.#clients.set(id, made);
    made.catch(() => this.#clients.delete(id));
    return made;
  }

  async #act<T>(what: Omit<KmsAct, "store">, role: string | null, send: (client: KMSClient) => Promise<T>): Promise<T> {
    try {
      return await send(await this.#client(what.key, role));
    } catch (error) {
      throw kmsError(error, { ...what, store: this.store });
    }
  }

  async #describe(): Promise<string | undefined> {
    const { DescribeKeyCommand } = await import("@aws-sdk/client-kms");
    const command = new DescribeKeyCommand({ KeyId: this.#keyId });
    return (await this.#act({ action: "DescribeKey", key: this.#keyId }, null, (kms) => kms.send(command))).KeyMetadata
      ?.Arn;
  }
}

type KmsEntry = { readonly arn: string; readonly enc: string; readonly context: EncryptionContext };

/** A file's or a rule's fields for KMS: ARNs alone, but for the configured key. A context with anything but text is not KMS's. */
function entryOf({ arn, enc = "", context }: KeyFields, keyId: string, file: string | null): KmsEntry {
  const isKey = typeof arn === "string" && (arn === keyId || arnRegion(arn) !== null);
  if (isKey && typeof enc === "string" && isContext(context)) return { arn, enc, context: context ?? {} };
  throw new UnsprawlError(
    "malformed",
    `${file === null ? "the creation rule" : file} names a KMS key by something else than its ARN`,
    "sops takes ARNs alone: aws kms describe-key shows it",
  );
}

function isContext(context: unknown): context is EncryptionContext | null | undefined {
  return Object.values(context ?? {}).every((value) => typeof value === "string");
}

function roleOf({ role }: KeyFields): string | null {
  return typeof role === "string" && role !== "" ? role : null;
}

async function connect(aws: AwsSettings, role: string | null, env: NodeJS.ProcessEnv): Promise<KMSClient> {
  const [{ KMSClient }, options] = await Promise.all([import("@aws-sdk/client-kms"), clientOptions(aws, env)]);
  return new KMSClient(role === null ? options : { ...options, credentials: await assumed(aws, role, env) });
}

/** The credentials of a role that a file's key is used by, as sops takes it (getsops/sops kms/keysource.go). The SDK asks again in time. */
async function assumed(
  aws: AwsSettings,
  role: string,
  env: NodeJS.ProcessEnv,
): Promise<NonNullable<KMSClientConfig["credentials"]>> {
  const { endpoint } = readAws({}, env, ".", "STS");
  const [{ AssumeRoleCommand, STSClient }, options] = await Promise.all([
    import("@aws-sdk/client-sts"),
    clientOptions({ ...aws, endpoint }, env),
  ]);
  const sts = new STSClient(options);
  return async () => {
    try {
      const { Credentials: given } = await sts.send(
        new AssumeRoleCommand({ RoleArn: role, RoleSessionName: "unsprawl" }),
      );
      return {
        accessKeyId: given?.AccessKeyId ?? "",
        secretAccessKey: given?.SecretAccessKey ?? "",
        ...(given?.SessionToken === undefined ? {} : { sessionToken: given.SessionToken }),
        ...(given?.Expiration === undefined ? {} : { expiration: given.Expiration }),
      };
    } catch (error) {
      throw awsError(error, { action: "sts:AssumeRole", resource: role, store: "STS" });
    }
  };
}
