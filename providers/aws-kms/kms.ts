import type { KMSClient } from "@aws-sdk/client-kms";
import { UnsprawlError } from "../../src/model/error.ts";
import { keyEntries, type SopsDocument, type WrappedKey } from "../../src/stores-kit/sops/index.ts";
import { clientOptions } from "../../src/stores-kit/aws.ts";
import { kmsError, type KmsAct } from "./errors.ts";
import { arnRegion, type KmsSettings } from "./settings.ts";

type EncryptionContext = { readonly [key: string]: string };

export type Kms = {
  /** The data key as an entry of the metadata, bound to the context. */
  encrypt(dataKey: Buffer, context: EncryptionContext): Promise<WrappedKey>;
  /** The data key by the first of the file's entries that KMS opens, each with its own key and context. */
  decrypt(document: SopsDocument): Promise<Buffer>;
  /** The ARN of the configured key; asks KMS. */
  arn(): Promise<string>;
  /** For messages. */
  readonly store: string;
};

/** The few KMS calls that SOPS makes (getsops/sops kms/keysource.go). The SDK is loaded with the first one. */
export function kmsApi(settings: KmsSettings, env: NodeJS.ProcessEnv): Kms {
  return new KmsKeys(settings, env);
}

class KmsKeys implements Kms {
  readonly #settings: KmsSettings;
  readonly #env: NodeJS.ProcessEnv;
  readonly #keyId: string;
  readonly store: string;
  readonly #clients = new Map<string, Promise<KMSClient>>();

  constructor(settings: KmsSettings, env: NodeJS.ProcessEnv) {
    this.#settings = settings;
    this.#env = env;
    this.#keyId = settings.keyId;
    this.store = settings.aws.endpoint === null ? "KMS" : `KMS at ${settings.aws.endpoint}`;
  }

  readonly arn: Kms["arn"] = async () => {
    return (await this.#describe()) ?? this.#keyId;
  };

  readonly encrypt: Kms["encrypt"] = async (dataKey, context) => {
    const { EncryptCommand } = await import("@aws-sdk/client-kms");
    const command = new EncryptCommand({ KeyId: this.#keyId, Plaintext: dataKey, EncryptionContext: { ...context } });
    const { CiphertextBlob: blob, KeyId: used } = await this.#act({ action: "Encrypt", key: this.#keyId }, (kms) =>
      kms.send(command),
    );
    if (blob === undefined) throw new UnsprawlError("malformed", `${this.store} gave no ciphertext`, "is it KMS?");
    // sops accepts only ARNs. A configured ARN stays: an alias may be meant to move on.
    const arn = arnRegion(this.#keyId) === null ? (used ?? (await this.#describe()) ?? this.#keyId) : this.#keyId;
    return {
      kind: "kms",
      fields: {
        arn,
        ...(Object.keys(context).length === 0 ? {} : { context }),
        created_at: `${new Date().toISOString().slice(0, 19)}Z`,
        enc: Buffer.from(blob).toString("base64"),
        aws_profile: "",
      },
    };
  };

  readonly decrypt: Kms["decrypt"] = async (document) => {
    const { DecryptCommand } = await import("@aws-sdk/client-kms");
    const { file } = document;
    // The configured key's entry first.
    const entries = entriesOf(document).toSorted(
      (a, b) => Number(b.arn === this.#keyId) - Number(a.arn === this.#keyId),
    );
    let first: unknown = null;
    for (const { arn, enc, context } of entries) {
      const command = new DecryptCommand({
        KeyId: arn,
        CiphertextBlob: Buffer.from(enc, "base64"),
        EncryptionContext: { ...context },
      });
      try {
        const { Plaintext: key } = await this.#act({ action: "Decrypt", key: arn, file }, (kms) => kms.send(command));
        if (key?.length === 32) return Buffer.from(key);
        first ??= new UnsprawlError("malformed", `${file}: what KMS decrypts is not a data key`, "sops updatekeys");
      } catch (error) {
        first ??= error;
      }
    }
    throw first ?? new UnsprawlError("denied", `${file} is not encrypted for any KMS key`, "sops updatekeys adds one");
  };

  // A key lives in the region of its ARN, whatever the region here.
  #client(key: string): Promise<KMSClient> {
    const region = arnRegion(key) ?? this.#settings.aws.region;
    const made =
      this.#clients.get(region ?? "") ??
      connect({ ...this.#settings, aws: { ...this.#settings.aws, region } }, this.#env);
    this.#clients.set(region ?? "", made);
    made.catch(() => this.#clients.delete(region ?? ""));
    return made;
  }

  async #act<T>(what: Omit<KmsAct, "store">, send: (client: KMSClient) => Promise<T>): Promise<T> {
    try {
      return await send(await this.#client(what.key));
    } catch (error) {
      throw kmsError(error, { ...what, store: this.store });
    }
  }

  async #describe(): Promise<string | undefined> {
    const { DescribeKeyCommand } = await import("@aws-sdk/client-kms");
    const command = new DescribeKeyCommand({ KeyId: this.#keyId });
    return (await this.#act({ action: "DescribeKey", key: this.#keyId }, (kms) => kms.send(command))).KeyMetadata?.Arn;
  }
}

type KmsEntry = { readonly arn: string; readonly enc: string; readonly context: EncryptionContext };

/** The file's entries for KMS. A context with anything but text, written by others, is ignored. */
function entriesOf(document: SopsDocument): readonly KmsEntry[] {
  return keyEntries(document, "kms").flatMap((entry) => {
    const { arn, enc, context } = entry as { arn?: unknown; enc?: unknown; context?: unknown };
    if (typeof arn !== "string" || typeof enc !== "string") return [];
    const pairs = Object.entries((context ?? {}) as { readonly [key: string]: unknown });
    const text = pairs.filter((pair): pair is [string, string] => typeof pair[1] === "string");
    return [{ arn, enc, context: Object.fromEntries(text) }];
  });
}

async function connect({ aws }: KmsSettings, env: NodeJS.ProcessEnv): Promise<KMSClient> {
  const [{ KMSClient }, options] = await Promise.all([import("@aws-sdk/client-kms"), clientOptions(aws, env)]);
  return new KMSClient(options);
}
