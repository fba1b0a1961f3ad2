import { UnsprawlError } from "../../src/model/error.ts";
import type { StoreKey } from "../../src/model/plan.ts";
import { versionOf } from "../../src/stores-kit/check-and-set.ts";
import { versionAsker } from "../../src/stores-kit/versions.ts";
import { isKeywhiz, valueOf } from "./api.ts";
import type { KeywhizClient } from "./client.ts";
import { otherSpelling, strangeAnswer } from "./errors.ts";
import { isText, type KeywhizSecrets } from "./secrets.ts";

const TOGETHER_MS = 250;

/** Secrets as delivered to this certificate's client: what its groups have; nothing is written. */
export function deliveredSecrets(client: KeywhizClient, url: string): KeywhizSecrets {
  const get: KeywhizSecrets["get"] = async ({ path: name }) => {
    // 404 says that there is no such secret; 403 that it is there and not granted.
    const answer = await client.call("GET", `/secret/${encodeURIComponent(name)}`, { expect: [404] });
    if (answer.status === 404 && isKeywhiz(answer, url)) return null;
    const { name: there, secret, checksum } = (answer.body ?? {}) as { [key: string]: unknown };
    if (typeof there !== "string" || typeof checksum !== "string") throw strangeAnswer(url, "secret");
    if (there !== name) throw otherSpelling(name, there);
    const value = valueOf(secret, url);
    return { value, version: versionOf(checksum, value) };
  };
  const readOnly = async (): Promise<never> => {
    throw new UnsprawlError(
      "denied",
      "the store is opened for reading only (delivery: client)",
      "to write, leave delivery out and name the certificate of an automation client (automationAllowed)",
    );
  };
  let listed: { readonly checksums: ReturnType<typeof deliveredChecksums>; readonly until: number } | null = null;
  /** One list has this for all secrets: further questions are answered from the same list. */
  const checksums = (): ReturnType<typeof deliveredChecksums> => {
    if (listed === null || Date.now() > listed.until) {
      listed = { checksums: deliveredChecksums(client, url), until: Date.now() + TOGETHER_MS };
      listed.checksums.catch(() => (listed = null));
    }
    return listed.checksums;
  };
  return {
    get,
    version: versionAsker(async (path) => (await checksums()).get(path) ?? null),
    put: readOnly,
    remove: readOnly,
    async list(what) {
      const names = (await deliveredNames(client, url)).filter((name) => name.startsWith(what)).sort();
      const keys: StoreKey[] = [];
      for (const path of names) {
        const key = { path, field: "" };
        if (isText((await get(key))?.value)) keys.push(key);
      }
      return keys;
    },
  };
}

/** The names of everything that is delivered to this client. Creates the client in Keywhiz if it is unknown. */
export async function deliveredNames(client: KeywhizClient, url: string): Promise<readonly string[]> {
  return [...(await deliveredChecksums(client, url)).keys()];
}

/** The same with what differs for other values. */
async function deliveredChecksums(client: KeywhizClient, url: string): Promise<ReadonlyMap<string, string>> {
  const { body } = await client.call("GET", "/secrets");
  if (!Array.isArray(body)) throw strangeAnswer(url, "list");
  return new Map(
    body.map((one: unknown) => {
      const { name, checksum } = (one ?? {}) as { name?: unknown; checksum?: unknown };
      if (typeof name !== "string" || typeof checksum !== "string") throw strangeAnswer(url, "list");
      return [name, checksum];
    }),
  );
}
