import { setTimeout as sleep } from "node:timers/promises";
import type { SecretProperties } from "@azure/keyvault-secrets";
import { cmd } from "../../src/kit/shell.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { AzureVaultClient } from "./client.ts";
import { failed, Failure } from "./errors.ts";
import { vaultName } from "./names.ts";
import type { AzureSettings } from "./settings.ts";
import { isOf, isOurs, type Tags } from "./tags.ts";

/** A new version, as it is to be: `write` marks it as this one write's. */
export type Version = {
  readonly text: string;
  readonly write: string;
  readonly tags: Tags;
  /** In seconds of the epoch. */
  readonly expiry?: number;
};

/** Writes and deletes, and waits for the service's slow steps. */
export type Writer = {
  /** Every version of a secret; none where there is no such secret. */
  versions(name: string): Promise<readonly SecretProperties[]>;
  /**
   * Creates a version, exactly once whatever the network does, and returns its id. A soft-deleted secret is recovered
   * first if unsprawl created it, with its old state: `revived` is called with its versions. Throws `conflict` for a
   * foreign one.
   */
  set(name: string, version: Version, revived: (versions: readonly SecretProperties[]) => void): Promise<string>;
  /** Soft-deletes a secret and waits until it is done. Idempotent. */
  remove(name: string): Promise<void>;
};

const WRITES = 4;
const POLL_MS = 500;
/** How long the vault may take to delete or recover. */
const SLOW_MS = 30_000;
const SLOW = /^ObjectIsBeing(Deleted|Recovered)$/;
const LIST_MS = 60_000;

export function writer(settings: AzureSettings, client: AzureVaultClient): Writer {
  return new VersionWriter(settings, client);
}

class VersionWriter implements Writer {
  readonly #settings: AzureSettings;
  readonly #client: AzureVaultClient;

  constructor(settings: AzureSettings, client: AzureVaultClient) {
    this.#settings = settings;
    this.#client = client;
  }

  readonly versions: Writer["versions"] = (...given) => this.#versions(...given);

  readonly set: Writer["set"] = async (name, { text, write, tags, expiry }, revived) => {
    const ask = { right: "set", name, expect: [409], repeat: false } as const;
    const give = Date.now() + 2 * SLOW_MS;
    for (let tries = 1; ;) {
      const made = await this.#client.call(ask, async (api, abortSignal) => {
        const ends = expiry === undefined ? {} : { expiresOn: new Date(expiry * 1000) };
        const options = { tags, contentType: "text/plain", abortSignal, ...ends };
        const { properties } = await api.setSecret(name, text, options);
        return properties.version ?? "";
      });
      if (!(made instanceof Failure)) return made;
      if (made.unsure) {
        // Only its mark shows whether it was done.
        const done = (await this.#versions(name)).find((one) => isOf(write, one.tags));
        if (done?.version !== undefined) return done.version;
        if (tries++ >= WRITES) throw failed(made, ask, this.#settings);
        await sleep(made.retryAfter ?? POLL_MS * tries);
        continue;
      }
      const deleted = made.inner === "ObjectIsDeletedButRecoverable";
      if (Date.now() > give || !(deleted || SLOW.test(made.inner))) throw failed(made, ask, this.#settings);
      if (deleted) {
        await this.#revive(name);
        revived(await this.#versions(name));
      } else await sleep(POLL_MS);
    }
  };

  readonly remove: Writer["remove"] = async (name) => {
    const ask = { right: "delete", name, expect: [404, 409] } as const;
    const begun = await this.#client.call(ask, async (api, abortSignal) => {
      const poller = await api.beginDeleteSecret(name, { abortSignal, intervalInMs: POLL_MS });
      return poller.getOperationState().result?.recoveryId !== undefined;
    });
    // Without soft-delete it is gone at once, and never among the deleted.
    if (begun === false) return;
    if (begun instanceof Failure && begun.status === 409 && begun.inner !== "ObjectIsBeingDeleted")
      throw failed(begun, ask, this.#settings);
    await until(async () => {
      const gone = await this.#client.call({ right: "get", name, expect: [403, 404] }, (api, abortSignal) =>
        api.getDeletedSecret(name, { abortSignal }),
      );
      return !(gone instanceof Failure) || gone.status === 403;
    });
  };

  readonly #versions: Writer["versions"] = async (name) => {
    const ask = { right: "list", name, expect: [404], deadline: LIST_MS } as const;
    const found = await this.#client.call(ask, async (api, abortSignal) => {
      const all: SecretProperties[] = [];
      for await (const one of api.listPropertiesOfSecretVersions(name, { abortSignal })) all.push(one);
      return all;
    });
    return found instanceof Failure ? [] : found;
  };

  /** Restores a soft-deleted secret, if it is ours. */
  async #revive(name: string): Promise<void> {
    const gone = await this.#client.call({ right: "get", name, expect: [404] }, (api, abortSignal) =>
      api.getDeletedSecret(name, { abortSignal }),
    );
    // Another writer was faster: the next write shows it.
    if (gone instanceof Failure) return;
    const ours = isOurs(gone.properties.tags);
    if (!ours && !this.#settings.recover) throw foreign(name, this.#settings);
    await this.#client.call({ right: "recover", name, expect: [404, 409] }, (api, abortSignal) =>
      api.beginRecoverDeletedSecret(name, { abortSignal }),
    );
    await until(async () => {
      const back = await this.#client.call({ right: "get", name, expect: [403, 404] }, (api, abortSignal) =>
        api.getSecret(name, { abortSignal }),
      );
      return !(back instanceof Failure) || back.status === 403;
    });
    if (!ours)
      throw new UnsprawlError(
        "conflict",
        `the Key Vault has ${name} again, recovered as recover: true says, with a value that unsprawl did not write`,
        "unsprawl plan shows it; --overwrite replaces it",
      );
  }
}

/** Repeats the question until the answer is true, or for as long as the vault may take. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  for (const give = Date.now() + SLOW_MS; !(await holds()) && Date.now() < give;) await sleep(POLL_MS);
}

function foreign(name: string, { url }: AzureSettings): UnsprawlError {
  return new UnsprawlError(
    "conflict",
    `${name} is soft-deleted in the Key Vault, and unsprawl did not create it`,
    cmd`recover: true in the store's configuration brings it back, and so does az keyvault secret recover --vault-name ${vaultName(url)} --name ${name}; then unsprawl plan shows it`,
  );
}
