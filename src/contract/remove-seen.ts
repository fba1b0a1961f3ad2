import { setTimeout as sleep } from "node:timers/promises";
import { cmd } from "../kit/shell.ts";
import { UnsprawlError } from "../model/error.ts";
import type { StoreKey } from "../model/plan.ts";
import type { Secret } from "../model/secret.ts";
import type { Provider } from "./provider.ts";

/**
 * Removes a value, and looks afterwards: what a store says of a removal is not proof. Throws `failed` if the value is still
 * there; a moment is allowed to a store whose answers lag.
 */
export async function removeSeen(
  store: Provider,
  key: StoreKey,
  matches: (value: Secret) => boolean,
  created = false,
): Promise<boolean> {
  const isRemoved = await store.remove(key, matches, created);
  for (const waitMs of LOOKS_MS) {
    const stored = await store.get(key);
    if (stored === null || !matches(stored.value)) return isRemoved;
    await sleep(waitMs);
  }
  throw new UnsprawlError(
    "failed",
    `the store ${store.target.name} said that ${store.reference(key)} was removed, and still has it`,
    cmd`unsprawl stores check ${store.target.name}`,
  );
}

const LOOKS_MS = [100, 400, 1000, 2000];
