import pMap from "p-map";
import type { Provider } from "../contract/provider.ts";
import { cmd } from "../kit/shell.ts";
import { UnsprawlError } from "../model/error.ts";
import type { Secret } from "../model/secret.ts";

const AT_ONCE = 8;

/**
 * The values of references through the stores of these names, in this order of precedence. Each store is opened once
 * (one login however many references) and each reference fetched once; nothing is kept beyond this call. Null for a
 * reference that no store is for. The first store that has it counts. Throws what the first one says when none has it:
 * `absent`, or `denied`.
 */
export async function resolveReferences(
  references: readonly string[],
  stores: readonly string[],
  open: (name: string) => Promise<Provider>,
): Promise<ReadonlyMap<string, Secret | null>> {
  const opened = new Map<string, Promise<Provider | null>>();
  const provider = (name: string): Promise<Provider | null> => {
    let opening = opened.get(name);
    if (opening === undefined) opened.set(name, (opening = openIfSetUp(name, open)));
    return opening;
  };
  const resolve = async (reference: string): Promise<readonly [string, Secret | null]> => {
    let failure: UnsprawlError | null = null;
    for (const name of stores) {
      const store = await provider(name);
      const key = store?.parse(reference) ?? null;
      if (store === null || key === null) continue;
      const found = await store.get(key).catch(deniedOnly);
      if (found !== null && !(found instanceof UnsprawlError)) return [reference, found.value];
      failure ??=
        found ?? new UnsprawlError("absent", `nothing is stored at ${reference}`, cmd`unsprawl stores check ${name}`);
    }
    if (failure !== null) throw failure;
    return [reference, null];
  };
  return new Map(await pMap([...new Set(references)], resolve, { concurrency: AT_ONCE }));
}

/** Another store of the same kind may be the one that is meant. */
function deniedOnly(error: unknown): UnsprawlError {
  if (error instanceof UnsprawlError && error.code === "denied") return error;
  throw error;
}

/** A store that is not set up here cannot be the one that a reference means. */
async function openIfSetUp(name: string, open: (name: string) => Promise<Provider>): Promise<Provider | null> {
  try {
    return await open(name);
  } catch (error) {
    if (error instanceof UnsprawlError && error.code === "config") return null;
    throw error;
  }
}
