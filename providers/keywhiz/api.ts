import { UnsprawlError } from "../../src/model/error.ts";
import { Secret } from "../../src/model/secret.ts";
import type { KeywhizResponse, KeywhizClient } from "./client.ts";
import { otherSpelling, strangeAnswer } from "./errors.ts";

export const SECRETS = "/automation/v2/secrets";
const GROUPS = "/automation/v2/groups";
/** More versions than Keywhiz keeps of one secret. */
const ALL_VERSIONS = 1000;

/** What Keywhiz reports about a version of a secret, without its value. */
export type Detail = {
  readonly name: string;
  /** A signed 64-bit number, as text. */
  readonly version: string;
  /** Equal for equal values. */
  readonly checksum: string;
  readonly description: string;
  readonly metadata: { readonly [name: string]: unknown };
  /** When it is said to end, in seconds of the epoch; 0 for never. */
  readonly expiry: number;
};

export type KeywhizStored = { readonly value: Secret; readonly detail: Detail };

/** The automation API, its answers checked for their form. */
export type Automation = ReturnType<typeof automation>;

export function automation(client: KeywhizClient, url: string) {
  return { ...secretReader(client, url), ...secretWriter(client, url) };
}

const isMissing = (answer: KeywhizResponse, url: string): boolean => answer.status === 404 && isKeywhiz(answer, url);

function secretReader(client: KeywhizClient, url: string) {
  const detail = async (name: string): Promise<Detail | null> => {
    const answer = await client.call("GET", pathOf(name), { expect: [404] });
    if (isMissing(answer, url)) return null;
    const found = detailOf(answer.body, url);
    if (found.name !== name) throw otherSpelling(name, found.name);
    return found;
  };

  /** The values of these names; missing ones are left out. */
  const contents = async (names: readonly string[]): Promise<ReadonlyMap<string, Secret>> => {
    const request = { json: { secrets: names }, reads: true };
    const { body } = await client.call("POST", `${SECRETS}/request/contents`, request);
    const { successSecrets: found, missingSecrets: none } = (body ?? {}) as { [key: string]: unknown };
    if (typeof found !== "object" || found === null || !Array.isArray(none)) throw strangeAnswer(url, "contents");
    return new Map(Object.entries(found).map(([name, text]) => [name, valueOf(text, url)]));
  };

  return {
    detail,
    contents,
    /** Value and version, which may be from different moments if another writer is active. */
    async read(name: string): Promise<KeywhizStored | null> {
      const [values, found] = await Promise.all([contents([name]), detail(name)]);
      const value = values.get(name);
      return value === undefined || found === null ? null : { value, detail: found };
    },
    /** Value and version of one moment. Throws `conflict` if others do not stop writing. */
    async settled(name: string): Promise<KeywhizStored | null> {
      for (let left = 5; left > 0; left--) {
        const before = await detail(name);
        if (before === null) return null;
        const value = (await contents([name])).get(name);
        const after = await detail(name);
        if (value !== undefined && before.version === after?.version) return { value, detail: after };
      }
      throw new UnsprawlError(
        "conflict",
        `other writers keep changing ${name} in Keywhiz`,
        "try again when they are done",
      );
    },
    /** Every version that Keywhiz keeps, newest second first; none for a missing secret. */
    async versions(name: string): Promise<readonly Detail[]> {
      const path = `${pathOf(name)}/versions?versionIdx=0&numVersions=${ALL_VERSIONS}`;
      const answer = await client.call("GET", path, { expect: [404] });
      if (isMissing(answer, url)) return [];
      if (!Array.isArray(answer.body)) throw strangeAnswer(url, "versions");
      return answer.body.map((one: unknown) => detailOf(one, url));
    },
    /** The names of all secrets, in one answer: pages would be cut between secrets of the same second in any order. */
    names: async (): Promise<readonly string[]> => texts((await client.call("GET", SECRETS)).body, url),
    /** Answers only clients that may use this API. */
    async listGroups(): Promise<void> {
      texts((await client.call("GET", GROUPS)).body, url);
    },
  };
}

function secretWriter(client: KeywhizClient, url: string) {
  return {
    /** Makes an earlier version the current one again. */
    async setVersion(name: string, version: string): Promise<void> {
      await client.call("POST", `${pathOf(name)}/setversion`, { json: { name, version: exact(version, url) } });
    },
    /** Makes the group unless there is one. */
    async ensureGroup(name: string): Promise<void> {
      const there = await client.call("GET", `${GROUPS}/${encodeURIComponent(name)}`, { expect: [404] });
      if (!isMissing(there, url)) return;
      const json = { name, description: "made by unsprawl", metadata: {}, owner: "" };
      // A lost response, or another writer was faster: the result is checked when the secret is granted.
      await client.write("POST", GROUPS, { json, expect: [409] });
    },
    /** Grants a secret to these groups; returns those that it is not granted to: no such group, or no such secret. */
    async grant(name: string, groups: readonly string[]): Promise<readonly string[]> {
      const path = `${pathOf(name)}/groups`;
      const lacking = (has: readonly string[]): readonly string[] => {
        const folded = new Set(has.map((one) => one.toLowerCase()));
        return groups.filter((one) => !folded.has(one.toLowerCase()));
      };
      if (groups.length === 0) return [];
      const there = await client.call("GET", path, { expect: [404] });
      if (isMissing(there, url)) return groups;
      const missed = lacking(texts(there.body, url));
      if (missed.length === 0) return [];
      const json = { addGroups: missed, removeGroups: [] };
      // Adding twice is adding once, so a lost response is no reason to check first.
      const answer = await client.call("PUT", path, { json, reads: true, expect: [404] });
      return isMissing(answer, url) ? groups : lacking(texts(answer.body, url));
    },
  };
}

export function pathOf(name: string): string {
  return `${SECRETS}/${encodeURIComponent(name)}`;
}

/** Throws `malformed` for a 404 that is not from Keywhiz: another server's says nothing about a secret. */
export function isKeywhiz({ status, body }: KeywhizResponse, url: string): true {
  const { code } = (body ?? {}) as { code?: unknown };
  if (code === status) return true;
  throw strangeAnswer(url, String(status));
}

/** Decodes a value from base64. Throws `malformed`. */
export function valueOf(text: unknown, url: string): Secret {
  if (typeof text !== "string" || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw strangeAnswer(url, "content");
  return Secret.of(Buffer.from(text, "base64"));
}

function detailOf(body: unknown, url: string): Detail {
  const { name, version, checksum, description, metadata, expiry } = (body ?? {}) as { [key: string]: unknown };
  const id = typeof version === "number" ? String(version) : version;
  if (typeof name !== "string" || typeof id !== "string" || typeof checksum !== "string")
    throw strangeAnswer(url, "secret");
  return {
    ...{ name, version: id, checksum, description: typeof description === "string" ? description : "" },
    metadata: typeof metadata === "object" && metadata !== null ? (metadata as Detail["metadata"]) : {},
    expiry: typeof expiry === "number" ? expiry : 0,
  };
}

function texts(body: unknown, url: string): readonly string[] {
  if (Array.isArray(body) && body.every((one): one is string => typeof one === "string")) return body;
  throw strangeAnswer(url, "list");
}

// In Node 22 and later; not yet in TypeScript's library.
const withSource = JSON as unknown as { rawJSON(this: void, text: string): unknown };

/** A 64-bit number as JSON writes it. */
function exact(version: string, url: string): unknown {
  if (/^-?\d{1,19}$/.test(version)) return withSource.rawJSON(version);
  throw strangeAnswer(url, "version");
}
