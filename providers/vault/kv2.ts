import { setTimeout as sleep } from "node:timers/promises";
import { UnsprawlError } from "../../src/model/error.ts";
import type { BesideValue } from "../../src/model/beside.ts";
import type { StoreKey } from "../../src/model/plan.ts";
import type { Secret } from "../../src/model/secret.ts";
import { writtenAt } from "../../src/stores-kit/written.ts";
import { labelsIn } from "../../src/stores-kit/labels.ts";
import { checkMatch } from "../../src/stores-kit/check-and-set.ts";
import type { VaultClient } from "./client.ts";
import type { VaultResponse } from "./transport.ts";
import { statusError } from "./errors.ts";
import { checkReplace, fieldValue, HOLDS, vaultText, unsure, versionOf, type Fields, type Kv } from "./kv.ts";
import { encodePath, mustBeCurrent, pinnedPath } from "./names.ts";
import { writerRights } from "./policy.ts";

/** The custom metadata of a secret that unsprawl created. */
const MARK = { key: "managed-by", value: "unsprawl" };
/** The error of a server that does not answer. */
const AWAY: readonly string[] = ["unreachable", "throttled"];
/** Each round loses only if another writer won it. */
const ROUNDS = 40;
/** How many earlier versions are read; the engine's own default is to keep 10. */
const EARLIER = 10;

type Kv2State = {
  readonly fields: Fields | null;
  readonly version: number;
  readonly ours: boolean;
  /** What else the secret has, of all its fields. */
  readonly beside: BesideValue;
  /** When this version was written, as the server writes times. */
  readonly createdAt: unknown;
};

/** A write without a response, and the version that it was to replace. */
class LostWrite extends Error {
  readonly error: UnsprawlError;
  readonly replaces: number;

  constructor(error: UnsprawlError, replaces: number) {
    super("lost");
    this.error = error;
    this.replaces = replaces;
  }
}

/** KV version 2: every write is check-and-set, and PATCH leaves the siblings alone (Vault API, kv-v2). */
export function kv2(client: VaultClient, mount: string, address: string, say: Say = () => undefined): Kv {
  return new Kv2(client, mount, address, say);
}

type Say = (text: string) => void;

class Kv2 implements Kv {
  readonly #client: VaultClient;
  readonly #mount: string;
  readonly #address: string;
  readonly #say: Say;

  constructor(client: VaultClient, mount: string, address: string, say: Say) {
    this.#client = client;
    this.#mount = mount;
    this.#address = address;
    this.#say = say;
  }

  readonly get: Kv["get"] = async (key) => {
    const { path, version: pinned } = pinnedPath(key.path);
    const { fields, version, createdAt, beside } = await this.#read(path, pinned);
    const value = fieldValue(fields, key.field);
    if (value === null) return null;
    return { value, version: versionOf(version, value), ...writtenAt(createdAt, "store"), beside };
  };

