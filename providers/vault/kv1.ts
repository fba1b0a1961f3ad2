import { isDeepStrictEqual } from "node:util";
import { UnsprawlError } from "../../src/model/error.ts";
import type { StoreKey } from "../../src/model/plan.ts";
import type { Secret } from "../../src/model/secret.ts";
import { checkMatch } from "../../src/stores-kit/check-and-set.ts";
import type { VaultClient } from "./client.ts";
import { isLeased, leased } from "./database.ts";
import { statusError } from "./errors.ts";
import { checkReplace, fieldValue, vaultText, unsure, versionOf, type Fields, type Kv } from "./kv.ts";
import { encodePath, mustBeCurrent } from "./names.ts";
import { writerRights } from "./policy.ts";

/** Writers of one secret in this process take turns; against other processes there is only the read-back. */
const turns = new Map<string, Promise<unknown>>();

/**
 * KV version 1 has no check-and-set and no PATCH: the whole secret is read, merged, written and read back. Two
 * processes at once can lose a field; the read-back reports it to the loser (`conflict`). `isSaid`: the server says that it
 * is this engine; otherwise a path that makes a login by being read, if it is another one, is not read.
 */
export function kv1(client: VaultClient, mount: string, address: string, isSaid: boolean): Kv {
  return new Kv1(client, mount, address, isSaid);
}

class Kv1 implements Kv {
  readonly #client: VaultClient;
  readonly #mount: string;
  readonly #address: string;
  readonly #isSaid: boolean;

  constructor(client: VaultClient, mount: string, address: string, isSaid: boolean) {
    this.#client = client;
    this.#mount = mount;
    this.#address = address;
    this.#isSaid = isSaid;
  }

  readonly get: Kv["get"] = async (key) => {
    const value = fieldValue(await this.#read(key.path), key.field);
    return value === null ? null : { value, version: versionOf(0, value), beside: {} };
  };

  readonly version: Kv["version"] = async () => null;

  readonly earlier: Kv["earlier"] = async () => null;

  readonly notes: Kv["notes"] = async () => [];

  readonly put: Kv["put"] = (key, value, replace) => {
    const text = vaultText(value);
    return this.#inTurn(key.path, async () => {
      const fields = await this.#read(key.path);
      checkReplace(fieldValue(fields, key.field), 0, replace, key);
      await this.#write(key, { ...fields, [key.field]: text });
      return { version: versionOf(0, value) };
    });
  };

  readonly remove: Kv["remove"] = (key: StoreKey, matches: (value: Secret) => boolean) =>
    this.#inTurn(key.path, async () => {
      const fields = await this.#read(key.path);
      const value = fieldValue(fields, key.field);
      if (fields === null || value === null) return false;
      checkMatch(value, matches, key, "the Vault");
      await this.#write(key, Object.fromEntries(Object.entries(fields).filter(([name]) => name !== key.field)));
      return true;
    });

  readonly fields: Kv["fields"] = (path) => this.#read(path);

  #at(path: string): string {
    return `${encodePath(this.#mount)}/${encodePath(path)}`;
  }

  async #read(path: string): Promise<Fields | null> {
    mustBeCurrent(path);
    if (!this.#isSaid && isLeased(path)) throw leased(this.#mount, path);
    const needs = [{ path: `${this.#mount}/${path}`, capabilities: ["read"] }];
    const { status, body, errors } = await this.#client.call("GET", this.#at(path), { needs, expect: [404] });
    if (status === 404 && errors.length > 0) throw statusError(status, errors, this.#address);
    if (status === 404) return null;
    const { data } = (body ?? {}) as { data?: unknown };
    if (typeof data !== "object" || data === null) throw statusError(status, [], this.#address);
    return data as Fields;
  }

  async #write(key: StoreKey, fields: Fields): Promise<void> {
    const { path } = key;
    const needs = writerRights(this.#mount, path, 1);
    const sent =
      Object.keys(fields).length > 0
        ? this.#client.call("POST", this.#at(path), { json: fields, needs })
        : this.#client.call("DELETE", this.#at(path), { needs });
    // If the response is lost, the read-back shows the result.
    const lost = await sent.then(
      () => null,
      (error: unknown) => {
        if (error instanceof UnsprawlError && error.code === "unreachable") return unsure(error, key);
        throw error;
      },
    );
    const there = await this.#read(path).catch((error: unknown) => {
      throw lost ?? error;
    });
    if (isDeepStrictEqual(there ?? {}, fields)) return;
    throw (
      lost ??
      new UnsprawlError(
        "conflict",
        `another writer changed ${path} in the Vault at the same time`,
        "KV v1 has no check-and-set: look at the secret, then try again; better, move to a KV v2 mount",
      )
    );
  }

  async #inTurn<T>(path: string, act: () => Promise<T>): Promise<T> {
    const name = `${this.#address} ${this.#mount} ${path}`;
    const mine = (turns.get(name) ?? Promise.resolve()).catch(() => {}).then(act);
    turns.set(name, mine);
    try {
      return await mine;
    } finally {
      if (turns.get(name) === mine) turns.delete(name);
    }
  }
}
