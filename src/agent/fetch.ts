import { lstatSync } from "node:fs";
import { join } from "node:path";
import { supplyAll, supplyKey, type SupplyTools } from "../core/supply.ts";
import type { Supplies } from "../contract/supplies.ts";
import { pauseMs } from "../kit/net/backoff.ts";
import type { Consumer } from "../model/consumer.ts";
import { subjectFault, UnsprawlError } from "../model/error.ts";
import { keyedDigest, type FingerprintKey } from "../model/fingerprint.ts";
import type { Secret } from "../model/secret.ts";
import type { ValueDigests } from "./record.ts";
import type { AgentTools, ServedConsumer } from "./tools.ts";

const PAUSES = { firstMs: 1000, longestMs: 5000 };
/** A store with these errors is away: nothing else is asked of it until the pause is over. */
const AWAY: readonly string[] = ["unreachable", "throttled"];

/** Recognises the value of a digest. */
export const hasDigest =
  (digest: string | undefined, key: FingerprintKey) =>
  (found: Secret): boolean =>
    keyedDigest(found.expose(), key) === digest;

/** What a consumer has now, and which files were other ones before; `replaced` were there with other bytes. */
export type Fetched = {
  readonly served: ServedConsumer;
  readonly digests: ValueDigests;
  readonly changed: readonly string[];
  readonly replaced: readonly string[];
};

export type Fetcher = {
  /**
   * Asks the stores of these consumers, each store separately, and returns the consumers that may have something new.
   * Leaves out those whose turn it is not.
   */
  poll(
    all: readonly ServedConsumer[],
    got: (fetched: Fetched) => Promise<void>,
    isTurn?: (served: ServedConsumer) => boolean,
  ): Promise<void>;
  /** Whether every one of these has been supplied, the last time that it was tried. */
  isDone(all: readonly ServedConsumer[]): boolean;
};

/** Consumers of the same stores: one store that is down keeps no other lane waiting. */
type StoreLane = {
  readonly stores: string;
  isAway: boolean;
  failures: number;
  nextAt: number;
  busy: Promise<void> | null;
};

/**
 * Keeps what the stores said last: a version of each path where the store has them, so that an unchanged path costs one
 * small request and no value; otherwise digests of values.
 */
export function fetcher(tools: AgentTools): Fetcher {
  return new StoreFetcher(tools);
}

class StoreFetcher implements Fetcher {
  readonly #tools: AgentTools;
  readonly #stores: Omit<SupplyTools, "write">;
  readonly #lanes = new Map<string, StoreLane>();
  readonly #seen = new Map<string, string>();
  readonly #failing = new Map<string, string>();
  readonly #done = new Set<string>();

  constructor(tools: AgentTools) {
    this.#tools = tools;
    this.#stores = remembered(tools.stores);
  }

