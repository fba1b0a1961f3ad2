/**
 * `vault`: the KV engine, version 1 and 2, and the static roles of the database engine, of HashiCorp Vault and OpenBao,
 * through node-vault. `settings` says where, `auth-settings` who; `transport` and `client` talk, `login` and `auth` log in;
 * `kv1` and `kv2` store, `list` lists, `database` reads static
 * roles, and `roles` hands logins over to them; `errors` reduces what went wrong, `policy` names
 * rights, `reader` issues the runtime's credential, `revoke` ends it; `transit` wraps the data keys of SOPS files.
 */
import type { Provider, ProviderModule } from "../../src/contract/provider.ts";
import type { StoreKey } from "../../src/model/plan.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { externalSecrets } from "./external-secrets.ts";
import { checkVault } from "./check.ts";
import { vaultClient } from "./client.ts";
import { database, forReading, readOnly } from "./database.ts";
import type { Kv } from "./kv.ts";
import { kv1 } from "./kv1.ts";
import { kv2 } from "./kv2.ts";
import { mountKind } from "./mount.ts";
import { listKeys } from "./list.ts";
import { parseVaultReference, vaultKey, vaultNames, vaultReference } from "./names.ts";
import { applicationPolicy, migratorPolicy, type MountKind, type KvVersion } from "./policy.ts";
import { issueReader } from "./reader.ts";
import { revokeReader } from "./revoke.ts";
import { databaseRoles, STATIC_PATH } from "./roles.ts";
import { publicSettings, readSettings, VAULT, type VaultSettings } from "./settings.ts";
import { transitKeys } from "./transit.ts";

export const provider: ProviderModule = {
  provider: "vault",
  externalSecrets,
  settings: VAULT,
  template: "path",
  keyService: transitKeys,
  async open(name, config, context): Promise<Provider> {
    const settings = readSettings(config, context);
    const client = vaultClient(settings, context);
    let asked: Promise<MountKind> | null = null;
    const mounted = async (near?: StoreKey): Promise<MountKind> => {
      // What one caller may not read says nothing about another's path.
      const shared = await asked?.catch(unless("denied", "refused"));
      if (shared) return shared;
      const asking = (asked = mountKind(client, settings, name, near?.path));
      asking.catch(() => {
        if (asked === asking) asked = null;
      });
      return asking;
    };
    const { mount, address } = settings;
    const kv = async (near?: StoreKey): Promise<Kv> => {
      const { kind, isSaid } = await mounted(near);
      if (kind === "database") return database(client, mount, address);
      return kind === 2 ? kv2(client, mount, address, context.say) : kv1(client, mount, address, isSaid);
    };
    const version = async (): Promise<KvVersion> => {
      const { kind } = await mounted();
      if (kind === "database") throw readOnly(mount);
      return kind;
    };
    const notes = new Map<string, Promise<readonly string[]>>();
    return {
      target: { name, provider: "vault", settings: publicSettings(settings) },
      key: (names) => vaultKey(settings.path, names),
      names: (key) => vaultNames(settings.path, key),
      reference: (key) => vaultReference(key, settings),
      parse: (reference) => parseVaultReference(reference, settings),
      get: async (key) => (await kv(key)).get(key),
      earlier: async (key, matches) => (await kv(key)).earlier(key, matches),
      version: async (key) => (await kv(key)).version(key.path),
      put: async (key, ...what) => (await kv(key)).put(key, ...what),
      holds: async () => (await kv()).holds ?? null,
      beside: async (key) => (await kv(key)).beside?.(key) ?? null,
      putBeside: async (key, beside) => (await kv(key)).putBeside?.(key, beside),
      async mayPut(key) {
        const known = notes.get(key.path) ?? (await kv(key)).notes(key.path);
        notes.set(key.path, known);
        return { notes: [...opensOnce(settings), ...(await known)] };
      },
      remove: async (key, matches, created) => (await kv(key)).remove(key, matches, created),
      list: async (what, omits) => listKeys(what, settings, client, await version(), await kv(), omits),
      policy: async (names) => applicationPolicy(forReading(settings, await mounted()), names, (await mounted()).kind),
      writerPolicy: async () => migratorPolicy(settings, await version().catch(unless("denied"))),
      loginEnds: () => client.loginEnds(),
      check: () => checkVault(settings, client, mounted, kv),
      issueReader: async () => issueReader(forReading(settings, await mounted()), client, (await mounted()).kind),
      revokeReader: async (issued) => revokeReader(issued, settings, client),
      loginRoles: (at) => databaseRoles(client, { ...settings, mount: at, kvVersion: null, path: STATIC_PATH }),
    };
  },
};

/** What a plan says of a login that no other process can repeat. */
function opensOnce({ auth }: VaultSettings): readonly string[] {
  const file = "wrappedTokenFile" in auth ? auth.wrappedTokenFile : null;
  const wrapped = "wrappedSecretIdFile" in auth ? auth.wrappedSecretIdFile : file;
  if (wrapped === null) return [];
  return [
    `the wrapping token in ${wrapped} is opened once: after this command, each of apply, resume and rollback needs a new one there`,
  ];
}

const unless =
  (...codes: readonly UnsprawlError["code"][]) =>
  (error: unknown): null => {
    if (error instanceof UnsprawlError && codes.includes(error.code)) return null;
    throw error;
  };