  readonly version: Kv["version"] = async (path) => {
    const { status, ...answer } = await this.#client.call("GET", this.#at("metadata", pinnedPath(path).path), {
      needs: [],
      expect: [403, 404],
    });
    const { current_version: current, versions } = dataOf({ status, ...answer });
    if (status >= 300 || typeof current !== "number") return null;
    // A version that was deleted, or undeleted, keeps its number.
    const state = (versions as { readonly [version: string]: unknown } | undefined)?.[current];
    return JSON.stringify([current, state]);
  };

  readonly earlier: Kv["earlier"] = async (key, matches) => {
    const { version } = await this.#read(key.path);
    // By number: the right to read values is enough, and versions that are gone answer as absent.
    for (let older = version - 1; older > 0 && older >= version - EARLIER; older--) {
      const value = fieldValue((await this.#read(key.path, older)).fields, key.field);
      if (value !== null && matches(value)) return value;
    }
    return null;
  };

  readonly notes: Kv["notes"] = async (path) => {
    // The mount's settings may be closed to this token; then the write shows it.
    for (const at of [this.#at("metadata", path), `${encodePath(this.#mount)}/config`]) {
      const answer = await this.#client.call("GET", at, { needs: [], expect: [403, 404] });
      const { delete_version_after: after } = dataOf(answer);
      if (typeof after === "string" && !/^(?:-|0s$)/.test(after)) return [expiry(this.#mount, path, `after ${after}`)];
    }
    return [];
  };

  readonly holds = HOLDS;

  readonly beside: NonNullable<Kv["beside"]> = async ({ path }) => {
    const { version, beside } = await this.#read(path);
    return version === 0 ? null : beside;
  };

  readonly putBeside: NonNullable<Kv["putBeside"]> = async ({ path }, beside) => {
    const { version, ours, createdAt } = await this.#read(path);
    // Its labels came with the mark; what has more versions was another's before.
    if (version === 1 && !ours) await this.#mark(path, createdAt, beside);
  };

  readonly put: Kv["put"] = async (key, value, replace, _origin, beside) => {
    mustBeCurrent(key.path);
    const text = vaultText(value);
    return rounds(key, async (lost) => {
      const { fields, version, createdAt } = await this.#read(key.path);
      const there = fieldValue(fields, key.field);
      if (lost !== null && version > lost && there?.equals(value)) {
        // The write was done, and only its answer was lost.
        if (version === 1) await this.#mark(key.path, createdAt, beside);
        return { version: versionOf(version, value) };
      }
      checkReplace(there, version, replace, key);
      const answer = await this.#write(fields === null ? "POST" : "PATCH", key.path, key.field, text, version);
      if (answer === null) return null;
      const written = dataOf(answer);
      const gone = written["deletion_time"];
      if (typeof gone === "string" && gone !== "") this.#say(expiry(this.#mount, key.path, `on ${gone}`));
      if (fields === null && version === 0) await this.#mark(key.path, written["created_time"], beside);
      return { version: versionOf(numberOf(written["version"]), value) };
    });
  };

  readonly remove: Kv["remove"] = async (key: StoreKey, matches: (value: Secret) => boolean, created = false) => {
    mustBeCurrent(key.path);
    return rounds(key, async (lost) => {
      const { fields, version, ours } = await this.#read(key.path);
      const value = fieldValue(fields, key.field);
      const done = lost !== null && version > lost;
      if (value === null && done && ours && Object.keys(fields ?? {}).length === 0) await this.#tidy(key.path, version);
      if (value === null) return done;
      checkMatch(value, matches, key, "the Vault");
      const answer = await this.#write("PATCH", key.path, key.field, null, version);
      if (answer === null) return null;
      const mine = ours || (created && version === 1);
      if (mine && Object.keys(fields ?? {}).length === 1)
        await this.#tidy(key.path, numberOf(dataOf(answer)["version"]));
      return true;
    });
  };

  readonly fields: Kv["fields"] = async (path) => (await this.#read(path)).fields;

  #at(kind: "data" | "metadata", path: string): string {
    return `${encodePath(this.#mount)}/${kind}/${encodePath(path)}`;
  }

  async #read(path: string, version: number | null = null): Promise<Kv2State> {
    const needs = [{ path: `${this.#mount}/data/${path}`, capabilities: ["read"] }];
    const which = version === null ? "" : `?version=${version}`;
    const answer = await this.#client.call("GET", `${this.#at("data", path)}${which}`, { needs, expect: [404] });
    return stateOf(answer, this.#address);
  }

  /** One write; null if another writer was faster. Throws `LostWrite` if it may have been carried out. */
  async #write(
    method: "POST" | "PATCH",
    path: string,
    field: string,
    value: string | null,
    cas: number,
  ): Promise<VaultResponse | null> {
    const json = { options: { cas }, data: { [field]: value } };
    const needs = writerRights(this.#mount, path, 2);
    const answer = await this.#client
      .call(method, this.#at("data", path), { json, needs, expect: [400, 404] })
      .catch((error: unknown) => {
        throw error instanceof UnsprawlError && error.code === "unreachable" ? new LostWrite(error, cas) : error;
      });
    if (answer.status < 300) return answer;
    if (answer.status === 404 && method === "PATCH" && answer.errors.length === 0) return null;
    if (answer.errors.some((text) => text.includes("did not match the current version"))) return null;
    throw statusError(answer.status, answer.errors, this.#address);
  }

  /**
   * Marks a secret as ours, with the labels that go along. Without the right, or with 64 keys already, it stays unmarked,
   * and is then never deleted; with labels to write that is an error.
   */
  async #mark(path: string, createdAt: unknown, { labels = {} }: BesideValue = {}): Promise<void> {
    const needs = Object.keys(labels).length === 0 ? [] : writerRights(this.#mount, path, 2);
    try {
      const found = await this.#client.call("GET", this.#at("metadata", path), { needs });
      // Metadata older than its first version was created by an operator.
      if (dataOf(found)["created_time"] !== createdAt) return;
      const json = { custom_metadata: { ...labels, [MARK.key]: MARK.value } };
      await this.#client.call("PATCH", this.#at("metadata", path), { json, needs });
    } catch (error) {
      // The value is stored; only the mark is not.
      if (needs.length > 0) throw error;
    }
  }

  /** Deletes the remains of a secret without fields. A new version by another writer in between keeps it. */
  async #tidy(path: string, emptied: number): Promise<void> {
    try {
      const found = await this.#client.call("GET", this.#at("metadata", path), { needs: [] });
      if (dataOf(found)["current_version"] === emptied)
        await this.#client.call("DELETE", this.#at("metadata", path), { needs: [] });
    } catch {
      // The value is removed; an empty secret is left for those who may delete it.
    }
  }
}

/**
 * Reads and writes until a write is accepted. `round` returns null if another writer was faster; it gets the version
 * that a lost write was to replace, checks whether that was carried out, and otherwise writes once more.
 */
async function rounds<T>(key: StoreKey, round: (lost: number | null) => Promise<T | null>): Promise<T> {
  let lost: LostWrite | null = null;
  for (let left = ROUNDS; left > 0; left--) {
    try {
      const done = await round(lost?.replaces ?? null);
      if (done !== null) return done;
    } catch (error) {
      const away = error instanceof LostWrite || (error instanceof UnsprawlError && AWAY.includes(error.code));
      if (away && lost !== null) throw unsure(lost.error, key);
      if (!(error instanceof LostWrite)) throw error;
      lost = error;
      await sleep(250);
    }
    await sleep(5 + Math.random() * 40);
  }
  throw new UnsprawlError(
    "conflict",
    `other writers keep changing ${key.path} in the Vault`,
    "try again when they are done",
  );
}

/** A secret that Vault will delete by itself, which an application would miss at its next start. */
function expiry(mount: string, path: string, when: string): string {
  return `${mount}/ deletes what is written to ${path} ${when} (delete_version_after): write it again before then, or set that to 0s`;
}

/** 404 has three meanings: nothing there, the last version deleted (its number is what check-and-set wants), no such mount. */
function stateOf(answer: VaultResponse, address: string): Kv2State {
  const { status, errors, body } = answer;
  const { data, metadata } = dataOf(answer) as {
    data?: unknown;
    metadata?: { version?: unknown; custom_metadata?: unknown; created_time?: unknown; deletion_time?: unknown };
  };
  if (status === 404 && errors.length > 0) throw statusError(status, errors, address);
  if (status === 404 && metadata === undefined) {
    const { warnings } = (body ?? {}) as { warnings?: unknown };
    if (Array.isArray(warnings) && warnings.length > 0) throw statusError(status, [], address);
    return { fields: null, version: 0, ours: false, createdAt: null, beside: {} };
  }
  const custom = (metadata?.custom_metadata ?? {}) as { readonly [key: string]: unknown };
  const state = {
    version: numberOf(metadata?.version),
    ours: custom[MARK.key] === MARK.value,
    createdAt: metadata?.created_time,
    beside: {
      ...labelsIn(custom),
      ...(typeof metadata?.deletion_time === "string" &&
        metadata.deletion_time !== "" && { stays: ["deletion" as const] }),
    },
  };
  if (status === 404) return { fields: null, ...state };
  if (typeof data !== "object" || data === null || state.version === 0) throw statusError(status, [], address);
  return { fields: data as Fields, ...state };
}

function dataOf(answer: VaultResponse): { readonly [key: string]: unknown } {
  const { data } = (answer.body ?? {}) as { data?: unknown };
  return typeof data === "object" && data !== null ? (data as { readonly [key: string]: unknown }) : {};
}

function numberOf(value: unknown): number {
  return typeof value === "number" ? value : 0;
}
