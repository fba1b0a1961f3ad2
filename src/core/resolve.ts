import pMap from "p-map";
import type { Provider } from "../contract/provider.ts";
import { cmd } from "../kit/shell.ts";
import { UnsprawlError } from "../model/error.ts";
import type { Secret } from "../model/secret.ts";

const AT_ONCE = 8;

/**
 * Resolves references through the stores with these names, in order of precedence. Opens each store once (one login for
 * any number of references) and fetches each reference once; caches nothing beyond this call. The first store that has
 * the value wins. Null for a reference that no store handles. If no store has it, throws the first store's error:
 * `absent` or `denied`.
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

/** Treats `denied` as a miss: another store of the same kind may be the right one. */
function deniedOnly(error: unknown): UnsprawlError {
  if (error instanceof UnsprawlError && error.code === "denied") return error;
  throw error;
}

/** Null for a store that is not configured: a reference cannot mean that one. */
async function openIfSetUp(name: string, open: (name: string) => Promise<Provider>): Promise<Provider | null> {
  try {
    return await open(name);
  } catch (error) {
    if (error instanceof UnsprawlError && error.code === "config") return null;
    throw error;
  }
}
