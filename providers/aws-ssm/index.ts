/**
 * `aws-ssm`: AWS Systems Manager's Parameter Store, one SecureString per value, through @aws-sdk/client-ssm. A creation
 * is atomic; the service has no check-and-set for replacements, so the returned version proves that nobody wrote in
 * between.
 */
import type { Provider, ProviderModule } from "../../src/contract/provider.ts";
import { checkAws } from "../../src/stores-kit/aws-check.ts";
import { awsExternalSecrets } from "../../src/stores-kit/aws-external-secrets.ts";
import { map, mayBeNull, parse, text } from "../../src/kit/schema/index.ts";
import { AWS, publicAws, readAws } from "../../src/stores-kit/aws.ts";
import { namesInPath } from "../../src/stores-kit/names.ts";
import { issueAwsReader } from "../../src/stores-kit/aws-reader.ts";
import {
  parameterKey,
  parameterMigratorPolicy,
  parameterPolicy,
  parameterReference,
  parseParameterReference,
  prefixOf,
  parameterResource,
} from "./names.ts";
import { parameterRights } from "./rights.ts";
import { parameterStore } from "./parameters.ts";

const SETTINGS = {
  prefix: mayBeNull("what every parameter's name begins with: /apps/", text()),
  path: mayBeNull("the rest of the name: {project/}{subject}/{name}", text()),
  kmsKeyId: mayBeNull("the KMS key of the SecureStrings (default: the account's key for SSM)", text()),
  ...AWS,
};

export const provider: ProviderModule = {
  provider: "aws-ssm",
  externalSecrets: awsExternalSecrets("ParameterStore"),
  settings: SETTINGS,
  template: "path",
  async open(name, config, { env, dir }): Promise<Provider> {
    const given = parse(map(SETTINGS), config, "");
    const aws = readAws(given, env, dir, "SSM");
    const prefix = prefixOf(given.prefix ?? "/apps/");
    const path = given.path ?? "{project/}{subject}/{name}";
    const kmsKeyId = given.kmsKeyId ?? null;
    const store = parameterStore(aws, env, kmsKeyId);
    const settings = { ...publicAws(aws), prefix, path, ...(kmsKeyId === null ? {} : { kmsKeyId }) };
    const auth = config["auth"];
    const opened: Provider = {
      target: { name, provider: "aws-ssm", settings: auth === undefined ? settings : { ...settings, auth } },
      key: (names) => parameterKey(prefix + path, names),
      names: ({ path: of }) => namesInPath(prefix + path, of),
      reference: (key) => parameterReference(key),
      parse: (reference) => parseParameterReference(reference, aws.region),
      get: store.get,
      version: store.version,
      earlier: store.earlier,
      put: store.put,
      remove: store.remove,
      list: (what, omits) => store.list(what === "" ? prefix : what, omits),
      policy: async (names) => parameterPolicy(prefix + path, names, aws.region),
      writerPolicy: async () => parameterMigratorPolicy(prefix + path, aws.region),
      check: () =>
        checkAws(opened, {
          service: "Parameter Store",
          client: store.client,
          checkAndSet: "a second creation is refused; a replacement is proven by its version",
          rights: (at) => parameterRights(store.client, at),
          resource: parameterResource(prefix + path, aws.region),
        }),
      issueReader: () => issueAwsReader(given.reader, dir, settings, () => parameterPolicy(prefix, null, aws.region)),
    };
    return opened;
  },
};
