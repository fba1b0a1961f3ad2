import { UnsprawlError } from "../model/error.ts";
import type { StoreKey } from "../model/plan.ts";

/** How long a path is not asked for again whose versions this credential may not see. */
const REFUSED_MS = 10 * 60_000;

/**
 * `version` of a provider by `ask`, which returns what identifies the present state of a path, or null for an absent
 * one. A credential may be allowed to read values only: the result is null then, and for a while nothing is asked.
 */
export function versionAsker(
  ask: (path: string) => Promise<string | null>,
  now: () => number = Date.now,
): (key: StoreKey) => Promise<string | null> {
  const refused = new Map<string, number>();
  return async ({ path }) => {
    if (now() < (refused.get(path) ?? 0)) return null;
    refused.delete(path);
    try {
      return await ask(path);
    } catch (error) {
      if (!(error instanceof UnsprawlError) || error.code !== "denied") throw error;
      refused.set(path, now() + REFUSED_MS);
      return null;
    }
  };
}
