import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Origin, Provider, Stored } from "../../src/contract/provider.ts";
import { cmd } from "../../src/kit/shell.ts";
import type { BesideValue } from "../../src/model/beside.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { storeKeyText, type StoreKey } from "../../src/model/plan.ts";
import { checkMatch, checkReplace, versionOf } from "../../src/stores-kit/check-and-set.ts";
import type { Secret } from "../../src/model/secret.ts";
import { fieldOf } from "../../src/stores-kit/field.ts";
import { storableText } from "../../src/stores-kit/storable.ts";
import { versionAsker } from "../../src/stores-kit/versions.ts";
import { GcpFailure } from "./answer.ts";
import type { GcpHead, GcpSecretApi, GcpVersion } from "./api.ts";
import { claimOf, claimText, isHeld } from "./claim.ts";
import { secretName } from "./names.ts";

export type GcpSecrets = Pick<Provider, "get" | "put" | "remove" | "list"> & {
  version: NonNullable<Provider["version"]>;
  earlier: NonNullable<Provider["earlier"]>;
  beside: NonNullable<Provider["beside"]>;
};

/** In bytes (SecretPayload, data). An empty one is refused. */
const ROOM = { what: "a secret of Secret Manager", most: 65_536, empty: false };
/** How many earlier versions are read. */
const EARLIER = 10;
const POLL_MS = 250;
/** How long writers wait for each other. */
const PATIENCE_MS = 60_000;
const WRITES = 4;
const LONGEST_MS = 3000;

/**
 * The values. The service has no conditional write of a version, so a writer first claims the next number in the
 * secret's annotations, with its etag as the condition (`claim.ts`). The number that it then gets proves that nobody
 * else wrote: not a writer without claims either.
 */
export function gcpSecrets(api: GcpSecretApi, store: string, projectId: string): GcpSecrets {
  return new VersionedSecrets(api, store, projectId);
}

class VersionedSecrets implements GcpSecrets {
  readonly #api: GcpSecretApi;
  readonly #store: string;
  readonly #projectId: string;
  /** The versions that this process wrote: `latest` may lag behind, and a number does not. */
  readonly #written = new Map<string, number>();
  /** What the last listing showed of each secret besides its value: one by one it would be a request more for each. */
  #listed: ReadonlyMap<string, BesideValue> = new Map();

  constructor(api: GcpSecretApi, store: string, projectId: string) {
    this.#api = api;
    this.#store = store;
    this.#projectId = projectId;
  }

  readonly version: GcpSecrets["version"] = versionAsker((path) =>
    this.#api.state(secretName({ path, field: "" }).name),
  );

  readonly get: GcpSecrets["get"] = async (key) => {
    const { name, version } = secretName(key);
    const found = version === null ? await this.#latest(name) : await this.#api.access(name, version);
    const stored = found === null ? null : storedAt(found, await fieldOf(found.value, key));
    const beside = this.#listed.get(name);
    return stored === null || beside === undefined ? stored : { ...stored, beside };
  };

