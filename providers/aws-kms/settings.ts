import { resolve } from "node:path";
import * as v from "valibot";
import type { ProviderContext } from "../../src/contract/provider.ts";
import {
  either,
  flag,
  formed,
  isText,
  map,
  mayBeNull,
  named,
  parse,
  says,
  text,
  texts,
} from "../../src/kit/schema/index.ts";
import { cmd } from "../../src/kit/shell.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { Json } from "../../src/model/json.ts";
import { checkTemplate, ROLES_TEXT } from "../../src/stores-kit/sops/index.ts";
import { AWS, publicAws, readAws, type AwsGiven, type AwsSettings } from "../../src/stores-kit/aws.ts";

export type KmsSettings = {
  readonly aws: AwsSettings;
  /** An id, an ARN, an alias or the alias's ARN. */
  readonly keyId: string;
  /** The absolute file, with `{subject}` and the like in it. */
  readonly template: string;
  /** What KMS binds the data key to, and CloudTrail shows; values may contain `{subject}` and `{project}`. */
  readonly context: { readonly [key: string]: string };
  /** Further age recipients of a new file. */
  readonly age: readonly string[];
  /** As which a file's keys may be used. */
  readonly roles: readonly string[];
  readonly readOnly: boolean;
  readonly reader: AwsGiven["reader"];
};

const DEFAULT_FILE = "secrets/{project/}{subject}.sops.yaml";

const KEY_FORM = "the KMS key: id, ARN, alias/NAME or the alias's ARN";
const CONTEXT_FORM = "context: { App: api }";
const BAD_AGE = says("must be a list of age recipients", "age: [age1…]");
const AGE = /^\s*age1\w+\s*$/;
const AGES = /^\s*age1\w+\s*(?:,\s*age1\w+\s*)*$/;

export const KMS = {
  keyId: mayBeNull(`${KEY_FORM}; without it AWS_KMS_KEY_ID or SOPS_KMS_ARN`, text()),
  file: mayBeNull(`the SOPS file (.yaml, .json or .env), with {subject} for one a container: ${DEFAULT_FILE}`, text()),
  context: mayBeNull(
    "{ KEY: text } that the key is bound to, with {subject} or {project} for one a container; it shows in CloudTrail, so no secret",
    named(text(says("must be text", CONTEXT_FORM))),
  ),
  age: mayBeNull(
    "additional age recipients of new files, as a way back",
    either(
      isText,
      formed(AGES, BAD_AGE),
      v.array(formed(AGE, says("is not an age recipient", "age: [age1…]")), BAD_AGE),
    ),
  ),
  roles: mayBeNull(ROLES_TEXT, texts()),
  readOnly: mayBeNull("true refuses every write, as for the OCI runtime", flag()),
  ...AWS,
};

/** `arn:aws:kms:REGION:ACCOUNT:key/ID` (getsops/sops kms/keysource.go `arnRegex`). */
const ARN = /^arn:aws[\w-]*:kms:([\w-]+):\d+:(?:key|alias)\/.+$/;

/** The settings of a store: its keys first, then AWS's and SOPS's variables. Throws `config`. */
export function readSettings(config: { readonly [key: string]: Json }, { env, dir }: ProviderContext): KmsSettings {
  const given = parse(map(KMS), config, "");
  const keyId = given.keyId ?? (env["AWS_KMS_KEY_ID"] || env["SOPS_KMS_ARN"] || "");
  if (keyId === "")
    throw new UnsprawlError(
      "config",
      "no KMS key is set",
      "set keyId in the store's configuration, or AWS_KMS_KEY_ID; aws kms list-aliases shows them",
    );
  if (!/^(arn:aws[\w-]*:kms:|alias\/|mrk-)?[\w/:-]+$/.test(keyId) || (keyId.startsWith("arn:") && !ARN.test(keyId)))
    throw new UnsprawlError("config", "keyId does not name a single KMS key", KEY_FORM);
  const template = checkTemplate(resolve(dir, given.file ?? DEFAULT_FILE));
  return {
    aws: readAws(given, env, dir, "KMS"),
    keyId,
    template,
    context: readContext(given.context ?? {}, template),
    age: [given.age ?? []]
      .flat()
      .flatMap((one) => one.split(","))
      .map((one) => one.trim()),
    roles: given.roles ?? [],
    readOnly: given.readOnly ?? false,
    reader: given.reader,
  };
}

/** The settings as a plan names them: enough to open the store again, and no credential. */
export function publicSettings(settings: KmsSettings): { readonly [key: string]: Json } {
  const { keyFiles } = settings.aws;
  return {
    ...readerSettings(settings),
    ...publicAws(settings.aws),
    ...(settings.age.length === 0 ? {} : { age: settings.age }),
    ...(settings.roles.length === 0 ? {} : { roles: settings.roles }),
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

/** What a reader with a separate credential needs: the place, not who we are. */
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

/** The region in an ARN, null if it is not one. */
export function arnRegion(key: string): string | null {
  return ARN.exec(key)?.[1] ?? null;
}

function readContext(
  context: { readonly [key: string]: string },
  template: string,
): { readonly [key: string]: string } {
  const form = CONTEXT_FORM;
  for (const [key, value] of Object.entries(context)) {
    if (key === "") throw new UnsprawlError("config", "context has a key without a name", form);
    // A dotenv file stores the context in its flat form (getsops/sops stores/flatten.go).
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
  return context;
}
