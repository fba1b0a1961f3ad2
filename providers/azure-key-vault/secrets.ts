import { randomUUID } from "node:crypto";
import type { KeyNames, Provider, Stored } from "../../src/contract/provider.ts";
import { cmd } from "../../src/kit/shell.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { storeKeyText, type StoreKey } from "../../src/model/plan.ts";
import { Secret } from "../../src/model/secret.ts";
import { checkMatch, checkReplace, versionOf } from "../../src/stores-kit/check-and-set.ts";
import { storableText } from "../../src/stores-kit/storable.ts";
import { writtenAt } from "../../src/stores-kit/written.ts";
import { versionAsker } from "../../src/stores-kit/versions.ts";
import type { AzureVaultClient } from "./client.ts";
import { Failure } from "./errors.ts";
import { oneAtATime } from "./lock.ts";
import { secretName, usesSubject, vaultName, type Names } from "./names.ts";
import type { AzureSettings } from "./settings.ts";
import { foreignTags, isOf, isOurs, originalOf, tagsFor, type Tags } from "./tags.ts";
import { writer, type Writer } from "./write.ts";

export type AzureSecrets = Pick<Provider, "get" | "put" | "remove" | "list"> & {
  earlier: NonNullable<Provider["earlier"]>;
  /** The version that this process last read or wrote of a secret; null when it did neither. */
  version(name: string): string | null;
  /** `version` of a provider. */
  state(key: StoreKey): Promise<string | null>;
};

type AzureStored = Required<Pick<Stored, "beside">> & Stored & { readonly id: string; readonly tags: Tags };

const STORE = "the Key Vault";
const ROOM = { what: "a Key Vault secret", most: 25_600 };
const LIST_MS = 60_000;
/** The service returns 25 at a time. */
const MOST_VERSIONS = 100;
/** How many earlier versions are read. */
const EARLIER = 10;

/**
 * The values. The service has no conditional write: within this process writers wait for each other, and against others
 * the list of versions is compared before and after, so that a lost race is reported, never hidden.
 */
export function secrets(settings: AzureSettings, client: AzureVaultClient, names: Names): AzureSecrets {
  return new VaultSecrets(settings, client, names);
}

class VaultSecrets implements AzureSecrets {
  readonly #settings: AzureSettings;
  readonly #client: AzureVaultClient;
  readonly #names: Names;
  readonly #write: Writer;
  readonly #latest = new Map<string, string>();

  constructor(settings: AzureSettings, client: AzureVaultClient, names: Names) {
    this.#settings = settings;
    this.#client = client;
    this.#names = names;
    this.#write = writer(settings, client);
  }

  readonly version: AzureSecrets["version"] = (name) => this.#latest.get(name.toLowerCase()) ?? null;

