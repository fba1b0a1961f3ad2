/**
 * `aws-secrets-manager`: one JSON object per subject, or one secret per value if the path contains `{name}`, through
 * @aws-sdk/client-secrets-manager. Check-and-set uses staging labels: a new version becomes AWSCURRENT only if the
 * version that was read still is (`versions.ts`).
 */
import type { Provider, ProviderModule } from "../../src/contract/provider.ts";
import { checkAws } from "../../src/stores-kit/aws-check.ts";
import { awsExternalSecrets } from "../../src/stores-kit/aws-external-secrets.ts";
import { map, mayBeNull, parse, text } from "../../src/kit/schema/index.ts";
import { AWS, publicAws, readAws } from "../../src/stores-kit/aws.ts";
import { namesInPath } from "../../src/stores-kit/names.ts";
import { issueAwsReader } from "../../src/stores-kit/aws-reader.ts";
import { HOLDS } from "./beside.ts";
import {
  parseSecretReference,
  secretKey,
  secretMigratorPolicy,
  secretPolicy,
  secretReference,
  secretResource,
} from "./names.ts";
import { secretRights } from "./rights.ts";
import { secretStore } from "./secrets.ts";

const SETTINGS = {
  prefix: mayBeNull("what every secret's name begins with: apps/", text()),
  path: mayBeNull(
    "the rest of the name: {project/}{subject} (a JSON object with one field per variable), or {project/}{subject}/{name} (one secret per variable)",
    text(),
  ),
  kmsKeyId: mayBeNull("the KMS key of the secrets (default: the account's key for Secrets Manager)", text()),
  ...AWS,
};

export const provider: ProviderModule = {
  provider: "aws-secrets-manager",
  externalSecrets: awsExternalSecrets("SecretsManager"),
  settings: SETTINGS,
  template: "path",
  async open(name, config, { env, dir }): Promise<Provider> {
    const given = parse(map(SETTINGS), config, "");
    const aws = readAws(given, env, dir, "SECRETS_MANAGER");
    const [prefix, path] = [given.prefix ?? "apps/", given.path ?? "{project/}{subject}"];
    const kmsKeyId = given.kmsKeyId ?? null;
    const template = `${prefix}${path}`;
    const store = secretStore(aws, env, kmsKeyId);
    const settings = { ...publicAws(aws), prefix, path, ...(kmsKeyId === null ? {} : { kmsKeyId }) };
    const auth = config["auth"];
    const opened: Provider = {
      target: {
        name,
        provider: "aws-secrets-manager",
        settings: auth === undefined ? settings : { ...settings, auth },
      },
      key: (names) => secretKey(template, names),
      names: (key) => {
        const names = namesInPath(template, key.path);
        return key.field === "" ? names : { ...names, name: key.field };
      },
      reference: secretReference,
      parse: (reference) => parseSecretReference(reference, aws.region),
      get: store.get,
      version: store.version,
      earlier: store.earlier,
      put: store.put,
      holds: async () => ({ ...HOLDS, ...(!path.includes("{name}") && { ofPath: true }) }),
      beside: store.beside,
      remove: store.remove,
      list: (what, omits) => store.list(what === "" ? prefix : what, path.includes("{name}"), omits),
      policy: async (names) => secretPolicy(template, names, aws.region),
      writerPolicy: async () => secretMigratorPolicy(template, aws.region),
      check: () =>
        checkAws(opened, {
          service: "Secrets Manager",
          client: store.client,
          checkAndSet:
            "a second write to the same name is refused; a version becomes current only after the one that was read",
          rights: (path) => secretRights(store.client, path),
          resource: secretResource(template, aws.region),
        }),
      issueReader: () => issueAwsReader(given.reader, dir, settings, () => secretPolicy(prefix, null, aws.region)),
    };
    return opened;
  },
};
