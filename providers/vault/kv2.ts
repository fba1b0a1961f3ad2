import { setTimeout as sleep } from "node:timers/promises";
import { UnsprawlError } from "../../src/model/error.ts";
import type { StoreKey } from "../../src/model/plan.ts";
import type { Secret } from "../../src/model/secret.ts";
import type { VaultClient } from "./client.ts";
import type { Answer } from "./transport.ts";
import { statusError } from "./errors.ts";
import { checkMatch, checkReplace, fieldValue, textOf, versionOf, type Fields, type Kv } from "./kv.ts";
import { encodePath } from "./names.ts";
import { writerRights } from "./policy.ts";

/** The custom metadata of a secret that unsprawl created. */
const MARK = { key: "managed-by", value: "unsprawl" };
/** Each round loses only when another writer won it. */
const ROUNDS = 40;

type State = { readonly fields: Fields | null; readonly version: number; readonly ours: boolean };

/** KV version 2: every write is check-and-set, and PATCH leaves the siblings alone (Vault API, kv-v2). */
export function kv2(client: VaultClient, mount: string, address: string): Kv {
  const at = (kind: "data" | "metadata", path: string): string => `${encodePath(mount)}/${kind}/${encodePath(path)}`;

  const read = async (path: string): Promise<State> => {
    const needs = [{ path: `${mount}/data/${path}`, capabilities: ["read"] }];
    const answer = await client.call("GET", at("data", path), { needs, expect: [404] });
    return stateOf(answer, address);
  };

  /** One write; null when another writer was faster. */
  const write = async (
    method: "POST" | "PATCH",
    path: string,
    field: string,
    value: string | null,
    cas: number,
  ): Promise<Answer | null> => {
    const json = { options: { cas }, data: { [field]: value } };
    const answer = await client.call(method, at("data", path), {
      json,
      needs: writerRights(mount, path, 2),
      expect: [400, 404],
    });
    if (answer.status < 300) return answer;
    if (answer.status === 404 && method === "PATCH" && answer.errors.length === 0) return null;
    if (answer.errors.some((text) => text.includes("did not match the current version"))) return null;
    throw statusError(answer.status, answer.errors, address);
  };

  /** Marks a secret as ours. For lack of rights, or with 64 keys there already, it stays unmarked, and is then not deleted. */
  const mark = async (path: string, createdAt: unknown): Promise<void> => {
    try {
      const found = await client.call("GET", at("metadata", path), { needs: [] });
      // Metadata that is older than its first version was made by an operator.
      if (dataOf(found)["created_time"] !== createdAt) return;
      await client.call("PATCH", at("metadata", path), {
        json: { custom_metadata: { [MARK.key]: MARK.value } },
        needs: [],
      });
    } catch {
      // The value is stored; only the mark is not.
    }
  };

  /** Deletes what is left of a secret without fields. Another writer's new version in between keeps it. */
  const tidy = async (path: string, emptied: number): Promise<void> => {
    try {
      const found = await client.call("GET", at("metadata", path), { needs: [] });
      if (dataOf(found)["current_version"] === emptied)
        await client.call("DELETE", at("metadata", path), { needs: [] });
    } catch {
      // The value is removed; an empty secret is left for who may delete it.
    }
  };

  return {
    async get(key) {
      const { fields, version } = await read(key.path);
      const value = fieldValue(fields, key.field);
      return value === null ? null : { value, version: versionOf(version, value) };
    },
    async put(key, value, replace) {
      const text = textOf(value);
      return rounds(key, async () => {
        const { fields, version } = await read(key.path);
        checkReplace(fieldValue(fields, key.field), version, replace, key);
        const answer = await write(fields === null ? "POST" : "PATCH", key.path, key.field, text, version);
        if (answer === null) return null;
        const written = dataOf(answer);
        if (fields === null && version === 0) await mark(key.path, written["created_time"]);
        return { version: versionOf(numberOf(written["version"]), value) };
      });
    },
    async remove(key: StoreKey, matches: (value: Secret) => boolean) {
      return rounds(key, async () => {
        const { fields, version, ours } = await read(key.path);
        const value = fieldValue(fields, key.field);
        if (value === null) return false;
        checkMatch(value, matches, key);
        const answer = await write("PATCH", key.path, key.field, null, version);
        if (answer === null) return null;
        if (ours && Object.keys(fields ?? {}).length === 1) await tidy(key.path, numberOf(dataOf(answer)["version"]));
        return true;
      });
    },
  };
}

async function rounds<T>(key: StoreKey, round: () => Promise<T | null>): Promise<T> {
  for (let left = ROUNDS; left > 0; left--) {
    const done = await round();
    if (done !== null) return done;
    await sleep(5 + Math.random() * 40);
  }
  throw new UnsprawlError(
    "conflict",
    `other writers keep changing ${key.path} in the Vault`,
    "try again when they are done",
  );
}

/** 404 has three meanings: nothing there, the last version deleted (its number is what check-and-set wants), no such mount. */
function stateOf(answer: Answer, address: string): State {
  const { status, errors, body } = answer;
  const { data, metadata } = dataOf(answer) as {
    data?: unknown;
    metadata?: { version?: unknown; custom_metadata?: unknown };
  };
  if (status === 404 && errors.length > 0) throw statusError(status, errors, address);
  if (status === 404 && metadata === undefined) {
    const { warnings } = (body ?? {}) as { warnings?: unknown };
    if (Array.isArray(warnings) && warnings.length > 0) throw statusError(status, [], address);
    return { fields: null, version: 0, ours: false };
  }
  const custom = (metadata?.custom_metadata ?? {}) as { readonly [key: string]: unknown };
  const state = { version: numberOf(metadata?.version), ours: custom[MARK.key] === MARK.value };
  if (status === 404) return { fields: null, ...state };
  if (typeof data !== "object" || data === null || state.version === 0) throw statusError(status, [], address);
  return { fields: data as Fields, ...state };
}

function dataOf(answer: Answer): { readonly [key: string]: unknown } {
  const { data } = (answer.body ?? {}) as { data?: unknown };
  return typeof data === "object" && data !== null ? (data as { readonly [key: string]: unknown }) : {};
}

function numberOf(value: unknown): number {
  return typeof value === "number" ? value : 0;
}
