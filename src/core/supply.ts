import type { Provider } from "../contract/provider.ts";
import { cmd } from "../kit/shell.ts";
import { OLDER_VALUE, type DatedValue, type HandedOut } from "./handed-out.ts";
import { renderCommand } from "./render-command.ts";
import { mustBeOwnValue, type KnownRuns } from "./journal/taken-over.ts";
import type { UnitOwner } from "./journal/uses.ts";
import { UnsprawlError } from "../model/error.ts";
import type { Consumer, SuppliedValue } from "../model/consumer.ts";
import type { StoreKey, StoreTarget } from "../model/plan.ts";
import type { Secret } from "../model/secret.ts";

/** What became of one consumer: the names of the values that were written, or why none was. */
export type Supplied = {
  readonly consumer: Consumer;
  readonly changed: readonly string[];
  readonly error: UnsprawlError | null;
};

export type SupplyTools = {
  /** A configured store, or a provider with its ecosystem's environment. Throws `usage` or `config` when there is none. */
  readonly store: (name: string) => Promise<Provider>;
  /** The store of these settings, opened with this process's credentials. */
  readonly storeOf: (target: StoreTarget) => Promise<Provider>;
  /** The values of references through all stores that are set up here; null for one that no store is for. */
  readonly resolve: (references: readonly string[]) => Promise<ReadonlyMap<string, Secret | null>>;
  /** Stores to look in, in this order, for a reference whose store is not known; absent to leave it to `resolve`. */
  readonly names?: () => Promise<readonly string[]>;
  /** The configured stores: one of them comes before a store that a run configuration brings along. */
  readonly configured?: () => Promise<readonly string[]>;
  readonly know: (value: Secret) => void;
  /** The runs of this host: a value that another unit put in the place of a consumer's one is not written. */
  readonly known: () => KnownRuns;
  /** What this host handed out before: an older value than that is not written. Absent where nothing is remembered. */
  readonly handedOut?: HandedOut;
  /** Puts a consumer's files in place and returns the names of the values that were other ones. */
  readonly write: (consumer: Consumer, values: ReadonlyMap<string, Secret>) => readonly string[];
};

/** What leads from a reference to its store. */
export type PlaceTools = Pick<SupplyTools, "store" | "storeOf" | "names" | "configured">;

/**
 * Writes the files of these consumers from their stores, each store opened once. One consumer that fails keeps no other
 * from its files; what it had stays. Throws nothing of a consumer's.
 */
export async function supplyAll(consumers: readonly Consumer[], tools: SupplyTools): Promise<Supplied[]> {
  const opened = new Map<string, Promise<Provider | null>>();
  const supplied: Supplied[] = [];
  for (const consumer of consumers) {
    try {
      const given = await valuesOf(consumer, tools, opened);
      const values = new Map(given.map(({ name, value }) => [name, value]));
      const changed = tools.write(consumer, values);
      await tools.handedOut?.record(given);
      supplied.push({ consumer, changed, error: null });
    } catch (error) {
      if (!(error instanceof UnsprawlError) || error.code === "interrupted") throw error;
      supplied.push({ consumer, changed: [], error });
    }
  }
  return supplied;
}

/** A consumer's values from the store. Throws `absent`, or what the store throws. */
async function valuesOf(
  consumer: Consumer,
  tools: SupplyTools,
  opened = new Map<string, Promise<Provider | null>>(),
): Promise<readonly DatedValue[]> {
  const values: DatedValue[] = [];
  let known: KnownRuns | null = null;
  for (const one of consumer.values) {
    const { name, reference } = one;
    const place = await supplyKey(one, consumer, tools, opened);
    const stored = place === null ? null : await place.provider.get(place.key);
    const value = stored?.value ?? (one.store === null || place === null ? await resolved(reference, tools) : null);
    if (value === null)
      throw new UnsprawlError("absent", `nothing is stored at ${reference}`, "put it back, then render again");
    tools.know(value);
    known ??= tools.known();
    const written = stored?.written;
    const given = { name, reference, store: place?.provider.target ?? null, value, ...(written && { written }) };
    const owners = ownersOf(consumer);
    for (const own of owners) mustBeOwnValue(given, own, known);
    tools.handedOut?.mustBeNewer(given, owners, known, `${renderCommand(consumer)} --accept ${OLDER_VALUE}`);
    values.push(given);
  }
  return values;
}

/** The store that a value was moved into, and its key there; null where the reference alone must lead to it. */
export async function supplyKey(
  { reference, store }: SuppliedValue,
  consumer: Consumer,
  tools: PlaceTools,
  opened = new Map<string, Promise<Provider | null>>(),
): Promise<StorePlace | null> {
  const among = async (names: readonly string[]): Promise<StorePlace | null> => {
    for (const name of names) {
      const provider = await open(name, consumer, tools, opened);
      const key = provider?.parse(reference) ?? null;
      if (provider !== null && key !== null) return { provider, key };
    }
    return null;
  };
  const found = await among(store === null ? ((await tools.names?.()) ?? []) : [store]);
  if (found !== null || store !== null) return found;
  // A store's file that comes along with the run configuration needs no setting here.
  for (const target of consumer.stores) {
    const provider = await tools.storeOf(target);
    const key = provider.parse(reference);
    if (key !== null) return (await among((await tools.configured?.()) ?? [])) ?? { provider, key };
  }
  return null;
}

type StorePlace = { readonly provider: Provider; readonly key: StoreKey };

/** What the unit of a consumer may be called: the consumer itself (`web`), or its project (`kind/shop` of `kind:shop/db`). */
function ownersOf({ id }: Consumer): readonly UnitOwner[] {
  const [, kind = "", what = id] = /^([a-z-]+):(.*)$/s.exec(id) ?? [];
  const units = [what, `${kind}/${what.slice(0, Math.max(0, what.lastIndexOf("/")))}`];
  return units.map((unit) => ({ unit, engine: null }));
}

async function resolved(reference: string, { resolve }: SupplyTools): Promise<Secret> {
  const value = (await resolve([reference])).get(reference) ?? null;
  if (value !== null) return value;
  throw new UnsprawlError(
    "config",
    `no store is set up here for ${reference.slice(0, reference.indexOf(":"))}`,
    cmd`add it to unsprawl.yaml, or set the store's environment; unsprawl stores lists them`,
  );
}

/** The store of this name: as it is configured here, else as the migration knew it; null when neither leads to one. */
function open(
  name: string,
  { stores }: Consumer,
  tools: PlaceTools,
  opened: Map<string, Promise<Provider | null>>,
): Promise<Provider | null> {
  const target = stores.find((one) => one.name === name);
  const id = JSON.stringify(target ?? name);
  const opening = opened.get(id) ?? (target ? tools.storeOf(target) : named(name, tools));
  opened.set(id, opening);
  return opening;
}

async function named(name: string, { store }: PlaceTools): Promise<Provider | null> {
  try {
    return await store(name);
  } catch (error) {
    // It was called otherwise where the value was moved: the reference says enough.
    if (error instanceof UnsprawlError && (error.code === "usage" || error.code === "config")) return null;
    throw error;
  }
}
