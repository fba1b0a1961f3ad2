/**
 * `azure-key-vault`: one secret per variable in Azure Key Vault, through @azure/keyvault-secrets and @azure/identity.
 * `settings` says where and who, `names` maps to what a vault accepts, `client` and `credential` talk, `secrets` and
 * `write` store, `errors` reduces what went wrong.
 */
import type { Provider, ProviderModule } from "../../src/contract/provider.ts";
import { cryptoKeys } from "./crypto-keys.ts";
import { externalSecrets } from "./external-secrets.ts";
import { probeStore } from "../../src/stores-kit/probe.ts";
import { vaultClient, type TokenChallenge } from "./client.ts";
import { azureReference, nameMap, parseAzureReference, secretName } from "./names.ts";
import { migratorPolicy, readerPolicy } from "./policy.ts";
import { issueReader } from "./reader.ts";
import { secretRights } from "./rights.ts";
import { secrets } from "./secrets.ts";
import { AZURE, publicSettings, readSettings } from "./settings.ts";
import { HOLDS } from "./tags.ts";

export const provider: ProviderModule = {
  provider: "azure-key-vault",
  externalSecrets,
  settings: AZURE,
  template: "name",
  keyService: cryptoKeys,
  async open(name, config, context): Promise<Provider> {
    const settings = readSettings(config, context);
    const names = nameMap(settings.name);
    const client = vaultClient(settings, context.env, context.say);
    const store = secrets(settings, client, names);
    const opened: Provider = {
      target: { name, provider: "azure-key-vault", settings: publicSettings(settings) },
      key: (given) => names.key(given),
      names: (key) => names.names(key),
      reference(key) {
        const { name: secret, version } = secretName(key);
        const known = settings.pinVersion && version === null ? store.version(secret) : null;
        return azureReference(known === null ? key : { ...key, path: `${secret}/${known}` }, settings.url);
      },
      parse: (reference) => parseAzureReference(reference, settings.url),
      get: (key) => store.get(key),
      version: (key) => store.state(key),
      earlier: (key, matches) => store.earlier(key, matches),
      put: (...what) => store.put(...what),
      holds: async () => HOLDS,
      remove: (...what) => store.remove(...what),
      list: (what, omits) => store.list(what, omits),
      policy: async (given) => readerPolicy(given, settings),
      writerPolicy: async () => migratorPolicy(settings),
      async check() {
        let challenge: TokenChallenge;
        const lines = await probeStore(opened, {
          async reach() {
            challenge = await client.challenge();
            return settings.url;
          },
          async authenticate() {
            await client.login(challenge);
            return settings.auth === null ? "by the environment's own credential" : "client-secret";
          },
          rights: async ({ path }) => secretRights(settings, client, path),
        });
        return lines.map((line) =>
          line.right === "delete" && line.ok
            ? { ...line, text: `${line.text}; its name stays soft-deleted until the vault purges it` }
            : line,
        );
      },
      issueReader: () => issueReader(settings),
    };
    return opened;
  },
};
