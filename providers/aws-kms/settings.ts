import { resolve } from "node:path";
import type { ProviderContext } from "../../src/contract/provider.ts";
import { cmd } from "../../src/kit/shell.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { Json } from "../../src/model/json.ts";
import { checkTemplate } from "../../src/stores-kit/sops/index.ts";
import { AWS_KEYS, mapOf, publicAws, readAws, awsSetting, type AwsSettings } from "../../src/stores-kit/aws.ts";

export type KmsSettings = {
  readonly aws: AwsSettings;
  /** An id, an ARN, an alias or the ARN of one. */
  readonly keyId: string;
  /** The absolute file, with `{subject}` and the like in it. */
  readonly template: string;
  /** What KMS binds the data key to, and CloudTrail shows; values may have `{subject}` and `{project}`. */
  readonly context: { readonly [key: string]: string };
  /** Further age recipients of a new file. */
  readonly age: readonly string[];
  readonly readOnly: boolean;
};

const DEFAULT_FILE = "secrets/{subject}.sops.yaml";

export const KMS_KEYS = {
  keyId: "the KMS key: id, ARN, alias/NAME or the alias's ARN; without it AWS_KMS_KEY_ID or SOPS_KMS_ARN",
  file: `the SOPS file (.yaml, .json or .env), with {subject} for one a container: ${DEFAULT_FILE}`,
  context:
    "{ KEY: text } that the key is bound to, with {subject} or {project} for one a container; it shows in CloudTrail, so no secret",
  age: "age recipients that open a new file too, as a way back",
  readOnly: "true refuses every write, as for the OCI runtime",
  ...AWS_KEYS,
} as const;

/** `arn:aws:kms:REGION:ACCOUNT:key/ID` (getsops/sops kms/keysource.go `arnRegex`). */
const ARN = /^arn:aws[\w-]*:kms:([\w-]+):\d+:(?:key|alias)\/.+$/;

/** The settings of a store, its own keys first and AWS's and SOPS's own variables where they say nothing. Throws `config`. */
export function readSettings(config: { readonly [key: string]: Json }, { env, dir }: ProviderContext): KmsSettings {
  const keyId = awsSetting(config, "keyId") ?? (env["AWS_KMS_KEY_ID"] || env["SOPS_KMS_ARN"] || "");
  if (keyId === "")
    throw new UnsprawlError(
      "config",
      "no key of KMS is named",
      "set keyId in the store's configuration, or AWS_KMS_KEY_ID; aws kms list-aliases shows them",
    );
  if (!/^(arn:aws[\w-]*:kms:|alias\/|mrk-)?[\w/:-]+$/.test(keyId) || (keyId.startsWith("arn:") && !ARN.test(keyId)))
    throw new UnsprawlError("config", "keyId is not one key of KMS", KMS_KEYS.keyId);
  const template = checkTemplate(resolve(dir, awsSetting(config, "file") ?? DEFAULT_FILE));
  return {
    aws: readAws(config, env, dir, "KMS"),
    keyId,
    template,
    context: readContext(config["context"], template),
    age: readAge(config["age"]),
    readOnly: readFlag(config["readOnly"]),
  };
}

/** The settings as a plan names them: enough to open the store again, and no credential. */
export function publicSettings(settings: KmsSettings): { readonly [key: string]: Json } {
  const { keyFiles } = settings.aws;
  return {
    ...readerSettings(settings),
    ...publicAws(settings.aws),
    ...(settings.age.length === 0 ? {} : { age: settings.age }),
    ...(settings.readOnly ? { readOnly: true } : {}),
    ...(keyFiles === null
      ? {}
      : {
          auth: {
            method: "keys",
            accessKeyIdFile: keyFiles.id,
            secretAccessKeyFile: keyFiles.secret,
            ...(keyFiles.token === null ? {} : { sessionTokenFile: keyFiles.token }),
          },
        }),
  };
}

/** What a reader with a credential of its own needs: the place, not who we are. */
export function readerSettings({ aws, keyId, template, context }: KmsSettings): { readonly [key: string]: Json } {
  const region = aws.region ?? arnRegion(keyId);
  return {
    keyId,
    file: template,
    ...(region === null ? {} : { region }),
    ...(aws.endpoint === null ? {} : { endpoint: aws.endpoint }),
    ...(Object.keys(context).length === 0 ? {} : { context }),
  };
}

/** The region that an ARN names, null for what is none. */
export function arnRegion(key: string): string | null {
  return ARN.exec(key)?.[1] ?? null;
}

function readContext(given: Json | undefined, template: string): { readonly [key: string]: string } {
  if (given === undefined || given === null) return {};
  const form = "context: { App: api }";
  const context = mapOf(given, "context");
  for (const [key, value] of Object.entries(context)) {
    if (typeof value !== "string" || value === "" || key === "")
      throw new UnsprawlError("config", `context.${key} must be text`, form);
    // A dotenv file keeps the context in its own flat form (getsops/sops stores/flatten.go).
    const flat = template.endsWith(".env") && (/=|__/.test(key) || value.includes("\\n"));
    if (/\p{Cc}/u.test(key + value) || flat)
      throw new UnsprawlError("config", "context has a character that a SOPS file cannot keep", form);
    if (key.startsWith("aws:"))
      throw new UnsprawlError("config", `context.${key}: names that begin with aws: are KMS's own`, form);
    for (const which of ["{subject}", "{project}"])
      if (value.includes(which) && !template.includes(which))
        throw new UnsprawlError(
          "config",
          `context.${key} tells containers apart, and the file does not`,
          cmd`put ${which} into the store's file too`,
        );
  }
  return context as { readonly [key: string]: string };
}

function readAge(given: Json | undefined): readonly string[] {
  if (given === undefined || given === null) return [];
  const list = typeof given === "string" ? given.split(",") : given;
  if (Array.isArray(list) && list.every((one): one is string => typeof one === "string" && /^\s*age1\w+\s*$/.test(one)))
    return list.map((one) => one.trim());
  throw new UnsprawlError("config", "age must be a list of age recipients", "age: [age1…]");
}

function readFlag(given: Json | undefined): boolean {
  const value = given ?? false;
  if (typeof value === "boolean") return value;
  throw new UnsprawlError("config", "readOnly must be true or false", "without quotes: readOnly: true");
}