  readonly beside: GcpSecrets["beside"] = async (key) => (await this.#api.head(secretName(key).name))?.beside ?? null;

  readonly earlier: GcpSecrets["earlier"] = async (key, matches) => {
    const { name } = secretName(key);
    const current = (await this.#latest(name))?.number ?? 0;
    for (let older = current - 1; older > 0 && older >= current - EARLIER; older--) {
      const found = await this.#api.access(name, String(older)).catch(unreadable);
      const value = found === null ? null : await fieldOf(found.value, key);
      if (value !== null && matches(value)) return value;
    }
    return null;
  };

  readonly put: GcpSecrets["put"] = async (key, value, replace, origin, { labels } = {}) => {
    const name = writable(key);
    const text = storableText(value, ROOM);
    const mark = randomUUID();
    const look = async (head: GcpHead | null): Promise<Turn<{ version: string }>> => {
      const there = head === null ? null : await this.#newest(name);
      checkReplace(there === null ? null : storedAt(there, there.value), replace, key, this.#store);
      return {
        next: (there?.number ?? 0) + 1,
        act: async (next) => {
          const number = await this.#add(name, next, value, text);
          this.#written.set(name, number);
          return { version: versionOf(String(number), value) };
        },
      };
    };
    return this.#inTurn(name, mark, origin, look, labels);
  };

  readonly remove: GcpSecrets["remove"] = async (key, matches) => {
    const name = writable(key);
    const origin = { runId: "remove", subject: "" };
    return this.#inTurn(name, randomUUID(), origin, async (head) => {
      const there = head === null ? null : await this.#newest(name);
      // One of ours without a version is what a killed writer left.
      if (head === null || (there === null && !head.ours)) return { result: false };
      if (there !== null) {
        checkMatch(there.value, matches, key, this.#store);
        if (!head.ours) throw this.#foreign(key, name);
      }
      const number = there?.number ?? 0;
      return {
        next: number + 1,
        act: async (_next, claimed) => {
          const since = (await this.#newest(name))?.number ?? 0;
          if (since !== number || !(await this.#api.remove(name, claimed))) return null;
          this.#written.delete(name);
          return there !== null;
        },
      };
    });
  };

  readonly list: GcpSecrets["list"] = async (what) => {
    this.#listed = await this.#api.all();
    const names = [...this.#listed.keys()].filter((name) => name.startsWith(what)).sort();
    return names.map((path) => ({ path, field: "" }));
  };

  /**
   * Looks, claims the next number, and acts; looks again if another writer was faster or holds a claim. Creates a
   * secret that is absent, with the claim in it.
   */
  async #inTurn<T>(
    name: string,
    mark: string,
    { runId }: Origin,
    look: (head: GcpHead | null) => Promise<Turn<T>>,
    labels?: BesideValue["labels"],
  ): Promise<T> {
    for (const give = Date.now() + PATIENCE_MS; Date.now() < give;) {
      const head = await this.#api.head(name);
      const turn = await look(head);
      if ("result" in turn) return turn.result;
      const annotations = {
        "unsprawl-run": runId,
        "unsprawl-write": claimText(turn.next, mark, head?.at ?? 0),
      };
      if (head === null) {
        // Also after an answer that was lost: then the secret has our mark.
        await this.#api.create(name, annotations, labels);
        continue;
      }
      const claim = claimOf(head);
      const isOurs = claim?.mark === mark && claim.number === turn.next;
      if (!isOurs && isHeld(claim, turn.next, head)) {
        await sleep(POLL_MS);
        continue;
      }
      const claimed = isOurs ? head : await this.#api.annotate(name, head, annotations);
      const done = claimed === null ? null : await turn.act(turn.next, claimed);
      if (done !== null) return done;
    }
    throw new UnsprawlError("conflict", `other writers keep changing ${name} in ${this.#store}`, "try again later");
  }

  async #latest(name: string): Promise<GcpVersion | null> {
    const found = await this.#api.access(name, "latest");
    const written = this.#written.get(name) ?? 0;
    if ((found?.number ?? 0) >= written) return found;
    const own = await this.#api.access(name, String(written));
    // Somebody deleted it and made it again.
    if (own === null) this.#written.delete(name);
    return own ?? found;
  }

  /** As `#latest`, and also what others wrote a moment ago: a number is seen at once, `latest` later. */
  async #newest(name: string): Promise<GcpVersion | null> {
    let found = await this.#latest(name);
    for (;;) {
      const next = await this.#api.access(name, String((found?.number ?? 0) + 1));
      if (next === null) return found;
      found = next;
    }
  }

  async #add(name: string, next: number, value: Secret, text: string): Promise<number> {
    for (let tries = 1; ; tries++) {
      const number = await this.#api.add(name, text);
      if (!(number instanceof GcpFailure)) {
        if (number < next) throw this.#raced(name, next);
        // Sent twice, or somebody else wrote in between.
        for (let at = next; at < number; at++) await this.#mustBe(value, name, at);
        return number;
      }
      // Only the next number shows whether it was added.
      if (await this.#mustBe(value, name, next)) return next;
      if (tries >= WRITES) throw this.#api.failed(number, name);
      // However long the server asks for: the claim does not last longer.
      await sleep(Math.min(number.retryAfter ?? POLL_MS * tries, LONGEST_MS));
    }
  }

  /** Whether there is such a version. Throws `conflict` if it has another value. */
  async #mustBe(value: Secret, name: string, at: number): Promise<boolean> {
    const found = await this.#api.access(name, String(at));
    if (found !== null && !found.value.equals(value)) throw this.#raced(name, at);
    return found !== null;
  }

  #raced(name: string, at: number): UnsprawlError {
    return new UnsprawlError(
      "conflict",
      `another writer put version ${at} of ${name} into ${this.#store} at the same time; both values are there as versions`,
      cmd`gcloud secrets versions list ${name} --project ${this.#projectId}; then unsprawl plan again`,
    );
  }

  #foreign(key: StoreKey, name: string): UnsprawlError {
    return new UnsprawlError(
      "conflict",
      `unsprawl did not make ${storeKeyText(key)} in ${this.#store} and does not delete it`,
      cmd`gcloud secrets delete ${name} --project ${this.#projectId}`,
    );
  }
}

/** What was seen, and what to do once the next number is claimed; null from `act`: look again. */
type Turn<T> =
  | { readonly result: T }
  | {
      readonly next: number;
      readonly act: (next: number, claimed: GcpHead) => Promise<T | null>;
    };

function storedAt({ number }: GcpVersion, value: Secret | null): Stored | null {
  return value === null ? null : { value, version: versionOf(String(number), value) };
}

function writable(key: StoreKey): string {
  const { name, version } = secretName(key);
  if (version === null && key.field === "") return name;
  throw new UnsprawlError(
    "refused",
    version === null
      ? `unsprawl writes no fields within ${name}`
      : `${name} is pinned to a version, which nobody can change`,
    version === null ? "leave the field out of the reference" : "leave the version out",
  );
}

/** A version that is disabled or destroyed is not the one. */
function unreadable(error: unknown): null {
  if (error instanceof UnsprawlError && error.code === "denied") return null;
  throw error;
}