  readonly state: AzureSecrets["state"] = versionAsker((path) => this.#state(secretName({ path, field: "" }).name));

  readonly get: AzureSecrets["get"] = async (key) => {
    const { name, version } = secretName(key);
    const there = await this.#read(name, version);
    return there === null
      ? null
      : {
          ...{ value: there.value, version: there.version, beside: there.beside },
          ...(there.written && { written: there.written }),
        };
  };

  readonly earlier: AzureSecrets["earlier"] = async (key, matches) => {
    const { name } = secretName(key);
    const dated = (await this.#write.versions(name)).map(({ version, enabled, createdOn }) => ({
      ...{ version, enabled },
      at: createdOn?.getTime() ?? 0,
    }));
    // The current version is among them, and is another value.
    const usable = dated.filter(({ enabled }) => enabled !== false).sort((a, b) => b.at - a.at);
    for (const { version } of usable.slice(0, EARLIER + 1)) {
      const found = version === undefined ? null : await this.#read(name, version);
      if (found !== null && matches(found.value)) return found.value;
    }
    return null;
  };

  readonly put: AzureSecrets["put"] = async (key, value, replace, origin, beside = {}) => {
    const name = writable(key);
    const text = storableText(value, ROOM);
    return oneAtATime(this.#at(name), async () => {
      const before = new Set((await this.#write.versions(name)).map((one) => one.version));
      const there = await this.#read(name, null);
      checkReplace(there, replace, key, STORE);
      const known = this.#names.original(name);
      if (there !== null) {
        before.add(there.id);
        if (known !== null) checkOriginal(there.tags, known, this.#settings.name, name);
      }
      const mark = randomUUID();
      const { labels, expiry } = there === null ? beside : {};
      const tags = { ...labels, ...tagsFor(there?.tags ?? null, known, origin, mark) };
      const id = await this.#write.set(name, { text, write: mark, tags, ...(expiry && { expiry }) }, (revived) => {
        for (const one of revived) before.add(one.version);
      });
      const others = (await this.#write.versions(name)).filter(
        (one) => !before.has(one.version) && one.version !== id && !isOf(mark, one.tags),
      );
      if (others.length > 0) throw raced(name, this.#settings);
      this.#latest.set(name.toLowerCase(), id);
      return { version: versionOf(id, value) };
    });
  };

  readonly remove: AzureSecrets["remove"] = async (key, matches) => {
    const name = writable(key);
    return oneAtATime(this.#at(name), async () => {
      const there = await this.#read(name, null);
      if (there === null) return false;
      checkMatch(there.value, matches, key, STORE);
      if (!isOurs(there.tags))
        throw new UnsprawlError(
          "conflict",
          `unsprawl did not make ${storeKeyText(key)} in ${STORE} and does not delete it`,
          cmd`az keyvault secret delete --vault-name ${vaultName(this.#settings.url)} --name ${name}`,
        );
      this.#latest.delete(name.toLowerCase());
      await this.#write.remove(name);
      return true;
    });
  };

  readonly list: AzureSecrets["list"] = async (what, omits) => {
    const found = await this.#client.call(
      { right: "list", name: null, deadline: LIST_MS },
      async (api, abortSignal) => {
        const [all, omitted]: [string[], string[]] = [[], []];
        for await (const { name, enabled, contentType, tags } of api.listPropertiesOfSecrets({ abortSignal })) {
          if (!name.toLowerCase().startsWith(what.toLowerCase())) continue;
          // The vault shows nobody the value of a disabled one; the bytes of a certificate with its key are no text.
          if (enabled === false || contentType === "application/x-pkcs12") {
            omitted.push(name);
            continue;
          }
          this.#names.learn(name, originalOf(tags));
          all.push(name);
        }
        return { all, omitted };
      },
    );
    if (found instanceof Failure) return [];
    for (const path of found.omitted) omits?.(path);
    return found.all.sort().map((path) => ({ path, field: "" }));
  };

  #at(name: string): string {
    return `${this.#settings.url}/${name.toLowerCase()}`;
  }

  /** Null only if the vault says that there is none. */
  async #read(name: string, version: string | null): Promise<AzureStored | null> {
    const found = await this.#client.call({ right: "get", name, expect: [404] }, (api, abortSignal) =>
      api.getSecret(name, { abortSignal, ...(version === null ? {} : { version }) }),
    );
    if (found instanceof Failure) {
      if (found.code === "SecretNotFound") return null;
      throw new UnsprawlError(
        "malformed",
        `${this.#settings.url} does not answer as a Key Vault`,
        "url is https://NAME.vault.azure.net",
        found.code || "404",
      );
    }
    const { properties } = found;
    const [value, id, tags] = [Secret.of(found.value ?? ""), properties.version ?? "", properties.tags ?? {}];
    if (version === null) this.#latest.set(name.toLowerCase(), id);
    this.#names.learn(name, originalOf(tags));
    const { expiresOn } = properties;
    const beside = {
      ...foreignTags(tags),
      ...(expiresOn !== undefined && { expiry: Math.floor(expiresOn.getTime() / 1000) }),
    };
    return { value, id, tags, beside, version: versionOf(id, value), ...writtenAt(properties.createdOn, "store") };
  }

  /**
   * The properties of all its versions; null for a secret that does not exist, or has so many that reading costs less.
   */
  async #state(name: string): Promise<string | null> {
    const found = await this.#client.call({ right: "list", name, expect: [404] }, async (api, abortSignal) => {
      const all: string[] = [];
      for await (const { version, enabled, updatedOn } of api.listPropertiesOfSecretVersions(name, { abortSignal })) {
        if (all.length === MOST_VERSIONS) return null;
        all.push(JSON.stringify([version, enabled, updatedOn?.getTime()]));
      }
      return all.sort().join(" ");
    });
    return found instanceof Failure || found === "" ? null : found;
  }
}

function writable(key: Parameters<Provider["put"]>[0]): string {
  const { name, version } = secretName(key);
  if (version === null) return name;
  throw new UnsprawlError(
    "refused",
    `${name} is pinned to a version, which nobody can change`,
    "leave the version out",
  );
}

/** Throws `conflict` if the secret belongs to another variable that maps to the same name. */
function checkOriginal(tags: Tags, mine: KeyNames, template: string, name: string): void {
  const theirs = originalOf(tags);
  // Without the variable's name, the subject is the writer, not what the name was made from.
  if (theirs.name === undefined) return;
  const subject = usesSubject(template) ? (theirs.subject ?? mine.subject) : mine.subject;
  const sameProject = mine.standIn === true || (theirs.project ?? mine.project) === mine.project;
  if (theirs.name === mine.name && subject === mine.subject && sameProject) return;
  throw new UnsprawlError(
    "conflict",
    `${name} in ${STORE} is ${theirs.name} of ${subject}; ${mine.name} of ${mine.subject} would take its place`,
    "rename one of them, or put them into different vaults",
  );
}

function raced(name: string, { url }: AzureSettings): UnsprawlError {
  return new UnsprawlError(
    "conflict",
    `somebody else wrote ${name} in ${STORE} at the same moment; both values are there as versions`,
    cmd`az keyvault secret list-versions --vault-name ${vaultName(url)} --name ${name}; then unsprawl plan again`,
  );
}