  async poll(
    all: readonly ServedConsumer[],
    got: (fetched: Fetched) => Promise<void>,
    isTurn: (served: ServedConsumer) => boolean = () => true,
  ): Promise<void> {
    const byLane = Map.groupBy(all.filter(isTurn), laneOf);
    const keys = new Set(all.map(({ key }) => key));
    for (const kept of [this.#seen, this.#failing, this.#done])
      for (const key of kept.keys()) if (!keys.has(key)) kept.delete(key);
    const polls = [...byLane].map(([name, members]) => {
      const lane = this.#lanes.get(name) ?? {
        ...{ stores: storesOf(members), isAway: false, failures: 0, nextAt: 0, busy: null },
      };
      this.#lanes.set(name, lane);
      if (Date.now() < lane.nextAt) return Promise.resolve();
      return (lane.busy ??= this.#pollLane(lane, members, got).finally(() => (lane.busy = null)));
    });
    await Promise.all(polls);
    this.#tools.forget();
  }

  isDone(all: readonly ServedConsumer[]): boolean {
    return all.every(({ key }) => this.#done.has(key) && !this.#failing.has(key));
  }

  async #pollLane(
    lane: StoreLane,
    all: readonly ServedConsumer[],
    got: (fetched: Fetched) => Promise<void>,
  ): Promise<void> {
    const { told } = this.#tools;
    const versions = new Map<string, Promise<string | null>>();
    for (const served of all) {
      const error = await this.#serve(served, versions, got);
      if (error !== null && isAway(error)) {
        lane.nextAt = Date.now() + pauseMs(++lane.failures, PAUSES);
        // Without a word: what is wrong is said of the store.
        for (const other of all) if (!this.#failing.has(other.key)) this.#failing.set(other.key, "");
        if (!lane.isAway) told({ kind: "failed", what: lane.stores, error, store: true });
        lane.isAway = true;
        return;
      }
      if (lane.isAway) told({ kind: "recovered", what: lane.stores, store: true });
      lane.isAway = false;
    }
    lane.failures = 0;
  }

  async #serve(
    served: ServedConsumer,
    versions: Map<string, Promise<string | null>>,
    got: (fetched: Fetched) => Promise<void>,
  ): Promise<UnsprawlError | null> {
    const { consumer, key } = served;
    try {
      const version = await versionOf(served, this.#stores, versions);
      const isSame = version !== null && this.#seen.get(key) === version && inPlace(served);
      if (!isSame) {
        await got(await fetch(served, this.#tools, this.#stores));
        this.#done.add(key);
        if (version === null) this.#seen.delete(key);
        else this.#seen.set(key, version);
      }
      if (this.#failing.get(key)) this.#tools.told({ kind: "recovered", what: consumer.id });
      this.#failing.delete(key);
      return null;
    } catch (error) {
      const fault = subjectFault(error);
      if (isAway(fault)) return fault;
      // Said once, not at each poll.
      if (this.#failing.get(key) !== fault.message)
        this.#tools.told({ kind: "failed", what: consumer.id, error: fault });
      this.#failing.set(key, fault.message);
      return fault;
    }
  }
}

function isAway({ code }: UnsprawlError): boolean {
  return AWAY.includes(code);
}

/** For messages. */
function storesOf(members: readonly ServedConsumer[]): string {
  const values = members.flatMap(({ consumer }) => consumer.values);
  const names = new Set(values.map(({ store, reference }) => store ?? reference.slice(0, reference.indexOf(":"))));
  return `the store ${[...names].sort().join(", ")}`;
}

function laneOf({ consumer }: ServedConsumer): string {
  const names = consumer.values.map(({ store, reference }) => {
    const target = consumer.stores.find(({ name }) => name === store);
    return JSON.stringify(target ?? store ?? reference.slice(0, reference.indexOf(":")));
  });
  return [...new Set(names)].sort().join(" ");
}

/** The stores as they were opened before, with their logins; one that could not be opened is tried again. */
function remembered({ store, storeOf, ...others }: AgentTools["stores"]): Omit<SupplyTools, "write"> {
  const opened = new Map<string, ReturnType<typeof store>>();
  const keep = (id: string, open: () => ReturnType<typeof store>): ReturnType<typeof store> => {
    const opening = opened.get(id) ?? open();
    opened.set(id, opening);
    opening.catch(() => opened.delete(id));
    return opening;
  };
  return {
    ...others,
    store: (name) => keep(JSON.stringify(name), () => store(name)),
    storeOf: (target) => keep(JSON.stringify(target), () => storeOf(target)),
  };
}

/** What the stores say of the paths of a consumer; null where one of them cannot say without handing out the value. */
async function versionOf(
  { consumer }: ServedConsumer,
  stores: Omit<SupplyTools, "write">,
  versions: Map<string, Promise<string | null>>,
): Promise<string | null> {
  const found: string[] = [];
  for (const value of consumer.values) {
    const place = await supplyKey(value, consumer, stores);
    if (place === null || place.provider.version === undefined) return null;
    const { provider, key } = place;
    const id = JSON.stringify([provider.target, key.path]);
    const asking = versions.get(id) ?? provider.version?.(key);
    if (asking === undefined) return null;
    versions.set(id, asking);
    const version = await asking;
    if (version === null) return null;
    found.push(`${id} ${key.field} ${version}`);
  }
  return found.join("\n");
}

/** Whether each file is there: a folder on tmpfs can be emptied. */
function inPlace({ consumer, files }: ServedConsumer): boolean {
  if (!files) return true;
  return consumer.values.every(
    ({ name }) => lstatSync(join(consumer.folder, name), { throwIfNoEntry: false })?.isFile() === true,
  );
}

/** The values from their stores, written where there are files. Throws what the stores throw. */
async function fetch(served: ServedConsumer, tools: AgentTools, stores: Omit<SupplyTools, "write">): Promise<Fetched> {
  const { consumer, files } = served;
  const { supplies, key } = tools;
  let digests: ValueDigests = {};
  let replaced: readonly string[] = [];
  const [supplied] = await supplyAll([consumer], {
    ...stores,
    write(_consumer, values) {
      digests = Object.fromEntries([...values].map(([name, value]) => [name, keyedDigest(value.expose(), key)]));
      if (!files) return [];
      const isThere = ({ name }: { readonly name: string }): boolean => supplies.read(consumer.folder, name) !== null;
      const missing = consumer.values.filter((one) => !isThere(one)).map(({ name }) => name);
      const written = supplies.write(consumer, values);
      const gone = takeBack(consumer, missing, supplies);
      const changed = written.filter((name) => !gone.includes(name));
      replaced = changed.filter((name) => !missing.includes(name));
      return changed;
    },
  });
  if (supplied === undefined || supplied.error !== null)
    throw supplied?.error ?? new UnsprawlError("failed", `${consumer.id} was not supplied`);
  return { served, digests, changed: supplied.changed, replaced };
}

/**
 * A rollback that took values back while they were on their way here did not meet their files: those that were not there
 * before, and that the index no longer has, go again. Returns their names. Files that were there stay, since an index can
 * be lost.
 */
function takeBack({ folder }: Consumer, missing: readonly string[], supplies: Supplies): readonly string[] {
  if (missing.length === 0) return [];
  const entry = supplies.index.read().find((one) => one.folder === folder);
  const gone = missing.filter((name) => entry?.values.some((one) => one.name === name) !== true);
  if (gone.length > 0) supplies.remove(folder, gone);
  return gone;
}
