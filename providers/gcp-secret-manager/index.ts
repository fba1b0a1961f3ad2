/**
 * `gcp-secret-manager`: one secret per variable in Google Cloud's Secret Manager, over its REST API (v1). `settings` says
 * where and who, `credentials` and `login` get a token, `client` talks, `api` has the calls, `secrets` and `claim` store,
 * `errors` reduces what went wrong; `crypto-keys` wraps the data keys of SOPS files by Cloud KMS.
 */
import type { Provider, ProviderModule } from "../../src/contract/provider.ts";
import { probeStore } from "../../src/stores-kit/probe.ts";
import { GcpSecretApi, HOLDS } from "./api.ts";
import { gcpClient } from "./client.ts";
import { storeName } from "./errors.ts";
import { cryptoKeys } from "./crypto-keys.ts";
import { externalSecrets } from "./external-secrets.ts";
import { parseSecretReference, secretKey, secretNames, secretReference } from "./names.ts";
import { migratorPolicy, readerPolicy } from "./policy.ts";
import { issueReader } from "./reader.ts";
import { secretRights } from "./rights.ts";
import { gcpSecrets } from "./secrets.ts";
import { GCP, publicSettings, readSettings } from "./settings.ts";

export const provider: ProviderModule = {
  provider: "gcp-secret-manager",
  externalSecrets,
  settings: GCP,
  template: "name",
  keyService: cryptoKeys,
  async open(name, config, context): Promise<Provider> {
    const settings = readSettings(config, context);
    const { projectId, name: template } = settings;
    const client = gcpClient(settings, context.env, context.say);
    const api = new GcpSecretApi(settings, client);
    const store = gcpSecrets(api, storeName(settings), projectId);
    const opened: Provider = {
      target: { name, provider: "gcp-secret-manager", settings: publicSettings(settings) },
      key: (names) => secretKey(template, names),
      names: (key) => secretNames(template, key),
      reference: (key) => secretReference(key, projectId),
      parse: (reference) => parseSecretReference(reference, projectId),
      get: store.get,
      version: store.version,
      earlier: store.earlier,
      put: store.put,
      holds: async () => HOLDS,
      beside: store.beside,
      remove: store.remove,
      list: store.list,
      policy: async (names) => readerPolicy(names, settings),
      writerPolicy: async () => migratorPolicy(settings),
      check: () =>
        probeStore(opened, {
          reach: async () => {
            await client.reach();
            return storeName(settings);
          },
          authenticate: async () => {
            await client.login();
            return `method ${settings.auth.method}`;
          },
          rights: async ({ path }) => secretRights(api, client, path),
          checkAndSet: "a second write to the same name is refused; a version follows only the one that was read",
        }),
      issueReader: () => issueReader(settings),
    };
    return opened;
  },
};
