/**
 * `aws-kms`: KMS stores keys and no secrets, so the values go into SOPS files whose data key KMS wraps; the real `sops`
 * reads and edits them. `settings` says which key and where, `kms` talks, `keys` wraps and opens, `policy` says what an
 * application needs. A template with `{subject}` makes a flat file per subject, without one a map per subject.
 */
import { randomBytes } from "node:crypto";
import { stat } from "node:fs/promises";
import type { Provider, ProviderModule } from "../../src/contract/provider.ts";
import { sopsFiles } from "../../src/stores-kit/sops/index.ts";
import { readAws } from "../../src/stores-kit/aws.ts";
import { issueAwsReader } from "../../src/stores-kit/aws-reader.ts";
import { checkKms } from "./check.ts";
import { resourceOf } from "./errors.ts";
import { dataKeys, newFields } from "./keys.ts";
import { kmsApi } from "./kms.ts";
import { applicationPolicy, migratorPolicy, readerPolicy } from "./policy.ts";
import { KMS, publicSettings, readerSettings, readSettings } from "./settings.ts";

export const provider: ProviderModule = {
  provider: "aws-kms",
  settings: KMS,
  template: "file",
  keyService: ({ env, dir }) => kmsApi({ aws: readAws({}, env, dir, "KMS"), keyId: "" }, env),
  async open(name, config, context): Promise<Provider> {
    const settings = readSettings(config, context);
    const { dir, env } = context;
    const kms = kmsApi(settings, env);
    const keys = dataKeys(settings, kms, env, context.keyService);
    const place = { name, template: settings.template, dir, readOnly: settings.readOnly };
    const files = sopsFiles(place, keys);
    let proven: Promise<unknown> | null = null;
    /** A plan for a new file is worthless if the key could not create it. */
    const prove = async (file: string): Promise<void> => {
      const asking = (proven ??= kms.wrap(newFields(settings, file), randomBytes(32)));
      asking.catch(() => {
        proven = null;
      });
      await asking;
    };
    return {
      ...files,
      target: { name, provider: "aws-kms", settings: publicSettings(settings) },
      async get(key) {
        const found = await files.get(key);
        if (found === null && !settings.readOnly && !(await isThere(key.path))) await prove(key.path);
        return found;
      },
      policy: async (names) => applicationPolicy(settings, await kms.arn(), names),
      writerPolicy: async () => migratorPolicy(settings, await kms.arn().catch(() => resourceOf(settings.keyId))),
      check: () => checkKms(settings, place, kms, keys),
      async issueReader() {
        const arn = await kms.arn().catch(() => resourceOf(settings.keyId));
        const shared = { ...readerSettings(settings), readOnly: true };
        return issueAwsReader(settings.reader, dir, shared, () => readerPolicy(settings, arn));
      },
    };
  },
};

async function isThere(file: string): Promise<boolean> {
  return (await stat(file).catch(() => null)) !== null;
}
